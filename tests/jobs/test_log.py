"""A job ends with the Snakemake that started it, however and whenever that was killed."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from paths import ROOT

from tfscale.jobs import log

SCRIPTS = str(ROOT / "workflow" / "scripts")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own word, on Linux")


ORPHAN = """
import subprocess, sys, time
code = "import time; from tfscale.jobs.log import logged\\nwith logged('x.log'): time.sleep(120)"
child = subprocess.Popen([sys.executable, "-c", code])
print(child.pid, flush=True)
time.sleep(120)
"""


def test_a_job_ends_with_the_snakemake_that_was_killed(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN],
        env=os.environ | {"PYTHONPATH": SCRIPTS},
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    job = psutil.Process(int(parent.stdout.readline()))
    end = time.monotonic() + 60
    while not (tmp_path / "x.log").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    while job.is_running() and job.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.02)


LATE = """
import subprocess, sys
from tfscale.jobs.log import name_snakemake
name_snakemake()
wait = "import sys; sys.stdin.read()"
code = wait + "\\nfrom tfscale.jobs.log import logged\\nwith logged('x.log'): print('on')"
before = ["sh", "-c", '"$0" "$@"; exit $?'] if sys.argv[1] == "shell" else []
child = subprocess.Popen([*before, sys.executable, "-c", code])
"""


WAITS = {"lives on": None, "killed": os.WEXITED, "a zombie": os.WEXITED | os.WNOWAIT}


@pytest.mark.parametrize(
    ("between", "fate"),
    [("nothing", "killed"), ("nothing", "a zombie"), ("shell", "lives on"), ("shell", "killed")],
)
def test_a_job_that_came_up_after_its_snakemake_was_killed_does_nothing(tmp_path, between, fate):
    wait = WAITS[fate]
    killed = wait is not None
    ending = "os.kill(os.getpid(), 9)" if killed else "child.wait()"
    with subprocess.Popen(
        [sys.executable, "-c", f"import os{LATE}{ending}", between],
        env=os.environ | {"PYTHONPATH": SCRIPTS},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        if killed:
            os.waitid(os.P_PID, parent.pid, wait)
        parent.stdin.close()  # the job goes on
        parent.stdout.read()  # until all that had it open have ended
    assert (tmp_path / "x.log").exists() is not killed


def test_a_job_of_another_pid_namespace_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv(log.SNAKEMAKE, f"pid:[1] {2**31 - 1}")
    code = "from tfscale.jobs.log import logged\nwith logged('x.log'): print('on')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": SCRIPTS}, cwd=tmp_path
    )
    assert (done.returncode, (tmp_path / "x.log").read_text()) == (0, "on\n")
