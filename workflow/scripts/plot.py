"""Entry of the rule `plot`."""

from tfscale.log import logged

with logged(snakemake.log[0]):
    from tfscale.plot import plot

    plot(
        model=snakemake.wildcards.model,
        figure=snakemake.wildcards.figure,
        cells=snakemake.input.cells,
        laws=snakemake.input.laws,
        svg=snakemake.output.svg,
        png=snakemake.output.png,
    )
