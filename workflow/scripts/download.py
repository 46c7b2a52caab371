"""Entry of the rule `download`."""

import os
from pathlib import Path

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.data.download import download

    address = download(
        dataset=snakemake.wildcards.dataset,
        file=snakemake.wildcards.file,
        target=Path(snakemake.output.payload),
        mirror=os.environ.get("TFSCALE_MIRROR"),
        console=console,
    )
    print(f"{snakemake.wildcards.file}: checksum right, from {address}", file=console)
