"""Entry of the rule `floor`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.files.checksums import check, write
    from tfscale.timing.floor import time_floor

    check(snakemake.input, snakemake.input.sums)
    time_floor(
        shapes=snakemake.params.shapes,
        arrays=list(snakemake.input.arrays),
        protocol=snakemake.params.protocol,
        inputs=snakemake.params.inputs,
        floor=snakemake.output.floor,
        roofs=snakemake.output.roofs,
    )
    write(snakemake.output, snakemake.output.sums)
