"""Parallel efficiency of the training: the same models one at a time and two at once."""

import os
import shutil
from pathlib import Path

from bench.both_cpus import efficiencies
from bench.options import Options
from bench.outcome import Outcome, SkippedError, ratio_at_least
from bench.ratios import alternated, medians, ratio_of_pairs
from bench.small import done_jobs, model_files, small_project
from bench.text_table import text_table
from bench.used import snakemake

TITLE = "The same models trained one at a time and two at once, by turns"
BATCHES = [52, 56, 60, 64]
CORES, PAIRS, LIMIT = 2, 3, 0.85
RECIPE = {"epochs": 30, "max_steps": None, "budget_tflop": None}
"""Ten to twenty seconds a model, by machine, nearly as in the default study: the one import of
TensorFlow that a Snakemake run pays for, however many models it trains, is in both spans."""


def bench(options: Options) -> list[Outcome]:
    """Time one at a time over twice the time two at once, from the first start to the last end."""
    if len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else "") < CORES:
        raise SkippedError(f"this process may use fewer than {CORES} CPUs")
    root = small_project(BATCHES, RECIPE)
    snakemake(root, "resources/encoded/builtin/mnist_input28.npz")
    pairs = alternated(PAIRS, lambda: span_s(root, 1), lambda: span_s(root, CORES))
    alone_s, together_s = medians(pairs)
    rows = [
        (how, len(BATCHES), seconds, seconds / len(BATCHES))
        for how, seconds in (("one at a time", alone_s), (f"{CORES} at once", together_s))
    ]
    print(text_table(["training", "models", "seconds", "s a model"], rows))
    ratio = ratio_of_pairs(pairs)
    efficiency = ratio.value / CORES
    return [
        ratio_at_least(f"parallel efficiency of training on {CORES} cores", efficiency, LIMIT),
        Outcome("one at a time / two at once", str(ratio)),
        *[
            Outcome(f"… the machine's own, {what}", f"{value:.2f}")
            for what, value in efficiencies(sorted(os.sched_getaffinity(0))[:CORES]).items()
        ],
    ]


def span_s(root: Path, cores: int) -> float:
    """Seconds from the start of the first training to the end of the last one."""
    shutil.rmtree(root / "results" / "models", ignore_errors=True)
    snakemake(root, "--cores", str(cores), *model_files(BATCHES))
    trained = done_jobs(root, "train")
    return max(job.end for job in trained) - min(job.start for job in trained)
