"""The fixed cost of a job with the warm parent and without it, and whether the numbers agree."""

import shutil
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from bench.options import Options
from bench.outcome import Outcome, ratio_at_most, ratio_near_one
from bench.ratios import Pair, ratio_of_pairs
from bench.small import Done, done_jobs, model_files, run_files, small_project
from bench.text_table import text_table
from bench.used import snakemake

TITLE = "Fixed cost of a job: a run's time outside of its visits, and a training of one step"
BATCHES = list(range(1, 7))
LIMIT_S, LIMIT_RATIO, TOLERANCE = 1.0, 0.5, 0.05
SWITCH = {"warm": "1", "cold": "0"}
TURNS = ("warm", "cold", "cold", "warm")


def bench(options: Options) -> list[Outcome]:
    """Medians over the jobs of a small study, made anew with and without the parent by turns; from
    the start that Snakemake notes to the job's last output."""
    root = small_project(BATCHES, {"max_steps": 1, "budget_tflop": None})
    snakemake(root, "results/machine.json", "resources/encoded/builtin/mnist_input28.npz")
    costs_s: dict[tuple[str, str], list[float]] = {
        (rule, how): [] for rule in ("measure", "train") for how in SWITCH
    }
    latencies_s: dict[str, list[float]] = {how: [] for how in SWITCH}
    for how in TURNS:
        for folder in ("models", "runs"):
            shutil.rmtree(root / "results" / folder, ignore_errors=True)
        for targets in (model_files(BATCHES), run_files(BATCHES)):
            snakemake(root, "--cores", "1", *targets, TFSCALE_WARM=SWITCH[how])
        runs, trainings = done_jobs(root, "measure"), done_jobs(root, "train")
        costs_s["measure", how] += [outside_s(root, job) for job in runs]
        latencies_s[how] += [visits(root, job, "p50_s")[0] for job in sorted(runs, key=log_of)]
        costs_s["train", how] += [job.seconds for job in trainings]
    pairs = list(zip(*latencies_s.values(), strict=True))
    return outcomes({key: sorted(costs) for key, costs in costs_s.items()}, pairs)


def log_of(job: Done) -> str:
    """A run's log, which is named after its cell."""
    return job.log


def visits(root: Path, job: Done, column: str) -> list[float]:
    """A column of a run, one value a visit."""
    cell = Path(job.log).stem.removesuffix("_round1")
    path = root / "results" / "runs" / cell / "round1.parquet"
    return pq.read_table(path, columns=[column])[column].to_pylist()


def outside_s(root: Path, job: Done) -> float:
    """What a run took outside of its visits."""
    return job.seconds - sum(visits(root, job, "visit_s"))


def outcomes(costs_s: dict[tuple[str, str], list[float]], pairs: list[Pair]) -> list[Outcome]:
    """The medians: of timing runs as a share of a second, of both with over without; and of the
    latencies of the same cells with and without the parent, as `pairs`."""
    names = {"measure": "timing run, outside of visits", "train": "training of one step, whole job"}
    header = ["job", "parent", "jobs", "least s", "median s", "most s"]
    rows = [
        (names[rule], how, len(costs), costs[0], median(costs), costs[-1])
        for (rule, how), costs in costs_s.items()
    ]
    print(text_table(header, rows))
    warm_s, cold_s = (median(costs_s["measure", how]) for how in SWITCH)
    trained_s = [median(costs_s["train", how]) for how in SWITCH]
    same = ratio_of_pairs(pairs)
    return [
        ratio_at_most(
            "fixed cost of a timing run with the parent, share of 1 s", warm_s / LIMIT_S, 1,
            f"{warm_s / LIMIT_S:.3f}",
        ),
        ratio_at_most("fixed cost of a timing run, with / without", warm_s / cold_s, LIMIT_RATIO),
        Outcome("training of one step, with / without", f"{trained_s[0] / trained_s[1]:.3f}"),
        ratio_near_one("latency of a run, with / without", same.value, TOLERANCE, str(same)),
    ]  # fmt: skip
