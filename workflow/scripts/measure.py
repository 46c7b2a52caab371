"""Entry of the rule `measure`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.files.checksums import check
    from tfscale.jobs import warm
    from tfscale.jobs.turn import timing_turn

    check(snakemake.input, snakemake.input.sums)
    with timing_turn(console):
        line = warm.do(
            "tfscale.timing.run:run",
            cell=snakemake.wildcards.cell,
            axes=snakemake.params.axes,
            place={"seed": snakemake.params.seed, "round": int(snakemake.wildcards.number)},
            protocol=snakemake.params.protocol,
            evaluation=snakemake.params.evaluation,
            inputs=dict(snakemake.input.items()) | {"earlier": list(snakemake.input.earlier)},
            output=snakemake.output.visits,
        )
    if line:
        print(line, file=console)
