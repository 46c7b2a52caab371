# The study: needs config.yaml; makes the names of its cells and models, and the bookkeeping of all rules.
from tfscale.console.code import digest, files_of, redo_if_changed, redo_if_lost
from tfscale.console.commands import Call, check_targets, import_alone
from tfscale.console.estimate import Needs
from tfscale.jobs.log import name_snakemake
from tfscale.study import config as sections
from tfscale.study.config_files import typed
from tfscale.study.outputs import CAPTIONS, DRAWN_TABLES, FIGURES, PAGE_FILES, TABLES
from tfscale.study.study import study_of

results = workflow.pathvars.apply("<results>")
models = workflow.pathvars.apply("<models>")
try:
    study = study_of(typed(config, workflow.config_settings.config), results, models)
    if workflow.is_main_process:
        check_targets(study, sys.argv[1:])
except StudyError as mistakes:
    sys.exit(f"{mistakes}")
# As the study understands it: a number is a number, what was left out a default.
config.update(study.config)
study.export_mirror()
name_snakemake()
import_alone(workflow, sys.argv)
needs = Needs(study)
command = Call.of(workflow).command


def data_of(axes, suffix):
    """The path of the encoded data of a cell or model."""
    return f"<resources>/encoded/{study.encoded(axes)}.{suffix}"


def job(target, env, fresh=False, also=(), files=(), **settings):
    """What a job does, among params: `target` (module:function) with these settings, in a `fresh`
    process or in its own. The digest follows the code of the target and of the functions `also`
    that it names to fresh processes, the environment's file and `files`."""
    read = [*files_of(target, *also), Path(f"envs/{env}.yaml"), *map(Path, files)]
    return {
        "job": {
            "target": target,
            "fresh": fresh,
            "code": digest(read),
            "settings": settings,
        }
    }


def kept(name, *read):
    """The checksums of what a job reads, among inputs: paths, or names of other jobs; and one that
    asks for nothing, but has the job `name` redone when an output was damaged or lost.
    """
    lists = [one if "/" in one else sums(one)["sums"] for one in read]
    own = f"{results}/checksums/{name}.sha256"
    return {"sums": lists, "lost": lambda w: redo_if_changed(workflow, own.format(**w))}


def sums(name):
    """The checksums of what the job `name` writes, among outputs."""
    return {"sums": f"<results>/checksums/{name}.sha256"}


wildcard_constraints:
    model="mnist|text",
    input_size=r"\d+",
    round=r"\d+",
    trained=r"\w+",
    cell=r"\w+",
