# The configuration's files: looked at before Snakemake reads config.yaml, which would pass over keys
# that are named twice and answer a list with a traceback.
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.current_basedir.join('../scripts')}")

from tfscale.errors import StudyError
from tfscale.study.config_files import check_files

if workflow.is_main_process:
    if sys.stderr is None:
        print("Standard error is closed, and so nothing could be said: type 2>/dev/null for 2>&-")
        sys.exit(1)
    try:
        check_files("config.yaml", workflow.config_settings)
    except StudyError as mistakes:
        sys.exit(f"{mistakes}")
