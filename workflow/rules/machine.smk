# The machine: needs encoded data (its shapes); makes <results>/machine.json, the framework's floor and
# the machine's roofs.


rule calibrate:
    """Look at the machine before the study: its undisturbed speed, and what may disturb it."""
    output:
        machine="<results>/machine.json",
        sums="<results>/checksums/calibrate.sha256",
    log:
        "<logs>/calibrate.log",
    priority: study.machine_priority
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    message:
        "Look at the machine"
    script:
        "../scripts/calibrate.py"


rule floor:
    """Time an identity model at each shape of input, and the machine's roofs."""
    input:
        arrays=[
            ancient(f"<resources>/encoded/{study.encoded(shape)}.npz")
            for shape in study.shapes
        ],
        sums=[
            ancient(f"<resources>/encoded/{study.encoded(shape)}.sha256")
            for shape in study.shapes
        ],
        lost=lambda w: redo_if_changed(workflow, f"{results}/checksums/floor.sha256"),
        env=local("envs/tensorflow.yaml"),
        code=code("floor.py"),
    output:
        floor="<results>/floor.parquet",
        roofs="<results>/roofs.parquet",
        sums="<results>/checksums/floor.sha256",
    log:
        "<logs>/floor.log",
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    resources:
        runtime=lambda w, attempt: needs.floor_min(attempt),
    params:
        shapes=study.shapes,
        protocol=sections.protocol(config),
        inputs=config["evaluation"]["inputs"],
    message:
        "Time the floor and the roofs"
    script:
        "../scripts/floor.py"
