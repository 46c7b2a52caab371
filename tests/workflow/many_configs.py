"""Calls the real Snakemake on some bad configurations, each time in a fork of this process, which
imports it once; prints what came of each as JSON. Argument: a project's folder."""

import json
import os
import signal
import sys
import tempfile
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from bad_configs import SOME, Bad
from snakemake.cli import get_argument_parser, main

LIMIT_S = 300
LATER = ("snakemake.api", "smart_open", "tfscale.study.config_files", "tfscale.study.study")
"""What a call of Snakemake in the project imports as it goes along."""
OURS = {"config.yaml", "my.yaml"}


def files(root: Path) -> dict[str, int]:
    """Every file below a folder with its time, without the configuration and Snakemake's logs."""
    found = {path.relative_to(root): path for path in root.rglob("*") if not path.is_dir()}
    return {
        str(name): path.stat().st_mtime_ns
        for name, path in found.items()
        if str(name) not in OURS and name.parts[:2] != (".snakemake", "log")
    }


def called(bad: Bad, root: Path) -> tuple[int, str]:
    """Exit status and output of `snakemake` as a user types it, no dry run."""
    with tempfile.TemporaryFile() as out:
        pid = os.fork()
        if not pid:
            signal.alarm(LIMIT_S)
            os.chdir(root)
            for descriptor in (1, 2):
                os.dup2(out.fileno(), descriptor)
            status = 1
            try:
                main(["--cores", "1", *bad.arguments])
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 1
                print(end.code, file=sys.stderr, flush=True)
            finally:
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out.seek(0)
        return status, out.read().decode()


def outcome(bad: Bad, root: Path) -> dict:
    bad.write(root)
    before = files(root)
    status, text = called(bad, root)
    written = sorted(set(files(root).items()) - set(before.items()))
    (root / "my.yaml").unlink(missing_ok=True)
    return {"name": bad.name, "status": status, "text": text, "written": written}


if __name__ == "__main__":
    project = Path(sys.argv[1])
    sys.path.insert(0, str(project / "workflow" / "scripts"))
    for name in LATER:
        import_module(name)
    get_argument_parser()  # imports all plugins
    print(json.dumps([outcome(bad, project) for bad in SOME]))
