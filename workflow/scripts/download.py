"""Entry of the rule `download`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.data.download import fetch

    wildcards = snakemake.wildcards
    print(fetch(wildcards.dataset, wildcards.file, snakemake.output.payload), file=console)
