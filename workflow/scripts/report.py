"""Entry of the rule `report`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.files.checksums import check, write
    from tfscale.report.page import write_report

    check(snakemake.input, snakemake.input.sums)
    write_report(
        output=snakemake.output.page,
        cells_path=snakemake.input.cells,
        findings_path=snakemake.input.findings,
        visits_path=snakemake.input.visits,
        runs_path=snakemake.input.runs,
        machine_path=snakemake.input.machine,
        figures=snakemake.input.figures,
        captions=snakemake.input.captions,
        structures=snakemake.input.structures,
        predictions=snakemake.input.predictions,
        images=snakemake.input.images,
        trained=snakemake.params.trained,
        settings=snakemake.params.settings,
        missing=snakemake.params.missing,
        finish=snakemake.params.finish,
        excluded=snakemake.params.excluded,
    )
    write(snakemake.output, snakemake.output.sums)
