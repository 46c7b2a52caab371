"""Entry of the rule `calibrate`."""

import os

from tfscale.jobs.log import logged

os.environ["OPENBLAS_NUM_THREADS"] = "1"

with logged(snakemake.log[0]):
    from tfscale.files.checksums import write
    from tfscale.jobs.turn import timing_turn
    from tfscale.timing.host import look

    with timing_turn():
        line = look(snakemake.output.machine)
    print(line)
    write(snakemake.output, snakemake.output.sums)
