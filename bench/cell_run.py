"""One run of a cell as the rule measure makes it; started as a process of its own.

The arguments of tfscale.timing.run.run come as JSON in the first argument's file.
"""

import inspect
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    from tfscale.timing.run import run

    given = json.loads(Path(sys.argv[1]).read_text())
    known = inspect.signature(run).parameters
    run(**{name: value for name, value in given.items() if name in known})
