# The study: needs config.yaml; makes the names of its cells and models, and what a rule's code is.
from tfscale.study import sections
from tfscale.console.code import code as files_of
from tfscale.console.code import code_digest
from tfscale.console.commands import Call
from tfscale.study.figure_list import DRAWN_TABLES
from tfscale.study.fit_tables import TABLES
from tfscale.console.folder_lock import guard
from tfscale.console.lost import redo_if_changed, redo_if_lost
from tfscale.console.needs import Needs
from tfscale.study.page_files import PAGE_FILES
from tfscale.study.partial import study_of
from tfscale.console.remote import import_alone
from tfscale.study.study import FIGURES
from tfscale.jobs.tether import name_snakemake
from tfscale.study.typed import typed

results = workflow.pathvars.apply("<results>")
models = workflow.pathvars.apply("<models>")
try:
    study = study_of(typed(config, workflow.config_settings.config), results, models)
except ConfigError as mistakes:
    sys.exit(f"{mistakes}")
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
    walk="runs|sentinels",
    trained=r"\w+",
    cell=r"\w+",
