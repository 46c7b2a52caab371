"""Entry of the rule `fit`."""

from pathlib import Path

from tfscale.log import logged

with logged(snakemake.log[0]):
    from tfscale.fitting import fit

    fit(
        cells_path=snakemake.input.cells,
        visits_path=snakemake.input.visits,
        confidence=snakemake.params.confidence,
        folder=str(Path(snakemake.output.findings).parent),
    )
