"""Entry of the rule `floor`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.files.checksums import check, write
    from tfscale.jobs import warm
    from tfscale.jobs.turn import timing_turn

    check(snakemake.input, snakemake.input.sums)
    with timing_turn(console):
        floor = warm.do(
            "tfscale.timing.floor:time_floor",
            shapes=snakemake.params.shapes,
            arrays=list(snakemake.input.arrays),
            protocol=snakemake.params.protocol,
            inputs=snakemake.params.inputs,
            output=snakemake.output.floor,
        )
        print(floor, file=console)
        roofs = warm.do(
            "tfscale.timing.floor:find_roofs",
            shapes=snakemake.params.shapes,
            output=snakemake.output.roofs,
        )
    print(roofs, file=console)
    write(snakemake.output, snakemake.output.sums)
