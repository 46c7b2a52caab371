# The study: needs config.yaml; makes the names of its cells and models, and what a rule's code is.
import sys

sys.path.insert(0, f"{workflow.current_basedir.join('../scripts')}")

from tfscale import sections
from tfscale.code import code
from tfscale.config import ConfigError
from tfscale.fit_tables import TABLES
from tfscale.lost import redo_if_lost
from tfscale.scheduling import still_while_jobs_run
from tfscale.study import FIGURES, Study

try:
    study = Study.from_config(config)
except ConfigError as mistakes:
    sys.exit(f"{mistakes}")
study.export_mirror()
results = workflow.pathvars.apply("<results>")


onstart:
    still_while_jobs_run(workflow.scheduler)


wildcard_constraints:
    model="mnist|text",
    size=r"\d+",
    number=r"\d+",
    walk="runs|sentinels",
    trained=r"\w+",
    cell=r"\w+",
    figure="|".join(FIGURES),
