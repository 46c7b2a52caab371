"""A real Slurm on one machine, for tests: Debian's packages, munged, slurmctld and a slurmd a node.

Needs root on Debian or Ubuntu, no systemd and no cgroups; listens on loopback only. The daemons are
children of this process, and the kernel ends them with it.
"""

import os
import platform
import pwd
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template

import psutil

TEMPLATE = Path(__file__).with_name("slurm.conf.template")
CONFIGURATION = Path("/etc/slurm/slurm.conf")
"""The plugin's jobs drop SLURM_CONF, so that it must lie where Slurm looks."""
PROGRAMS = ("munged", "slurmctld", "slurmd", "squeue")
PACKAGES = ("munge", "slurm-wlm")
POLICY = Path("/usr/sbin/policy-rc.d")
FIRST_PORT = 16921
WITHIN_S = 60
FIELDS = "%i|%T|%N|%C|%S|%e|%k"
UNENDED = ("PENDING", "RUNNING", "SUSPENDED", "COMPLETING")


@dataclass(frozen=True)
class Job:
    """A job as squeue tells it: its node is empty until it starts."""

    number: str
    state: str
    node: str
    cpus: int
    start: datetime | None
    end: datetime | None
    comment: str

    @classmethod
    def parse(cls, line: str) -> "Job":
        number, state, node, cpus, start, end, comment = line.split("|", 6)
        return cls(number, state, node, int(cpus), _time(start), _time(end), comment)

    @property
    def rule(self) -> str:
        """The rule, from the comment that the plugin writes."""
        return self.comment.removeprefix("rule_").split("_wildcards_")[0]


def _time(text: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    return None


class OneMachine:
    """The cluster; use it as a context. `features` has the features of each node by name."""

    def __init__(self, features: dict[str, str], cpus: int, memory_mb: int, base: Path):
        self.features, self.base = features, base
        self._sizes = {"cpus": cpus, "memory_mb": memory_mb}
        self._daemons: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "OneMachine":
        install()
        self._lay_out()
        try:
            self._start(
                "munged",
                "munge",
                [
                    "munged",
                    "--foreground",
                    f"--key-file={self.base}/munge/key",
                    f"--socket={self.base}/munge/socket",
                    f"--pid-file={self.base}/munge/pid",
                    f"--log-file={self.base}/munge/log",
                    f"--seed-file={self.base}/munge/seed",
                ],
            )
            self._wait("munged", lambda: Path(self.base, "munge/socket").exists())
            self._start("slurmctld", "slurm", ["slurmctld", "-D"])
            self._wait("slurmctld", lambda: "UP" in _said("scontrol", "ping"))
            for node in self.features:
                self.power_on(node)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        unended = [job.number for job in self.jobs() if job.state in UNENDED]
        if unended:
            _said("scancel", *unended)
            with suppress(TimeoutError):
                self._wait("end of the jobs", lambda: not _said("squeue", "-h"))
        _kill(_steps(unended))
        for name in reversed(list(self._daemons)):
            daemon = self._daemons.pop(name)
            daemon.terminate()
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(10)
            daemon.kill()
        if CONFIGURATION.is_symlink():
            CONFIGURATION.unlink()

    @property
    def running(self) -> list[str]:
        """The nodes that are switched on."""
        return [node for node in self.features if node in self._daemons]

    def jobs(self) -> list[Job]:
        """Every job since the start, in the order of submission."""
        lines = _said("squeue", "-h", "-t", "all", "-o", FIELDS).splitlines()
        return sorted((Job.parse(line) for line in lines), key=lambda job: int(job.number))

    def cancel(self, job: Job) -> None:
        """As a user does."""
        _said("scancel", job.number)

    def power_off(self, node: str) -> None:
        """All at once: the node's slurmd, the steps of its jobs, and their processes."""
        daemon = psutil.Process(self._daemons.pop(node).pid)
        numbers = [job.number for job in self.jobs() if job.node == node and job.state == "RUNNING"]
        _kill([daemon, *daemon.children(recursive=True), *_steps(numbers)])
        daemon.wait()

    def power_on(self, node: str) -> None:
        """Start the node and wait until jobs may run on it."""
        self._start(node, None, ["slurmd", "-D", "-N", node])
        self._wait(node, lambda: "idle" in _said("sinfo", "-h", "-n", node, "-o", "%t"))

    def _start(self, name: str, user: str | None, command: list[str]) -> None:
        as_user = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
        with Path(self.base, "log", f"{name}.out").open("a") as said:
            self._daemons[name] = subprocess.Popen(
                ["setpriv", *as_user, "--pdeathsig", "TERM", *command],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                env=os.environ | {"PATH": f"/usr/sbin:/sbin:{os.environ['PATH']}"},
            )

    def _wait(self, what: str, condition) -> None:
        end = time.monotonic() + WITHIN_S
        while not condition():
            dead = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
            if dead:
                raise RuntimeError(f"{', '.join(dead)} has ended: see {self.base}/log")
            if time.monotonic() > end:
                raise TimeoutError(f"{what} did not come within {WITHIN_S} s: see {self.base}/log")
            time.sleep(0.2)

    def _lay_out(self) -> None:
        """Folders, the key and the configuration; nothing of an earlier cluster is kept."""
        if CONFIGURATION.exists() and not CONFIGURATION.is_symlink():
            raise RuntimeError(f"{CONFIGURATION} is another cluster's: test on another machine")
        shutil.rmtree(self.base, ignore_errors=True)
        owners = {"run": "slurm", "log": "slurm", "state": "slurm", "munge": "munge"}
        for name in (".", "spool", *owners, *(f"spool/{node}" for node in self.features)):
            folder = self.base / name
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            if owner := owners.get(name):
                shutil.chown(folder, owner, owner)
        key = self.base / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        shutil.chown(key, "munge", "munge")
        host = platform.node().split(".")[0]
        nodes = [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={FIRST_PORT + place}"
            + (f" Features={words}" if words else "")
            for place, (node, words) in enumerate(self.features.items())
        ]
        text = Template(TEMPLATE.read_text()).substitute(
            self._sizes, base=self.base, host=host, nodes="\n".join(nodes)
        )
        target = self.base / "slurm.conf"
        target.write_text(text)
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.unlink(missing_ok=True)
        CONFIGURATION.symlink_to(target)


def install() -> None:
    """Install Slurm and Munge where they are missing, without starting what they bring."""
    if os.getuid() != 0:
        raise PermissionError("a Slurm of one's own needs root: sudo make test-slurm")
    path = f"/usr/sbin:/sbin:{os.environ['PATH']}"
    if all(shutil.which(program, path=path) for program in PROGRAMS) and _users():
        return
    if not shutil.which("apt-get"):
        raise RuntimeError("install munge and Slurm first: here is no apt-get to do it with")
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            subprocess.run(
                ["apt-get", "-qq", *command],
                check=True,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )
    finally:
        if ours:
            POLICY.unlink()


def _users() -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam("munge") and pwd.getpwnam("slurm"))
    return False


def _steps(numbers: list[str]) -> list[psutil.Process]:
    """The slurmstepds of these jobs and all processes under them."""
    found = []
    for process in psutil.process_iter():
        if _is_step(process, numbers):
            found += [process, *process.children(recursive=True)]
    return found


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _is_step(process: psutil.Process, numbers: list[str]) -> bool:
    """Whether it is the slurmstepd of one of these jobs: its title names the job."""
    try:
        title = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "slurmstepd" in title and any(f"[{number}." in title for number in numbers)


def _said(*command: str) -> str:
    """What one of Slurm's commands prints; empty when it fails or does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
