"""What a job's result depends on: the digest of its code."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.util import resolve_name
from modulefinder import ModuleFinder
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
ENTRY = "job"
"""The entry of all rules, workflow/scripts/job.py."""
NAMED = re.compile(r"(tfscale(?:\.\w+)+):\w+")
"""How code names a function for a fresh process."""


class Uses(ModuleFinder):
    """The modules under workflow/scripts, and what each imports anywhere in it or names for a
    fresh process.

    It reads byte code, so lazy and relative imports count; libraries lie on no path that it knows.
    """

    def __init__(self) -> None:
        """Know of no module yet."""
        super().__init__(path=[str(SCRIPTS)])
        self.imports: dict[str, set[str]] = defaultdict(set)

    def _safe_import_hook(self, name, caller, fromlist, level=-1):
        """Note who imports what; each module is read once."""
        if caller is not None:
            package = caller.__name__ if caller.__path__ else caller.__name__.rpartition(".")[0]
            whole = resolve_name("." * max(level, 0) + (name or ""), package)
            self.imports[caller.__name__] |= {whole, *(f"{whole}.{sub}" for sub in fromlist or ())}
        super()._safe_import_hook(name, caller, fromlist, level)

    def scan_code(self, co, m):
        """Count the module of a function that is named so as imported."""
        for constant in co.co_consts:
            if isinstance(constant, str) and (name := NAMED.fullmatch(constant)):
                self._safe_import_hook(name[1], m, None, 0)
        super().scan_code(co, m)

    def files(self, roots: Iterable[str]) -> list[Path]:
        """The files of the modules `roots` and of all that they import, with their packages'."""
        found: set[str] = set()
        waiting = list(roots)
        for name in waiting:
            self.import_hook(name)
        while waiting:
            name = waiting.pop()
            if name in self.modules and name not in found:
                found.add(name)
                waiting += [name.rpartition(".")[0], *self.imports[name]]
        places = (vars(self.modules[name])["__file__"] for name in found)
        return sorted(Path(place) for place in places if place)


@cache
def _uses(scripts: Path) -> Uses:
    return Uses()


def files_of(*targets: str) -> list[Path]:
    """The files of the project's code that the functions `targets` (module:function) depend on,
    with the entry that calls them."""
    modules = [target.partition(":")[0] for target in targets]
    return _uses(SCRIPTS).files([ENTRY, *modules])


def digest(files: Iterable[str | Path]) -> str:
    """A digest over places in the pipeline's folder and contents: no time and no folder above
    counts."""
    whole, pipeline = hashlib.sha256(), SCRIPTS.parents[1]
    for path in files:
        place = pipeline.joinpath(path).resolve().relative_to(pipeline).as_posix()
        whole.update(place.encode() + _sha256(pipeline / path))
    return whole.hexdigest()[:16]


@cache
def _sha256(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
