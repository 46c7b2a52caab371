"""Entry of the rule `floor`."""

from tfscale.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale import job
    from tfscale.checksums import check, write

    check(snakemake.input, snakemake.input.sums)
    line = job.do(
        "tfscale.floor:time_floor",
        shapes=snakemake.params.shapes,
        arrays=list(snakemake.input.arrays),
        protocol=snakemake.params.protocol,
        inputs=snakemake.params.inputs,
        output=snakemake.output.floor,
    )
    print(line, file=console)
    line = job.do(
        "tfscale.floor:find_roofs",
        shapes=snakemake.params.shapes,
        output=snakemake.output.roofs,
    )
    print(line, file=console)
    write(snakemake.output, snakemake.output.sums)
