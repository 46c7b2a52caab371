# The study: needs config.yaml; makes the names of its cells and models, and what a rule's code is.
from tfscale.console.code import code as files_of
from tfscale.console.code import code_digest, redo_if_changed, redo_if_lost
from tfscale.console.commands import Call, import_alone
from tfscale.console.estimate import Needs
from tfscale.console.lock import guard
from tfscale.jobs.log import name_snakemake
from tfscale.study import config as sections
from tfscale.study.config_files import typed
from tfscale.study.outputs import DRAWN_TABLES, PAGE_FILES, TABLES
from tfscale.study.study import FIGURES, study_of

results = workflow.pathvars.apply("<results>")
models = workflow.pathvars.apply("<models>")
try:
    study = study_of(typed(config, workflow.config_settings.config), results, models)
except ConfigError as mistakes:
    sys.exit(f"{mistakes}")
# As the study understands it: a number is a number, what was left out a default.
config.update(study.config)
study.export_mirror()
name_snakemake()
guard()
import_alone(workflow, sys.argv)
needs = Needs(study)
call = Call.of(workflow)


def code(entry):
    """The files of a rule's code: never those of a storage provider (clouds)."""
    return local(files_of(entry))


wildcard_constraints:
    model="mnist|text",
    size=r"\d+",
    number=r"\d+",
    trained=r"\w+",
    cell=r"\w+",
