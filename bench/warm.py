"""The fixed cost of a job with the warm parent and without it."""

import shutil
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from bench.options import Options
from bench.outcome import Outcome, ratio_at_most
from bench.small import done_jobs, model_files, run_files, small_project
from bench.text_table import text_table
from bench.used import snakemake

TITLE = "Fixed cost of a job: a run's time outside of its visits, and a training of one step"
BATCHES = list(range(1, 7))
LIMIT_S, LIMIT_RATIO = 1.0, 0.5
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
    for how in TURNS:
        for folder in ("models", "runs"):
            shutil.rmtree(root / "results" / folder, ignore_errors=True)
        for targets in (model_files(BATCHES), run_files(BATCHES)):
            snakemake(root, "--cores", "1", *targets, TFSCALE_WARM=SWITCH[how])
        runs, trainings = done_jobs(root, "measure"), done_jobs(root, "train")
        costs_s["measure", how] += [outside_s(root, job.log, job.seconds) for job in runs]
        costs_s["train", how] += [job.seconds for job in trainings]
    return outcomes({key: sorted(costs) for key, costs in costs_s.items()})


def outside_s(root: Path, log: str, seconds: float) -> float:
    """What a run took outside of its visits; its log is named after it."""
    cell = Path(log).stem.removesuffix("_round1")
    path = root / "results" / "runs" / cell / "round1.parquet"
    return seconds - sum(pq.read_table(path, columns=["visit_s"])["visit_s"].to_pylist())


def outcomes(costs_s: dict[tuple[str, str], list[float]]) -> list[Outcome]:
    """The medians: of timing runs as a share of a second, and of both with over without."""
    names = {"measure": "timing run, outside of visits", "train": "training of one step, whole job"}
    header = ["job", "parent", "jobs", "least s", "median s", "most s"]
    rows = [
        (names[rule], how, len(costs), costs[0], median(costs), costs[-1])
        for (rule, how), costs in costs_s.items()
    ]
    print(text_table(header, rows))
    warm_s, cold_s = (median(costs_s["measure", how]) for how in SWITCH)
    trained_s = [median(costs_s["train", how]) for how in SWITCH]
    return [
        ratio_at_most(
            "fixed cost of a timing run with the parent, share of 1 s", warm_s / LIMIT_S, 1,
            f"{warm_s / LIMIT_S:.3f}",
        ),
        ratio_at_most("fixed cost of a timing run, with / without", warm_s / cold_s, LIMIT_RATIO),
        Outcome("training of one step, with / without", f"{trained_s[0] / trained_s[1]:.3f}"),
    ]  # fmt: skip
