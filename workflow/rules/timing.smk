# Timing: needs <models> and encoded data; makes <results>/machine.json, the framework's floor, one
# Parquet file a cell and round under <results>/runs, and the sentinels' under <results>/sentinels.


rule calibrate:
    """Look at the machine before the study: its undisturbed speed, and what may disturb it."""
    output:
        machine="<results>/machine.json",
    log:
        "<logs>/calibrate.log",
    priority: study.schedule.first
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    message:
        "Look at the machine"
    script:
        "../scripts/calibrate.py"


rule measure:
    """Time one cell once: in a round, or as a sentinel. Fresh processes, alone on the machine."""
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
        earlier=lambda w: study.schedule.earlier(
            w.walk, w.cell, int(w.number), "<results>"
        ),
        lost=lambda w: redo_if_lost(
            workflow,
            f"{results}/{w.walk}/{w.cell}/round{w.number}.parquet",
            f"{results}/runs.parquet",
        ),
        env="envs/tensorflow.yaml",
        code=code("measure.py"),
    output:
        visits="<results>/{walk}/{cell}/round{number}.parquet",
    log:
        "<logs>/{walk}/{cell}_round{number}.log",
    priority: lambda w: study.schedule.priority(w.walk, w.cell, int(w.number))
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    params:
        axes=lambda w: study.cell(w.cell),
        protocol=lambda w: sections.protocol(config, w.walk),
        evaluation=sections.evaluation(config),
        seed=config["seed"],
    message:
        "Time {wildcards.cell}, round {wildcards.number} of {wildcards.walk}"
    script:
        "../scripts/measure.py"


rule floor:
    """Time an identity model at each shape of input, and the machine's roofs."""
    input:
        arrays=[
            ancient(f"<resources>/encoded/{study.encoded(shape)}.npz")
            for shape in study.shapes
        ],
        env="envs/tensorflow.yaml",
        code=code("floor.py"),
    output:
        floor="<results>/floor.parquet",
        roofs="<results>/roofs.parquet",
    log:
        "<logs>/floor.log",
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    params:
        shapes=study.shapes,
        protocol=sections.protocol(config),
        inputs=config["evaluation"]["inputs"],
    message:
        "Time the floor and the roofs"
    script:
        "../scripts/floor.py"
