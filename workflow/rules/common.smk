# The study: needs config.yaml; makes the names of its cells and models, and the bookkeeping of all rules.
from functools import cache

from tfscale.console.code import digest, files_of
from tfscale.console.commands import Call, check_targets
from tfscale.console.estimate import Needs
from tfscale.console.redo import keep_model, keep_run, redo_if_changed, redo_if_lost, redo_if_other
from tfscale.data.sources import raw_files
from tfscale.jobs.log import name_snakemake
from tfscale.jobs.surroundings import settle
from tfscale.study.config_files import typed
from tfscale.study.outputs import CAPTIONS, DRAWN_TABLES, PAGE_FILES, TABLES, caption_of
from tfscale.study.study import study_of

results = workflow.pathvars.apply("<results>")
models = workflow.pathvars.apply("<models>")
encoded = workflow.pathvars.apply("<resources>/encoded")
try:
    study = study_of(typed(config, workflow.config_settings.config), results, models)
    if workflow.is_main_process:
        check_targets(study, sys.argv[1:], results, models)
except StudyError as mistakes:
    sys.exit(f"{mistakes}")
# As the study understands it: a number is a number, what was left out a default.
config.update(study.config)
study.export_mirror()
name_snakemake()
settle()
needs = Needs(study)
call = Call.here(workflow)


def model_file(name):
    """The file `name` of the model that a cell uses."""
    return lambda w: f"<models>/{study.trained_of(w.cell)}/{name}"


def encoded_of(w):
    """The encoded data that a cell or model uses, if any."""
    return study.encoded(study.cell(w.cell) if "cell" in w.keys() else study.model(w.trained))


def data_file(suffix):
    """A file of that data, if there is any; its time alone redoes nothing."""
    return lambda w: next(iter(data_files([encoded_of(w)], suffix)), [])


def manifest_file(w):
    """The manifest of that data, if there is any: other content redoes the model."""
    name = encoded_of(w)
    return f"<resources>/encoded/{name}.json" if name else []


def raw_of(w):
    """The files that data is made of; by themselves they redo none that is there."""
    files = raw_files(w.dataset, w.source, "<resources>/downloads")
    there = Path(f"{encoded}/{w.source}/{w.dataset}_input{w.input_size}.npz").exists()
    return ancient(files) if there else files


def owner_of(w):
    """The family whose own data it is, for its job."""
    return study.job_family({"model": study.own_data[f"own/{w.own}"][0]})


def data_files(names, suffix):
    """Files of encoded data by name (see Study.encoded); of models without data none."""
    return [ancient(f"<resources>/encoded/{name}.{suffix}") for name in names if name]


def job(target, env, fresh=False, files=(), **settings):
    """What a job does, among params: `target` (module:function) with these settings, in a `fresh`
    process or in its own. The digest follows the code of both, the environment's file and
    `files`."""
    by = "tfscale.jobs.processes:fresh" if fresh else None
    code = digest([*files_of(*filter(None, [target, by])), f"envs/{env}.yaml", *files])
    return {"code": {"function": target, "by": by, "digest": code}, "settings": settings}


def analysis_job(target, **settings):
    """The same for a job of the analysis: in its environment, and told of all families."""
    return job(target, "analysis", families=study.about, **settings)


def axes_params(axes):
    """Params of a job on one model or cell: its `axes`, and what is told of its family."""
    return {"axes": axes, "families": lambda w: study.told(axes(w))}


def model_params(axes):
    """The same, and where the model comes from."""
    return axes_params(axes) | {"family": lambda w: study.job_family(axes(w))}


def redoing_nothing(**values):
    """Params whose change redoes nothing: Snakemake compares none that is a function of `output`."""
    return {name: lambda w, output, value=value: value for name, value in values.items()}


def kept(name, *read):
    """The checksums of what a job reads, among inputs: paths, or names of other jobs; and one that
    asks for nothing, but has the job `name` redone when an output was damaged or lost, or is a copy
    that other code or settings made."""
    lists = [sums(one)["sums"] if Path(one).name == one else one for one in read]
    own = f"{results}/checksums/{name}.sha256"

    def lost(w):
        return redo_if_changed(workflow, own) + redo_if_other(workflow, name, own)

    return {"sums": lists, "lost": lost}


def redo_data(rule, pattern, **shaped):
    """An input function that asks for nothing, but has encoded data made again when they are a
    copy that other code or settings made; `pattern` is their name with wildcards, `shaped` are
    functions of these."""

    def lost(w):
        sums = f"{encoded}/{pattern.format(**dict(w.items()))}.sha256"
        return redo_if_other(workflow, rule, sums, {name: of(w) for name, of in shaped.items()})

    return lost


@cache
def redo_model(trained):
    """Asks for nothing, but has a trained model made again when it is a copy that other code or
    settings made."""
    axes = study.model(trained)
    data = study.encoded(axes)
    manifest = f"{encoded}/{data}.json" if data else None
    shaped = {"family": study.job_family(axes), "recipe": study.recipe(trained)}
    return keep_model(workflow, f"{models}/{trained}", manifest, shaped)


def redo_run(w):
    """The same for a run and its model, also when the run is damaged or lost."""
    run, trained = f"{results}/runs/{w.cell}/round{w.round}.parquet", study.trained_of(w.cell)
    again = redo_if_lost(workflow, run) + redo_model(trained)
    shaped = {"called_by": called_by(study.cell(w.cell)["runtime"])}
    told = [f"{models}/{folder}.json"] if (folder := study.converted(w.cell)) else []
    return again + keep_run(workflow, run, f"{models}/{trained}", shaped, told)


def sums_of_run(w):
    """The checksums of what a run reads."""
    converted = converted_files(w, "sha256")
    data = data_files([encoded_of(w)], "sha256")
    return [ancient(model_file("SHA256SUMS")(w)), *map(ancient, converted), *data]


def called_model(w):
    """What the runtime of a cell loads, under the models."""
    return study.converted(w.cell) or f"{study.trained_of(w.cell)}/saved_model"


def converted_files(w, suffix):
    """The file beside the converted model that a cell uses; none where it uses the SavedModel."""
    folder = study.converted(w.cell)
    return [f"<models>/{folder}.{suffix}"] if folder else []


def runtime_env(w):
    """The file of the conda environment that a cell is timed in, or that a model is converted in."""
    if "cell" in w.keys() and (own := study.environment(w.cell).get("conda")):
        return str(Path(own).absolute())
    runtime = w.runtime if "runtime" in w.keys() else study.cell(w.cell)["runtime"]
    name = runtime if runtime in study.conversions else "tensorflow"
    return f"../../envs/{name}.yaml"


@cache
def called_by(runtime):
    """A runtime with the digest of its own code and environment, among params."""
    own = [f"envs/{runtime}.yaml"] if runtime in study.conversions else []
    code = digest([*files_of(f"tfscale.runtimes.{runtime}:load"), *own])
    return {"runtime": runtime, "digest": code}


def labels(family, figure, title):
    """How Snakemake's own report shows a figure."""
    caption = f"../report/{caption_of(figure)}"
    return {"caption": caption, "category": family, "labels": {"figure": title}}


def sums(name):
    """The checksums of what the job `name` writes, among outputs."""
    return {"sums": f"<results>/checksums/{name}.sha256"}


wildcard_constraints:
    dataset="fashion-mnist|movie-reviews",
    source="real|builtin",
    input_size=r"\d+",
    round=r"\d+",
    trained=r"[\w.+-]+",
    cell=r"[\w.+-]+",
    architecture=r"[\w.+-]+",
    runtime="|".join(study.conversions) or "none",
