"""Entry of the rule `train`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.files.checksums import check, write
    from tfscale.jobs import warm

    check(snakemake.input, snakemake.input.sums)
    line = warm.do(
        "tfscale.models.training:train_model",
        axes=snakemake.params.axes,
        arrays=snakemake.input.arrays,
        manifest=snakemake.input.manifest,
        training=snakemake.params.training,
        evaluation=snakemake.params.evaluation,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        outputs=dict(snakemake.output.items()),
    )
    write(snakemake.output, snakemake.output.sums)
    print(line, file=console)
