"""The record of the environment, and which of it decides what is pooled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfscale.jobs.surroundings import variables
from tfscale.timing import machine
from tfscale.timing.machine import identity

CODE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from tfscale.timing.machine import identity
from tfscale.timing.versions import environment
first = environment()
threads = len(os.listdir("/proc/self/task")) if os.path.exists("/proc/self/task") else 1
os.environ["OMP_NUM_THREADS"] = "7"
print(json.dumps([first, threads, identity(first) == identity(environment())]))
"""


@pytest.fixture(scope="module")
def recorded() -> tuple[dict[str, str], int, bool]:
    """The record of a process as a job starts it, with oneDNN switched off."""
    settings = {
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_HTTP_PASSWORD": "hunter2",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(Path(machine.__file__).parents[2])],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | settings,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_the_record_is_complete_and_all_text(recorded):
    record, _, _ = recorded
    wanted = (
        "version_tensorflow version_keras version_numpy version_python python_compiler host system "
        "cpu_model cpu_flags cpu_count cpu_topology cpu_allowed cpu_quota governor turbo smt aslr "
        "hypervisor timer clock_source affinity clock_mhz load_average uptime_s memory_bytes "
        "git_commit onednn tensorflow_build variable_TF_ENABLE_ONEDNN_OPTS"
    )
    assert set(wanted.split()) <= set(record)
    assert all(isinstance(value, str) for value in record.values())
    assert record["onednn"] == "off"
    assert "hunter2" not in json.dumps(record)


def test_a_process_that_recorded_may_still_fork(recorded):
    assert recorded[1] == 1


def test_two_records_of_one_machine_have_one_identity(recorded):
    assert recorded[2]


@pytest.mark.parametrize(
    "key",
    [
        "host",
        "cpu_model",
        "version_tensorflow",
        "governor",
        "cpu_quota",
        "system",
        "onednn",
        "variable_TF_ENABLE_ONEDNN_OPTS",
        "a_key_of_tomorrow",
    ],
)
def test_what_is_stable_decides(recorded, key):
    record = recorded[0]
    assert identity(record | {key: "other"}) != identity(record)


@pytest.mark.parametrize(
    "name", ["TF_TOKEN_app_terraform_io", "TF_HTTP_PASSWORD", "CUDA_API_KEY", "TF_ENCRYPTION"]
)
def test_secrets_and_the_variables_of_others_are_left_out(monkeypatch, name):
    monkeypatch.setenv(name, "hunter2")
    assert "hunter2" not in variables().values()


@pytest.mark.parametrize(
    "name", ["TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS", "LD_PRELOAD", "GLIBC_TUNABLES"]
)
def test_settings_that_change_timings_are_recorded(monkeypatch, name):
    monkeypatch.setenv(name, "")
    assert variables()[name] == ""


def test_a_system_that_says_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    record = machine.processor() | machine.system() | machine.state()
    assert record["cpu_topology"] == record["cpu_caches"] == record["aslr"] == "unknown"
    assert all(isinstance(value, str) for value in record.values())
