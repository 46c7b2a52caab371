"""Entry of the rule `plot`."""

from pathlib import Path

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.figures.draw import plot
    from tfscale.files.checksums import check, write

    check(snakemake.input, snakemake.input.sums)
    plot(
        model=snakemake.wildcards.model,
        cells=snakemake.input.cells,
        visits=snakemake.input.visits,
        roofs=snakemake.input.roofs,
        fits=str(Path(snakemake.input.tables[0]).parent),
        svg=list(snakemake.output.svg),
        png=list(snakemake.output.png),
        words=snakemake.output.words,
    )
    write(snakemake.output, snakemake.output.sums)
