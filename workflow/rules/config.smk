# The configuration's files: config.yaml of the working directory or, where there is none, the pipeline's own.
# They are looked at before Snakemake reads them, which would pass over keys that are named twice and answer a list
# with a traceback.
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.current_basedir.join('../scripts')}")

from tfscale.errors import StudyError
from tfscale.study.config_files import check_files

base = "config.yaml"
if not Path(base).exists():
    base = f"{workflow.current_basedir.join('../../config.yaml')}"

if workflow.is_main_process and sys.stderr is None:
    print("Standard error is closed, and so nothing could be said: type 2>/dev/null for 2>&-")
    sys.exit(1)
if workflow.is_main_process and not workflow.modifier.skip_configfile:  # as a module may
    try:
        check_files(base, workflow.config_settings)
    except StudyError as mistakes:
        sys.exit(f"{mistakes}")
