"""What whole jobs cost, in small real studies: the warm parent, training, the estimate."""

import json
import os
import shutil
from pathlib import Path
from statistics import median

import pandas as pd
import pyarrow.parquet as pq
import yaml

from bench.outcome import (
    Outcome,
    SkippedError,
    ratio_at_least,
    ratio_at_most,
    ratio_near_one,
    text_table,
)
from bench.projects import Done, done_jobs, new_project, snakemake
from bench.ratios import Pair, alternated, medians, ratio_of_pairs
from bench.study import Options, project_config
from tfscale.console.estimate import TOUCHED_S, Speed, run_s, training_s
from tfscale.study.study import Study

GRID = {"model": ["mnist"], "layers": [4], "conv_size": [3], "input_size": [28]}
DATA = "resources/encoded/builtin/fashion-mnist_input28.npz"


def small_project(batch_sizes: list[int], training: dict) -> Path:
    """A project whose study has a cell and a trained model of its own for each batch size, timed
    once; `training` are changed keys of that section."""
    config = project_config()
    config["grid"] = GRID | {"batch_size": batch_sizes}
    config["datasets"] = {"source": "builtin", "mirror": None}
    config["evaluation"] |= {"inputs": max(64, *batch_sizes), "passes": 2}
    config["training"] |= {"batch_size": None, "epochs": 1} | training
    config["timing"] |= {"rounds": 1, "min_time_s": 0.1}
    return new_project(config)


def model_files(batch_sizes: list[int]) -> list[str]:
    """The facts of the trained models of a small project, as targets."""
    return [f"results/models/{_name(size)}/facts.json" for size in batch_sizes]


def run_files(batch_sizes: list[int]) -> list[str]:
    """The runs of a small project, as targets."""
    return [f"results/runs/{_name(size)}_threads1/round1.parquet" for size in batch_sizes]


def _name(batch_size: int) -> str:
    return f"mnist_layers4_batch{batch_size}_conv3_input28"


WARM_BATCHES = list(range(1, 7))
ONE_STEP = {"max_steps": 1, "budget_tflop": None}
LIMIT_S, LIMIT_RATIO, TOLERANCE = 1.0, 0.5, 0.05
SWITCH = {"warm": "1", "cold": "0"}
TURNS = ("warm", "cold", "cold", "warm")


def warm(options: Options) -> list[Outcome]:
    """A small study with and without the warm parent, by turns: a run's time outside of its
    process, a training of one step, and latencies."""
    root = small_project(WARM_BATCHES, ONE_STEP)
    snakemake(root, DATA)
    costs_s: dict[tuple[str, str], list[float]] = {
        (rule, how): [] for rule in ("measure", "train") for how in SWITCH
    }
    latencies_s: dict[str, list[float]] = {how: [] for how in SWITCH}
    for how in TURNS:
        for folder in ("models", "runs"):
            shutil.rmtree(root / "results" / folder, ignore_errors=True)
        for targets in (model_files(WARM_BATCHES), run_files(WARM_BATCHES)):
            snakemake(root, "--cores", "1", *targets, TFSCALE_WARM=SWITCH[how])
        runs = done_jobs(root, "measure")
        costs_s["measure", how] += [outside_s(root, job) for job in runs]
        latencies_s[how] += [total_of(root, job, "latency_s") for job in runs]
        costs_s["train", how] += [job.seconds for job in done_jobs(root, "train")]
    return warm_outcomes(costs_s, list(zip(*latencies_s.values(), strict=True)))


def total_of(root: Path, job: Done, column: str) -> float:
    """The sum of a column over the processes of a run."""
    cell, _, number = Path(job.log).stem.rpartition("_round")
    path = root / "results" / "runs" / cell / f"round{number}.parquet"
    return sum(pq.read_table(path, columns=[column])[column].to_pylist())


def outside_s(root: Path, job: Done) -> float:
    """What a run took outside of its process: from the start that Snakemake notes to its file."""
    return job.seconds - total_of(root, job, "process_s")


def warm_outcomes(costs_s: dict[tuple[str, str], list[float]], pairs: list[Pair]) -> list[Outcome]:
    """The medians: of timing runs as a share of a second, of both with over without; and of the
    latencies of the same cells with and without the parent, as `pairs`."""
    names = {"measure": "timing run, outside of its process", "train": "training of one step"}
    header = ["job", "parent", "jobs", "least s", "median s", "most s"]
    rows = [
        (names[rule], how, len(costs), min(costs), median(costs), max(costs))
        for (rule, how), costs in costs_s.items()
    ]
    print(text_table(header, rows))
    timing_s, training_s = (
        [median(costs_s[rule, how]) for how in SWITCH] for rule in ("measure", "train")
    )
    fixed, same = timing_s[0] / LIMIT_S, ratio_of_pairs(pairs)
    return [
        ratio_at_most("fixed cost of a timing run with the parent, share of 1 s", fixed, 1),
        ratio_at_most(
            "fixed cost of a timing run, with / without", timing_s[0] / timing_s[1], LIMIT_RATIO
        ),
        Outcome("training of one step, with / without", f"{training_s[0] / training_s[1]:.3f}"),
        ratio_near_one("latency of a run, with / without", same.value, TOLERANCE, str(same)),
    ]


TRAINED_BATCHES = [52, 56, 60, 64]
CORES, PAIRS, EFFICIENCY = 2, 3, 0.85
RECIPE = {"epochs": 30, "max_steps": None, "budget_tflop": None}
"""Ten to twenty seconds a model, by machine, nearly as in the default study: the one import of
TensorFlow that a Snakemake run pays for, however many models it trains, is in both spans."""


def training(options: Options) -> list[Outcome]:
    """The same models trained one at a time and two at once, by turns: from the first start to the
    last end."""
    if len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else "") < CORES:
        raise SkippedError(f"this process may use fewer than {CORES} CPUs")
    root = small_project(TRAINED_BATCHES, RECIPE)
    snakemake(root, DATA)
    pairs = alternated(PAIRS, lambda: span_s(root, 1), lambda: span_s(root, CORES))
    rows = [
        (how, len(TRAINED_BATCHES), seconds, seconds / len(TRAINED_BATCHES))
        for how, seconds in zip(("one at a time", f"{CORES} at once"), medians(pairs), strict=True)
    ]
    print(text_table(["training", "models", "seconds", "s a model"], rows))
    ratio = ratio_of_pairs(pairs)
    name = f"parallel efficiency of training on {CORES} cores"
    return [
        ratio_at_least(name, ratio.value / CORES, EFFICIENCY),
        Outcome("one at a time / two at once", str(ratio)),
    ]


def span_s(root: Path, cores: int) -> float:
    """Seconds from the start of the first training to the end of the last one."""
    shutil.rmtree(root / "results" / "models", ignore_errors=True)
    snakemake(root, "--cores", str(cores), *model_files(TRAINED_BATCHES))
    trained = done_jobs(root, "train")
    return max(job.end for job in trained) - min(job.start for job in trained)


COST_TOLERANCE = 0.25


def cost(options: Options) -> list[Outcome]:
    """The opening block's estimate of training and timing, against what a finished study took."""
    root = options.study.results.parent
    if not (root / "config.yaml").exists():
        raise SkippedError(f"no config.yaml beside {options.study.results}")
    study = Study.from_config(yaml.safe_load((root / "config.yaml").read_text()))
    speed, rows = speed_of(options.study.results), []
    for rule, computed_s in (("train", _training_s), ("measure", _run_s)):
        jobs = [job for job in done_jobs(root, rule) if job.seconds > TOUCHED_S]
        computed = sum(computed_s(study, job, speed) for job in jobs)
        measured = sum(job.seconds for job in jobs)
        if measured:
            rows.append((rule, len(jobs), computed, measured, computed / measured))
    header = ["jobs of", "jobs", "computed s", "measured s", "computed / measured"]
    print(text_table(header, rows))
    return [
        ratio_near_one(f"computed / measured seconds of {rule}", ratio, COST_TOLERANCE)
        for rule, *_, ratio in rows
    ]


def speed_of(results: Path) -> Speed:
    """The study's machine, as it was looked at before the runs; its roofs."""
    known = json.loads((results / "machine.json").read_text())
    roofs = pd.read_parquet(results / "roofs.parquet").set_index("threads").loc[1]
    return Speed(
        1e9 * float(roofs["peak_gflop_per_s"]),
        known["reference_s"],
    )


def _training_s(study: Study, job: Done, speed: Speed) -> float:
    return training_s(study, Path(job.log).stem, speed)


def _run_s(study: Study, job: Done, speed: Speed) -> float:
    return run_s(study, Path(job.log).stem.rpartition("_round")[0], speed)
