# Timing: needs <results>/models; makes one Parquet file a cell and round under <results>/runs.


rule measure:
    """Time one cell in one round: fresh processes, alone on the machine."""
    input:
        facts=lambda w: f"<results>/models/{study.trained_of(w.cell)}/facts.json",
        saved_model=lambda w: ancient(
            f"<results>/models/{study.trained_of(w.cell)}/saved_model"
        ),
        predictions=lambda w: f"<results>/models/{study.trained_of(w.cell)}/predictions.parquet",
        arrays=lambda w: ancient(
            f"<resources>/encoded/{study.encoded(study.cell(w.cell, int(w.round)))}.npz"
        ),
        lost=lambda w: redo_if_lost(
            workflow,
            f"{results}/runs/{w.cell}/round{w.round}.parquet",
            f"{results}/runs.parquet",
        ),
        env="envs/tensorflow.yaml",
        code=code("measure.py"),
    output:
        visits="<results>/runs/{cell}/round{round}.parquet",
    log:
        "<logs>/measure/{cell}_round{round}.log",
    priority: lambda w: study.timing_priority(w.cell, int(w.round))
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    params:
        axes=lambda w: study.cell(w.cell),
        protocol=sections.protocol(config),
        evaluation=sections.evaluation(config),
        seed=config["seed"],
    message:
        "Time {wildcards.cell}, round {wildcards.round}"
    script:
        "../scripts/measure.py"
