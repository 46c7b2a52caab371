# Analysis: needs <results>/runs, <models> and the families' files; makes tables, fits, figures and the report.


rule merge:
    """Merge all runs into the tables of runs and cells, and the paper's tables."""
    input:
        **kept("merge", "floor", *study.sums_files("<models>")),
        runs=study.run_files("<results>"),
        floor="<results>/floor.parquet",
        facts=study.facts_files("<models>"),
    output:
        **sums("merge"),
        merged="<results>/runs.parquet",
        cells="<results>/cells.parquet",
        paper_tables=expand("<results>/{model}.csv", model=study.paper_models),
    log:
        "<logs>/merge.log",
    conda:
        "../../envs/analysis.yaml"
    threads: workflow.cores
    params:
        **analysis_job("tfscale.tables.merge:merge", **study.merge_settings),
    message:
        "Merging the runs"
    script:
        "../scripts/job.py"


rule count:
    """Count the work of a model that is predicted or imported, not made."""
    output:
        work="<results>/counted/{architecture}.json",
    log:
        "<logs>/count/{architecture}.log",
    conda:
        "../../envs/tensorflow.yaml"
    params:
        **job("tfscale.models.make:count_model", "tensorflow", fresh=True, seed=config["seed"]),
        **model_params(lambda w: study.counted[w.architecture]),
    message:
        "Counting the work of {wildcards.architecture}"
    script:
        "../scripts/job.py"


rule fit:
    """Make the fitted tables and put the findings into words."""
    input:
        **kept("fit", "merge", "floor"),
        cells="<results>/cells.parquet",
        runs="<results>/runs.parquet",
        roofs="<results>/roofs.parquet",
        imported=[table["path"] for table in config["imports"]],
        work=expand("<results>/counted/{architecture}.json", architecture=study.counted),
    output:
        **sums("fit"),
        findings="<results>/fits/findings.parquet",
        text="<results>/fits/findings.txt",
        tables=expand("<results>/fits/{table}.parquet", table=TABLES),
        readable=expand("<results>/fits/{table}.csv", table=TABLES),
    log:
        "<logs>/fit.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        **analysis_job("tfscale.analysis.fit:fit", **study.fit_settings),
    message:
        "Fitting the analysis"
    script:
        "../scripts/job.py"


for family in study.models:

    rule:
        name:
            f"plot_{family}"
        input:
            **kept(f"plot_{family}", "merge", "floor", "fit"),
            cells="<results>/cells.parquet",
            runs="<results>/runs.parquet",
            roofs="<results>/roofs.parquet",
            tables=expand("<results>/fits/{table}.parquet", table=DRAWN_TABLES),
        output:
            **sums(f"plot_{family}"),
            svg=[
                report(f"<results>/figures/{family}_{figure}.svg", **labels(family, figure, title))
                for figure, title in study.figures(family).items()
            ],
            png=expand("<results>/figures/{figure}.png", figure=study.figure_names(family)),
            words=f"<results>/figures/{family}.json",
        log:
            f"<logs>/plot/{family}.log",
        conda:
            "../../envs/analysis.yaml"
        params:
            **analysis_job("tfscale.figures.draw:plot", model=family, figures=study.figures(family)),
        message:
            f"Drawing the figures of {family}"
        script:
            "../scripts/job.py"


plots = expand("plot_{model}", model=study.models)
pictures = [  # a partial report does without those that are not there
    name for name in study.pictures if not study.partial or Path(f"{encoded}/{name}.npz").exists()
]
models_and_pictures = [*study.sums_files("<models>"), *data_files(pictures, "sha256")]
page_sources = expand("workflow/report/{part}", part=[*CAPTIONS, *PAGE_FILES])
asked = study.page_settings | call.page_commands(results, bool(study.missing))


rule report:
    """Write the report: one self-contained page."""
    input:
        **kept("report", "calibrate", "merge", "fit", *plots, *models_and_pictures),
        cells="<results>/cells.parquet",
        runs="<results>/runs.parquet",
        machine="<results>/machine.json",
        tables=expand("<results>/fits/{table}.parquet", table=["findings", *TABLES]),
        figures=expand("<results>/figures/{figure}.svg", figure=study.all_figure_names),
        words=expand("<results>/figures/{model}.json", model=study.models),
        facts=study.facts_files("<models>"),
        structures=expand("<models>/{name}/structure.txt", name=study.trained),
        predictions=expand("<models>/{name}/predictions.parquet", name=study.trained),
        images=data_files(pictures, "npz"),
    output:
        **sums("report"),
        page="<results>/report.html",
    log:
        "<logs>/report.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        **analysis_job("tfscale.report.page:write_report", files=page_sources, asked=asked),
    message:
        "Writing the report"
    script:
        "../scripts/job.py"


rule gate:
    """Say whether calls got slower (compare in config.yaml); fail where they did beyond doubt."""
    input:
        **kept("gate", "merge"),
        cells="<results>/cells.parquet",
        runs="<results>/runs.parquet",
    output:
        **sums("gate"),
        verdict="<results>/gate.txt",
    log:
        "<logs>/gate.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        **analysis_job("tfscale.analysis.gate:gate", **study.gate_settings),
    message:
        "Comparing two values of an axis"
    script:
        "../scripts/job.py"
