"""What a bench is given."""

from dataclasses import dataclass
from functools import cached_property

from bench.outcome import SkippedError
from bench.study import Study


@dataclass(frozen=True)
class Options:
    """The folders of the studies; they are opened only by the benches that need them."""

    study_path: str
    second_path: str | None = None

    @cached_property
    def study(self) -> Study:
        """The finished study whose models are timed."""
        return Study.at(self.study_path)

    @cached_property
    def second(self) -> Study:
        """The other one of two whole studies."""
        if not self.second_path:
            raise SkippedError(
                "give two finished studies: make bench ONLY=studies STUDY=a STUDY2=b"
            )
        return Study.at(self.second_path)
