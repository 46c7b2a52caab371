# The study: needs config.yaml; makes the names of its cells and models, and what a rule's code is.
from tfscale import sections
from tfscale.code import code as files_of
from tfscale.code import code_digest
from tfscale.commands import Call
from tfscale.figure_list import DRAWN_TABLES
from tfscale.fit_tables import TABLES
from tfscale.folder_lock import guard
from tfscale.lost import redo_if_changed, redo_if_lost
from tfscale.needs import Needs
from tfscale.page_files import PAGE_FILES
from tfscale.partial import study_of
from tfscale.remote import import_alone
from tfscale.study import FIGURES
from tfscale.tether import name_snakemake
from tfscale.typed import typed

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
