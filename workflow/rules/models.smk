# Models: needs <resources>/encoded; makes one folder a trained model under <models>.


rule train:
    """Train one model within its budget and predict the test inputs with it."""
    input:
        arrays=data_file("npz"),
        manifest=lambda w: f"<resources>/encoded/{study.encoded(study.model(w.trained))}.json",
        sums=data_file("sha256"),
        lost=lambda w: kept_model(w.trained),
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
        mem_mb=lambda w, attempt: needs.training_mb(w.trained, attempt),
        runtime=lambda w, attempt: needs.training_min(w.trained, attempt),
    params:
        **job(
            "tfscale.models.training:train_model",
            "tensorflow",
            fresh=True,
            training=sections.recipe(config),
            evaluation=sections.predicting(config),
            seed=config["seed"],
        ),
        axes=lambda w: study.model(w.trained),
    message:
        "Train {wildcards.trained}"
    script:
        "../scripts/job.py"
