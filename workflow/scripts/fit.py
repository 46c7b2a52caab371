"""Entry of the rule `fit`."""

from pathlib import Path

from tfscale.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.checksums import check, write
    from tfscale.fitting import fit
    from tfscale.material import Plan

    check(snakemake.input, snakemake.input.sums)
    fit(
        cells_path=snakemake.input.cells,
        visits_path=snakemake.input.visits,
        roofs_path=snakemake.input.roofs,
        imports=snakemake.params.imports,
        coverage=snakemake.params.coverage,
        plan=Plan(**snakemake.params.plan),
        folder=str(Path(snakemake.output.findings).parent),
        progress=lambda line: print(line, file=console),
    )
    write(snakemake.output, snakemake.output.sums)
