# Data: needs the network or a mirror, a family's own data, or nothing (built-in data); makes <resources>/encoded.


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
    params:  # its checksum says what a file is, whatever code fetched it
        code={"function": "tfscale.data.download:fetch", "by": None},
        settings={},
    message:
        "Downloading {wildcards.dataset}/{wildcards.file}"
    script:
        "../scripts/job.py"


rule encode:
    """Encode a data set at one input size: images scaled, reviews tokenized."""
    input:
        raw=raw_of,
        lost=redo_data("encode", "{source}/{dataset}_input{input_size}"),
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
        "Encoding {wildcards.dataset} at input size {wildcards.input_size} ({wildcards.source} data)"
    script:
        "../scripts/job.py"


rule collect:
    """Ask a family for its own data, and keep it as arrays."""
    input:
        lost=redo_data("collect", "own/{own}", family=owner_of),
    output:
        arrays="<resources>/encoded/own/{own}.npz",
        manifest="<resources>/encoded/own/{own}.json",
        sums="<resources>/encoded/own/{own}.sha256",
    log:
        "<logs>/collect/{own}.log",
    priority: study.data_priority
    conda:
        "../../envs/tensorflow.yaml"
    params:
        **job("tfscale.models.family:collect", "tensorflow", fresh=True, seed=config["seed"]),
        axes=lambda w: study.own_data[f"own/{w.own}"][1],
        family=owner_of,
    message:
        "Collecting the data {wildcards.own}"
    script:
        "../scripts/job.py"
