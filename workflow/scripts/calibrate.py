"""Entry of the rule `calibrate`."""

import os

from tfscale.log import logged

os.environ["OPENBLAS_NUM_THREADS"] = "1"

with logged(snakemake.log[0]) as console:
    from tfscale.checksums import write
    from tfscale.look import look
    from tfscale.timing_turn import timing_turn

    with timing_turn(console):
        line = look(snakemake.output.machine)
    print(line, file=console)
    write(snakemake.output, snakemake.output.sums)
