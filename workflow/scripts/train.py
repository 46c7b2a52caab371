"""Entry of the rule `train`."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]) as console:
    from tfscale.files.checksums import check, write
    from tfscale.jobs.processes import fresh

    check(snakemake.input, snakemake.input.sums)
    facts = fresh(
        "tfscale.models.training:train_model",
        {
            "axes": snakemake.params.axes,
            "arrays": snakemake.input.arrays,
            "manifest": snakemake.input.manifest,
            "training": snakemake.params.training,
            "evaluation": snakemake.params.evaluation,
            "seed": snakemake.params.seed,
            "threads": snakemake.threads,
            "outputs": dict(snakemake.output.items()),
        },
    )
    write(snakemake.output, snakemake.output.sums)
    print(
        f"{snakemake.wildcards.trained}: test accuracy {100 * facts['test_accuracy']:.1f} % "
        f"({facts['predicted_inputs']:,} inputs) after {facts['training_examples']:,} examples",
        file=console,
    )
