"""The machine that a timing depends on: processor and settings; its identity.

Snakemake's own process looks at it too, so that no library of the jobs is imported here.
"""

import hashlib
import json
import os
import platform
import time
from pathlib import Path

import psutil

from tfscale.jobs import limits
from tfscale.jobs.surroundings import scheduling
from tfscale.timing.counters import load_average
from tfscale.timing.protocol import VARIES

ROOT = Path("/")
UNKNOWN = "unknown"
FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx_vnni",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "fma",
    "f16c",
    "asimd",
    "asimddp",
    "bf16",
    "sve",
    "sve2",
)


def processor() -> dict[str, str]:
    """Model, topology, caches, flags that TensorFlow asks for, and how the clock is set."""
    cpu = _cpuinfo()
    flags = cpu.get("flags", cpu.get("Features", "")).split()
    return {
        "cpu_model": cpu.get("model name") or platform.processor() or platform.machine(),
        "cpu_microcode": cpu.get("microcode", UNKNOWN),
        "cpu_flags": " ".join(flag for flag in FLAGS if flag in flags),
        "cpu_caches": _caches(),
        "cpu_count": str(psutil.cpu_count(logical=True)),
        "cpu_topology": _topology(),
        "smt": _read("sys/devices/system/cpu/smt/control"),
        "governor": cpu_governors(),
        "clock_driver": _distinct("scaling_driver"),
        "turbo": turbo(),
        "idle_driver": _read("sys/devices/system/cpu/cpuidle/current_driver"),
        "cpu_isolated": _read("sys/devices/system/cpu/isolated"),
        "cpu_nohz_full": _read("sys/devices/system/cpu/nohz_full"),
        "hypervisor": ("yes" if "hypervisor" in flags else "no") if flags else UNKNOWN,
        "hardware": _hardware(),
    }


def system() -> dict[str, str]:
    """Name, kernel, its settings that change timings, limits of the job, and the timer."""
    quota, limit = limits.cpu_quota(), limits.memory_limit()
    timer = time.get_clock_info("perf_counter")
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "aslr": _read("proc/sys/kernel/randomize_va_space"),
        "huge_pages": _read("sys/kernel/mm/transparent_hugepage/enabled"),
        "clock_source": _read("sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "timer": f"{timer.implementation}, resolution {timer.resolution:g} s",
        "cpu_allowed": str(len(_affinity()) or psutil.cpu_count(logical=True)),
        "cpu_quota": f"{quota:g}" if quota is not None else "none",
        "cpuset": limits.cpuset() or "none",
        "memory_limit_bytes": str(limit) if limit is not None else "none",
    } | scheduling()


def state() -> dict[str, str]:
    """What changes from one job to the next on the same machine."""
    load = load_average()
    return {
        "affinity": " ".join(map(str, _affinity())) or UNKNOWN,
        "clock_mhz": _cpuinfo().get("cpu MHz", UNKNOWN),
        "load_average": f"{load:.2f}" if load is not None else UNKNOWN,
        "memory_bytes": str(psutil.virtual_memory().total),
        "memory_available_bytes": str(psutil.virtual_memory().available),
        "uptime_s": f"{time.time() - psutil.boot_time():.0f}",
    }


def _affinity() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _cpuinfo() -> dict[str, str]:
    """The first processor in /proc/cpuinfo; empty where there is none (macOS)."""
    block = _read("proc/cpuinfo").split("\n\n")[0]
    pairs = [line.split(":", 1) for line in block.splitlines() if ":" in line]
    return {key.strip(): value.strip() for key, value in pairs}


def _hardware() -> str:
    """Maker and product; of a virtual machine mostly the name of its hypervisor or cloud."""
    texts = [_read(f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")]
    return " ".join(text for text in texts if text != UNKNOWN) or UNKNOWN


def _topology() -> str:
    """How many CPUs of how many cores in how many sockets, and NUMA nodes."""
    folders = list((ROOT / "sys/devices/system/cpu").glob("cpu[0-9]*/topology"))
    if not folders:
        return UNKNOWN
    packages = [_read(folder / "physical_package_id") for folder in folders]
    cores = set(zip(packages, (_read(folder / "core_id") for folder in folders), strict=True))
    nodes = len(list((ROOT / "sys/devices/system/node").glob("node[0-9]*"))) or 1
    return (
        f"{len(set(packages))} sockets, {len(cores)} cores, "
        f"{len(folders) / len(cores):g} threads a core, {nodes} NUMA nodes"
    )


def _caches() -> str:
    """Level, kind and size of the caches of the first CPU."""
    folders = sorted((ROOT / "sys/devices/system/cpu/cpu0/cache").glob("index[0-9]*"))
    parts = [[_read(folder / name) for name in ("level", "type", "size")] for folder in folders]
    return ", ".join(f"L{level} {kind} {size}" for level, kind, size in parts) or UNKNOWN


SYSTEM = Path("/sys/devices/system/cpu")


def cpu_governors() -> str:
    """The frequency governors in use, joined by commas when CPUs differ; unknown without any."""
    return _distinct("scaling_governor")


def turbo() -> str:
    """on, off or unknown: whether a CPU may run above its nominal clock while it is cool."""
    for name, on in (("intel_pstate/no_turbo", "0"), ("cpufreq/boost", "1")):
        if (text := _read(SYSTEM / name)) not in ("", UNKNOWN):
            return "on" if text == on else "off"
    return UNKNOWN


def _distinct(name: str) -> str:
    """What the CPUs say, joined by commas when they differ; unknown where none does."""
    found = {_read(path) for path in SYSTEM.glob(f"cpu[0-9]*/cpufreq/{name}")} - {"", UNKNOWN}
    return ",".join(sorted(found)) or UNKNOWN


def _read(path: str | Path) -> str:
    try:
        return (ROOT / path).read_text().strip()
    except OSError:
        return UNKNOWN


DIGITS = 12


def identity(record: dict[str, str]) -> str:
    """A short digest of what is stable in a record: rows that differ in it are never pooled.

    A key that is not known to vary counts as stable.
    """
    stable = {key: value for key, value in record.items() if key not in VARIES}
    text = json.dumps(stable, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
