"""How the CPUs choose their clock: governor, turbo, driver; from /sys (Linux)."""

from pathlib import Path

SYSTEM = Path("/sys/devices/system/cpu")
UNKNOWN = "unknown"


def governors() -> str:
    """The frequency governors in use, joined by commas when CPUs differ; unknown without any."""
    return _distinct("scaling_governor")


def drivers() -> str:
    """The drivers that set the frequency; unknown where the guest or system does not say."""
    return _distinct("scaling_driver")


def turbo() -> str:
    """on, off or unknown: whether a CPU may run above its nominal clock while it is cool."""
    for name, on in (("intel_pstate/no_turbo", "0"), ("cpufreq/boost", "1")):
        if text := _read(SYSTEM / name):
            return "on" if text == on else "off"
    return UNKNOWN


def _distinct(name: str) -> str:
    found = {_read(path) for path in SYSTEM.glob(f"cpu[0-9]*/cpufreq/{name}")} - {""}
    return ",".join(sorted(found)) or UNKNOWN


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
