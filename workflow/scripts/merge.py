"""Entry of the rule `merge`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.files.checksums import check, write
    from tfscale.tables.merge import merge

    check(snakemake.input, snakemake.input.sums)
    merge(
        runs=snakemake.input.runs,
        facts=snakemake.input.facts,
        floor=snakemake.input.floor,
        trained=snakemake.params.trained,
        evaluation=snakemake.params.evaluation,
        coverage=snakemake.params.coverage,
        node_class=snakemake.params.node_class,
        merged=snakemake.output.runs,
        cells=snakemake.output.cells,
        paper_tables=snakemake.output.paper,
        threads=snakemake.threads,
    )
    write(snakemake.output, snakemake.output.sums)
