# Timing: needs <models>, encoded data and <results>/machine.json; makes one Parquet file a cell and
# round under <results>/runs.


rule measure:
    """Time one cell in one round: a fresh process (or several), alone on the machine."""
    input:
        facts=lambda w: f"<models>/{study.trained_of(w.cell)}/facts.json",
        saved_model=lambda w: ancient(
            f"<models>/{study.trained_of(w.cell)}/saved_model"
        ),
        predictions=lambda w: f"<models>/{study.trained_of(w.cell)}/predictions.parquet",
        arrays=lambda w: ancient(
            f"<resources>/encoded/{study.encoded(study.cell(w.cell))}.npz"
        ),
        machine=ancient("<results>/machine.json"),
        sums=lambda w: ancient(
            [
                f"<models>/{study.trained_of(w.cell)}/SHA256SUMS",
                f"<resources>/encoded/{study.encoded(study.cell(w.cell))}.sha256",
                "<results>/checksums/calibrate.sha256",
            ]
        ),
        lost=lambda w: redo_if_lost(
            workflow,
            f"{results}/runs/{w.cell}/round{w.number}.parquet",
            f"{results}/runs.parquet",
        ),
        env=local("envs/tensorflow.yaml"),
    output:
        visits="<results>/runs/{cell}/round{number}.parquet",
    log:
        "<logs>/runs/{cell}_round{number}.log",
    priority: lambda w: study.priority(w.cell, int(w.number))
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    resources:
        mem_mb=lambda w, attempt: needs.run_mb(w.cell, attempt),
        runtime=lambda w, attempt: needs.run_min(w.cell, attempt),
    params:
        axes=lambda w: study.cell(w.cell),
        protocol=sections.protocol(config),
        evaluation=sections.evaluation(config),
        seed=config["seed"],
        code=code_digest("measure.py"),
    message:
        "Time {wildcards.cell}, round {wildcards.number}"
    script:
        "../scripts/measure.py"
