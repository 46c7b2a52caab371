"""Entry of the rule `floor`."""

import os

from tfscale.log import logged

# One thread until the last visit has been forked (see measure.py).
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}

with logged(snakemake.log[0]) as console:
    from tfscale.floor import time_floor

    print(
        time_floor(
            shapes=snakemake.params.shapes,
            arrays=list(snakemake.input.arrays),
            protocol=snakemake.params.protocol,
            inputs=snakemake.params.inputs,
            output=snakemake.output.floor,
        ),
        file=console,
    )
