# Models: needs the families' files and <resources>/encoded; makes one folder a model under <models>.


rule train:
    """Build one model, train it within its budget where its family has data, and save it."""
    input:
        arrays=data_file("npz"),
        manifest=manifest_file,
        saved=lambda w: study.saved_files(w.trained),
        sums=data_file("sha256"),
        lost=lambda w: redo_model(w.trained),
    output:
        saved_model=directory("<models>/{trained}/saved_model"),
        facts="<models>/{trained}/facts.json",
        structure="<models>/{trained}/structure.txt",
        history="<models>/{trained}/history.csv",
        predictions="<models>/{trained}/predictions.parquet",
        sums="<models>/{trained}/SHA256SUMS",
    log:
        "<logs>/train/{trained}.log",
    priority: lambda w: study.training_priority(w.trained)
    conda:
        "../../envs/tensorflow.yaml"
    resources:
        mem_mb=lambda w, attempt: needs.training_mb(attempt),
        runtime=lambda w, attempt: needs.training_min(w.trained, attempt),
    params:
        **job("tfscale.models.make:make_model", "tensorflow", fresh=True, **study.train_settings),
        **model_params(lambda w: study.model(w.trained)),
        recipe=lambda w: study.recipe(w.trained),
    message:
        "Making {wildcards.trained}"
    script:
        "../scripts/job.py"


rule convert:
    """Convert a SavedModel for another runtime, and compare the outputs of both."""
    input:
        saved_model=ancient("<models>/{trained}/saved_model"),
        facts="<models>/{trained}/facts.json",
        arrays=data_file("npz"),
        sums=lambda w: [f"<models>/{w.trained}/SHA256SUMS", *data_files([encoded_of(w)], "sha256")],
    output:
        sums="<models>/{trained}/{runtime}.sha256",
        model=directory("<models>/{trained}/{runtime}"),
        told="<models>/{trained}/{runtime}.json",
    log:
        "<logs>/convert/{trained}_{runtime}.log",
    priority: study.machine_priority
    conda:
        runtime_env
    resources:
        mem_mb=lambda w, attempt: needs.training_mb(attempt),
    params:
        **job("tfscale.runtimes.convert:convert", "tensorflow", fresh=True, seed=config["seed"]),
        **axes_params(lambda w: study.model(w.trained)),
        called_by=lambda w: called_by(w.runtime),
    message:
        "Converting {wildcards.trained} for {wildcards.runtime}"
    script:
        "../scripts/job.py"
