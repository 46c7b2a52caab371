"""Entry of the rule `merge`."""

from tfscale.log import logged

with logged(snakemake.log[0]):
    from tfscale.merge import merge

    merge(
        runs=snakemake.input.runs,
        facts=snakemake.input.facts,
        trained=snakemake.params.trained,
        evaluation=snakemake.params.evaluation,
        confidence=snakemake.params.confidence,
        merged=snakemake.output.runs,
        cells=snakemake.output.cells,
        paper_tables=snakemake.output.paper,
    )
