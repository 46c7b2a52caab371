# The machine: needs the models (the shapes of their inputs); makes <results>/machine.json, the framework's floor and
# the machine's roofs.


rule calibrate:
    """Look at the machine before the study: its undisturbed speed, and what may disturb it."""
    input:
        **kept("calibrate"),
    output:
        **sums("calibrate"),
        machine="<results>/machine.json",
    log:
        "<logs>/calibrate.log",
    priority: study.machine_priority
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    params:
        **job("tfscale.timing.host:look", "tensorflow", fresh=True),
    message:
        "Looking at the machine"
    script:
        "../scripts/job.py"


rule floor:
    """Time an identity model at each shape of inputs, and the machine's roofs."""
    input:
        **kept("floor", *study.sums_files("<models>")),
        facts=study.facts_files("<models>"),
    output:
        **sums("floor"),
        floor="<results>/floor.parquet",
        roofs="<results>/roofs.parquet",
    log:
        "<logs>/floor.log",
    priority: study.machine_priority
    conda:
        "../../envs/tensorflow.yaml"
    threads: workflow.cores
    resources:
        runtime=lambda w, attempt: needs.floor_min(attempt),
    params:
        **job("tfscale.timing.floor:time_floor", "tensorflow", **study.floor_settings),
    message:
        "Timing the floor and the roofs"
    script:
        "../scripts/job.py"
