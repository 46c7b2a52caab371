"""Entry of the rule `measure`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.files.checksums import check
    from tfscale.timing.run import run

    check(snakemake.input, snakemake.input.sums)
    run(
        cell=snakemake.wildcards.cell,
        axes=snakemake.params.axes,
        place={"seed": snakemake.params.seed, "round": int(snakemake.wildcards.round)},
        protocol=snakemake.params.protocol,
        evaluation=snakemake.params.evaluation,
        inputs=dict(snakemake.input.items()),
        output=snakemake.output.run,
    )
