"""The answer on top of the page: for a reader who has two minutes."""

from collections.abc import Iterable

import pandas as pd

from tfscale.analysis.group_words import listed
from tfscale.analysis.law_words import NONE, OPEN, UNTESTED, best_law
from tfscale.analysis.threshold_words import FOUND
from tfscale.analysis.threshold_words import NONE as NO_THRESHOLD
from tfscale.analysis.threshold_words import OPEN as OPEN_THRESHOLD
from tfscale.analysis.threshold_words import UNTESTED as UNTESTED_THRESHOLD
from tfscale.analysis.work_words import OPERATION_WORDS, label_words
from tfscale.axis_words import AXIS_WORDS
from tfscale.phrases import counted, share
from tfscale.report.page_laws import KEYS

MOST = 4
"""Thresholds that are told one by one."""
FITS = ("regimes", "time_shares", "thresholds", "laws", "claims")


def answer(
    top: list[str], cells: pd.DataFrame, fits: dict[str, pd.DataFrame]
) -> dict[str, list[str]]:
    """Sentences by heading: what drives the time (`top`, the first findings), the regimes, the
    thresholds, the paper's claims, and what is undetermined. `fits` holds the tables of FITS."""
    own = {name: _own(table, cells) for name, table in fits.items()}
    said = {
        "What drives the time": top,
        "Regimes": [*_where(own["time_shares"]), *label_words(own["regimes"])],
        "Thresholds": list(_thresholds(own["thresholds"])),
        "The paper's claims": list(_claims(own["claims"])),
        "Undetermined": list(_undetermined(cells, own)),
    }
    return {heading: sentences for heading, sentences in said.items() if sentences}


def _own(table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The rows on the study's own machines, not on imported ones."""
    return table[table["machine"].isin(cells["machine"])]


def _where(shares: pd.DataFrame) -> Iterable[str]:
    """For each model the operation that takes most of the time."""
    known = shares.dropna(subset=["time_share_low"])
    for model, rows in known.groupby("model", sort=False):
        row = rows.sort_values("time_share").iloc[-1]
        yield (
            f"{model}: most of the time of all cells goes into {OPERATION_WORDS[row['operation']]},"
            f" {share(row['time_share'])} ({share(row['time_share_low'])} to "
            f"{share(row['time_share_high'])})."
        )


def _thresholds(table: pd.DataFrame) -> Iterable[str]:
    found = table[table["verdict"] == FOUND]
    for row in found.head(MOST).to_dict("records"):
        alone = "" if row["slice"] == "all" else f" ({row['slice']})"
        unit = "batch size" if row["x"] == "batch_size" else "FLOP a call"
        factor = AXIS_WORDS[row["factor"]].name
        yield f"{row['model']}, {factor}{alone}: a threshold in {unit}, {row['reason']}."
    if len(found) > MOST:
        yield f"{len(found) - MOST} more thresholds are listed under Analysis."
    rest = table.loc[table["verdict"] != FOUND, "verdict"].value_counts()
    untested = int(rest.get(UNTESTED_THRESHOLD, 0))
    able = f"of {counted(len(table) - untested, 'sweep')} that could show one"
    if without := rest.get(NO_THRESHOLD, 0):
        yield f"None in {without} {able}."
    if open_ := rest.get(OPEN_THRESHOLD, 0):
        yield f"Undetermined in {open_} {able}."
    if untested:
        yield f"Not testable in {counted(untested, 'sweep')}: at least 6 levels are needed."


def _claims(table: pd.DataFrame) -> Iterable[str]:
    for verdict in ("supported", "rejected"):
        rows = table[(table["verdict"] == verdict) & (table["family"] == "primary")]
        if len(rows):
            yield f"{verdict[0].upper()}{verdict[1:]}: {'; '.join(_named(rows))}."


def _named(rows: pd.DataFrame) -> list[str]:
    """Each claim once, with the parts of it that the rows are of."""
    parts: dict[str, dict[str, None]] = {}
    for row in rows.to_dict("records"):
        part = " ".join(row["test"].split()[2:])
        parts.setdefault(row["text"], {}).update({part: None} if part else {})
    return [f"{text} ({', '.join(found)})" if found else text for text, found in parts.items()]


def _undetermined(cells: pd.DataFrame, own: dict[str, pd.DataFrame]) -> Iterable[str]:
    few = int(cells["coverage"].isna().sum())
    if few:
        yield f"{few} of {len(cells)} latencies have no interval (too few undisturbed visits)."
    yield from _laws(own["laws"])
    claims = own["claims"]
    for verdict in ("undetermined", "not testable"):
        rows = claims[(claims["verdict"] == verdict) & (claims["family"] != "exploratory")]
        if len(rows):
            yield f"The paper's claims that are {verdict}: {'; '.join(_named(rows))}."


def _laws(table: pd.DataFrame) -> Iterable[str]:
    """The factors of each model whose law is not known, by what is missing."""
    words = {
        NONE: "none of the nine laws fits",
        OPEN: "more than one law fits",
        UNTESTED: "the law is not testable",
    }
    why: dict[tuple[str, str], list[str]] = {}
    pooled = table[table["slice"].isin(("pooled", "all"))]
    for (_, model, factor), rows in pooled.groupby(KEYS, sort=False):
        verdict = str(best_law(rows)["verdict"])
        for start, said in words.items():
            if verdict.startswith(start):
                why.setdefault((str(model), said), []).append(AXIS_WORDS[factor].name)
    for (model, said), factors in why.items():
        yield f"{model}: {said} along {listed(factors)}."
