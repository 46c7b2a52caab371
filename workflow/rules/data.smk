# Data: needs the network or a mirror (or nothing: built-in data); makes <resources>/encoded.
from tfscale.data.sources import raw_files


rule download:
    """Download one file of a real data set, checked by its checksum."""
    output:
        payload="<resources>/downloads/{dataset}/{file}",
    log:
        "<logs>/download/{dataset}_{file}.log",
    priority: study.data_priority
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        **job("tfscale.data.download:fetch", "analysis"),
    message:
        "Download {wildcards.dataset}/{wildcards.file}"
    script:
        "../scripts/job.py"


rule encode:
    """Encode the data of a model at one input size: images scaled, reviews tokenized."""
    input:
        raw=lambda w: ancient(raw_files(w.model, w.source, "<resources>/downloads")),
        lost=lambda w: redo_if_other(
            workflow, "encode", f"{encoded}/{w.source}/{w.model}_input{w.input_size}.sha256"
        ),
    output:
        arrays="<resources>/encoded/{source}/{model}_input{input_size}.npz",
        manifest="<resources>/encoded/{source}/{model}_input{input_size}.json",
        sums="<resources>/encoded/{source}/{model}_input{input_size}.sha256",
    log:
        "<logs>/encode/{source}_{model}_input{input_size}.log",
    priority: study.data_priority
    conda:
        "../../envs/analysis.yaml"
    params:
        **job(
            "tfscale.data.encode:encode",
            "analysis",
            seed=config["seed"],
            validation_share=config["training"]["validation_share"],
        ),
    message:
        "Encode {wildcards.model} at input size {wildcards.input_size} ({wildcards.source} data)"
    script:
        "../scripts/job.py"
