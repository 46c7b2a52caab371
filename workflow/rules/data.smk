# Data: needs the network or a mirror, a family's own data, or nothing (built-in data); makes <resources>/encoded.
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
    """Encode a data set at one input size: images scaled, reviews tokenized."""
    input:
        raw=lambda w: ancient(raw_files(w.dataset, w.source, "<resources>/downloads")),
        lost=lambda w: redo_if_other(
            workflow, "encode", f"{encoded}/{w.source}/{w.dataset}_input{w.input_size}.sha256"
        ),
    output:
        arrays="<resources>/encoded/{source}/{dataset}_input{input_size}.npz",
        manifest="<resources>/encoded/{source}/{dataset}_input{input_size}.json",
        sums="<resources>/encoded/{source}/{dataset}_input{input_size}.sha256",
    log:
        "<logs>/encode/{source}_{dataset}_input{input_size}.log",
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
        "Encode {wildcards.dataset} at input size {wildcards.input_size} ({wildcards.source} data)"
    script:
        "../scripts/job.py"


rule collect:
    """Ask a family for its own data, and keep it as arrays."""
    input:
        lost=lambda w: redo_if_other(
            workflow,
            "collect",
            f"{encoded}/own/{w.owner}_{w.own}.sha256",
            {"family": study.job_family({"model": w.owner})},
        ),
    output:
        arrays="<resources>/encoded/own/{owner}_{own}.npz",
        manifest="<resources>/encoded/own/{owner}_{own}.json",
        sums="<resources>/encoded/own/{owner}_{own}.sha256",
    log:
        "<logs>/collect/{owner}_{own}.log",
    wildcard_constraints:
        owner="|".join(study.families) or "none",
    priority: study.data_priority
    conda:
        "../../envs/tensorflow.yaml"
    params:
        **job("tfscale.models.family:collect", "tensorflow", fresh=True, seed=config["seed"]),
        axes=lambda w: study.own_data[f"own/{w.owner}_{w.own}"],
        family=lambda w: study.job_family({"model": w.owner}),
    message:
        "Collect the data of {wildcards.owner} ({wildcards.own})"
    script:
        "../scripts/job.py"
