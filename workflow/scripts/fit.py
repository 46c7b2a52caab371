"""Entry of the rule `fit`."""

from pathlib import Path

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.analysis.fit import fit
    from tfscale.analysis.material import Plan
    from tfscale.files.checksums import check, write

    check(snakemake.input, snakemake.input.sums)
    fit(
        cells_path=snakemake.input.cells,
        runs_path=snakemake.input.runs,
        roofs_path=snakemake.input.roofs,
        imports=snakemake.params.imports,
        coverage=snakemake.params.coverage,
        plan=Plan(**snakemake.params.plan),
        folder=str(Path(snakemake.output.findings).parent),
        progress=lambda line: print(line, file=console),
    )
    write(snakemake.output, snakemake.output.sums)
