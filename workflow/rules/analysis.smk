# Analysis: needs <results>/runs and <models>; makes tables, fits, figures and the report.


rule merge:
    """Merge all runs into the tables of runs, visits and cells, and the paper's tables."""
    input:
        runs=study.run_files("runs", "<results>"),
        sentinels=study.run_files("sentinels", "<results>"),
        floor="<results>/floor.parquet",
        facts=study.facts_files("<models>"),
        sums=["<results>/checksums/floor.sha256", *study.sums_files("<models>")],
        lost=lambda w: redo_if_changed(workflow, f"{results}/checksums/merge.sha256"),
        env=local("envs/analysis.yaml"),
        code=code("merge.py"),
    output:
        runs="<results>/runs.parquet",
        visits="<results>/visits.parquet",
        cells="<results>/cells.parquet",
        paper=expand("<results>/{model}.csv", model=study.models),
        sums="<results>/checksums/merge.sha256",
    log:
        "<logs>/merge.log",
    conda:
        "../../envs/analysis.yaml"
    threads: workflow.cores
    params:
        trained={cell: study.trained_of(cell) for cell in study.cells},
        evaluation=sections.evaluation(config),
        coverage=config["timing"]["coverage"],
        node_class=config.get("node_class"),
    message:
        "Merge the runs"
    script:
        "../scripts/merge.py"


rule fit:
    """Make the fitted tables and put the findings into words."""
    input:
        cells="<results>/cells.parquet",
        visits="<results>/visits.parquet",
        roofs="<results>/roofs.parquet",
        imports=[table["path"] for table in config["imports"]],
        sums=expand("<results>/checksums/{rule}.sha256", rule=["merge", "floor"]),
        lost=lambda w: redo_if_changed(workflow, f"{results}/checksums/fit.sha256"),
        env=local("envs/analysis.yaml"),
        code=code("fit.py"),
    output:
        findings="<results>/fits/findings.parquet",
        text="<results>/fits/findings.txt",
        tables=expand("<results>/fits/{table}.parquet", table=TABLES),
        readable=expand("<results>/fits/{table}.csv", table=TABLES),
        sums="<results>/checksums/fit.sha256",
    log:
        "<logs>/fit.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        imports=config["imports"],
        coverage=config["timing"]["coverage"],
        plan=sections.plan(config),
    message:
        "Fit the laws, the work model and the rest of the analysis"
    script:
        "../scripts/fit.py"


rule plot:
    """Draw all figures of one model, and say in words what each shows."""
    input:
        cells="<results>/cells.parquet",
        runs="<results>/runs.parquet",
        roofs="<results>/roofs.parquet",
        tables=expand("<results>/fits/{table}.parquet", table=DRAWN_TABLES),
        sums=expand("<results>/checksums/{rule}.sha256", rule=["merge", "floor", "fit"]),
        lost=lambda w: redo_if_changed(
            workflow, f"{results}/checksums/plot_{w.model}.sha256"
        ),
        env=local("envs/analysis.yaml"),
        code=code("plot.py"),
    output:
        svg=[
            report(
                f"<results>/figures/{{model}}_{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="{model}",
                labels={"figure": title},
            )
            for figure, title in FIGURES.items()
        ],
        png=expand("<results>/figures/{{model}}_{figure}.png", figure=FIGURES),
        words="<results>/figures/{model}.json",
        sums="<results>/checksums/plot_{model}.sha256",
    log:
        "<logs>/plot/{model}.log",
    conda:
        "../../envs/analysis.yaml"
    message:
        "Draw the figures of {wildcards.model}"
    script:
        "../scripts/plot.py"


rule report:
    """Write the report: one self-contained page."""
    input:
        cells="<results>/cells.parquet",
        runs="<results>/runs.parquet",
        machine="<results>/machine.json",
        findings="<results>/fits/findings.parquet",
        tables=expand("<results>/fits/{table}.parquet", table=TABLES),
        figures=expand("<results>/figures/{figure}.svg", figure=study.figures),
        words=expand("<results>/figures/{model}.json", model=study.models),
        structures=expand("<models>/{trained}/structure.txt", trained=study.trained),
        predictions=expand(
            "<models>/{trained}/predictions.parquet", trained=study.trained
        ),
        images=[
            ancient(f"<resources>/encoded/{pictures}.npz")
            for pictures in study.pictures
        ],
        sums=[
            *expand(
                "<results>/checksums/{rule}.sha256", rule=["calibrate", "merge", "fit"]
            ),
            *expand("<results>/checksums/plot_{model}.sha256", model=study.models),
            *study.sums_files("<models>"),
            *[
                ancient(f"<resources>/encoded/{pictures}.sha256")
                for pictures in study.pictures
            ],
        ],
        lost=lambda w: redo_if_changed(workflow, f"{results}/checksums/report.sha256"),
        captions=local(expand("workflow/report/{figure}.rst", figure=FIGURES)),
        page=local(expand("workflow/report/{part}", part=PAGE_FILES)),
        env=local("envs/analysis.yaml"),
        code=code("report.py"),
    output:
        page="<results>/report.html",
        sums="<results>/checksums/report.sha256",
    log:
        "<logs>/report.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        asked=dict(
            settings=sections.shown_settings(config),
            trained={cell: study.trained_of(cell) for cell in study.cells},
            again=call.again(results),
            excluded=study.excluded,
            missing=study.missing,
            finish=call.command(f"{results}/report.html") if study.missing else "",
        ),
    message:
        "Write the report"
    script:
        "../scripts/report.py"
