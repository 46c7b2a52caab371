"""Entry of the rule `encode`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.data.encode import encode
    from tfscale.files.checksums import write

    encode(
        model=snakemake.wildcards.model,
        input_size=int(snakemake.wildcards.size),
        raw=list(snakemake.input.raw),
        seed=snakemake.params.seed,
        validation_share=snakemake.params.validation_share,
        arrays=snakemake.output.arrays,
        manifest=snakemake.output.manifest,
    )
    write(snakemake.output, snakemake.output.sums)
