# Timing: needs <models> and encoded data; makes one Parquet file a run.


rule measure:
    """Time one cell in one round: a fresh process, alone on the machine."""
    input:
        facts=model_file("facts.json"),
        model=lambda w: ancient(f"<models>/{called_model(w)}"),
        told=lambda w: next(iter(converted_files(w, "json")), []),
        predictions=model_file("predictions.parquet"),
        arrays=data_file("npz"),
        sums=sums_of_run,
        lost=redo_run,
    output:
        run="<results>/runs/{cell}/round{round}.parquet",
    log:
        "<logs>/runs/{cell}_round{round}.log",
    priority: lambda w: study.priority(w.cell, int(w.round))
    conda:
        runtime_env
    threads: workflow.cores
    resources:
        mem_mb=lambda w, attempt: needs.run_mb(attempt),
        runtime=lambda w, attempt: needs.run_min(w.cell, attempt),
    params:
        **job("tfscale.timing.run:run", "tensorflow", **study.run_settings),
        **redoing_nothing(**study.untracked_run_settings),
        **axes_params(lambda w: study.cell(w.cell)),
        environment=lambda w: study.environment(w.cell),
        called_by=lambda w: called_by(study.cell(w.cell)["runtime"]),
    message:
        "Timing {wildcards.cell}, round {wildcards.round}"
    script:
        "../scripts/job.py"
