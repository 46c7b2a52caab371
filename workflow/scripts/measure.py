"""Entry of the rule `measure`."""

import os

from tfscale.log import logged

# One thread until the last visit has been forked: neither OpenBLAS nor Arrow may start theirs.
os.environ |= {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MKL_NUM_THREADS": str(snakemake.params.axes["threads"]),
    "OMP_NUM_THREADS": str(snakemake.params.axes["threads"]),
}

with logged(snakemake.log[0]) as console:
    from tfscale.run import run

    print(
        run(
            cell=snakemake.wildcards.cell,
            axes=snakemake.params.axes,
            place={"seed": snakemake.params.seed, "round": int(snakemake.wildcards.number)},
            protocol=snakemake.params.protocol,
            evaluation=snakemake.params.evaluation,
            inputs=dict(snakemake.input.items()) | {"earlier": list(snakemake.input.earlier)},
            output=snakemake.output.visits,
        ),
        file=console,
    )
