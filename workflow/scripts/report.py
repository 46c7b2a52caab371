"""Entry of the rule `report`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.files.checksums import check, write
    from tfscale.report.page import write_report

    check(snakemake.input, snakemake.input.sums)
    write_report(snakemake.output.page, dict(snakemake.input.items()), snakemake.params.asked)
    write(snakemake.output, snakemake.output.sums)
