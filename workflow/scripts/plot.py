"""Entry of the rule `plot`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.figures.draw import plot
    from tfscale.files.checksums import check, write

    check(snakemake.input, snakemake.input.sums)
    plot(snakemake.wildcards.model, dict(snakemake.input.items()), dict(snakemake.output.items()))
    write(snakemake.output, snakemake.output.sums)
