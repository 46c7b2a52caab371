"""Entry of the rule `fit`."""

from pathlib import Path

from tfscale.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.fitting import fit
    from tfscale.material import Plan

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
