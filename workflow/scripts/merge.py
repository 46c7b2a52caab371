"""Entry of the rule `merge`."""

from tfscale.log import logged

with logged(snakemake.log[0]):
    from tfscale.merge import merge

    merge(
        runs=snakemake.input.runs,
        sentinels=snakemake.input.sentinels,
        facts=snakemake.input.facts,
        floor=snakemake.input.floor,
        trained=snakemake.params.trained,
        evaluation=snakemake.params.evaluation,
        coverage=snakemake.params.coverage,
        node_class=snakemake.params.node_class,
        merged=snakemake.output.runs,
        visits=snakemake.output.visits,
        cells=snakemake.output.cells,
        paper_tables=snakemake.output.paper,
        threads=snakemake.threads,
    )
