"""What each rule's result depends on: its modules, and the packages of its environment."""

import ast
import os
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from paths import ROOT

from tfscale.console.code import SCRIPTS, code, code_digest

ENVIRONMENT = {
    "download": "analysis", "encode": "analysis", "train": "tensorflow", "measure": "tensorflow",
    "calibrate": "tensorflow", "floor": "tensorflow",
    "merge": "analysis", "fit": "analysis", "plot": "analysis", "report": "analysis",
}  # fmt: skip
MODULES = {
    "download": "atomic checksums download errors faults log patience saving source_stream "
    "sources tether",
    "encode": "atomic builtin checksums encode encoded errors images log reviews sources tether",
    "train": "architecture atomic budget checksums device encoded errors flop "
    "full_span_convolution job log networks predictions saved_model tether trained "
    "training",
    "calibrate": "atomic calibration cgroup checksums clock counters cpu_watch disturbance errors "
    "holder host log look memory_speed pinning procstat tether timing_turn",
    "measure": "atomic attend axes calibration calls cgroup checksums child clock columns "
    "counters cpu_watch derived device disturbance earlier encoded ending environment errors "
    "facts fresh headline holder host interval isolation job log machine measure "
    "memory memory_speed passes phases pinning procstat quiet run runs saved_model "
    "seal slices slow_calls so_far stopping summary tether timed_block timing_turn units variables "
    "visit",
    "floor": "atomic attend axes calibration calls cgroup checksums child counters derived "
    "device disturbance encoded ending errors floor fresh headline holder isolation "
    "job log memory memory_speed passes phases pinning procstat quiet roofs seal "
    "slices slow_calls tables tether timed_block timing_turn units visit",
    "merge": "architecture atomic axes axis_words calibration cells checksums columns "
    "columns_cells complete_rounds described disturbance errors facts flop gathering interval "
    "latency log merge merging node_class passes pooling reference_speed repeat runs seal tables "
    "tether traffic variables work",
    "fit": "anova anova_words architecture atomic axes axis_words breaks broken calibration "
    "checksums claim_list claim_pairs claim_tests claim_words claims columns columns_claims "
    "complete_rounds columns_fits columns_laws columns_tests columns_work correlations cv_plus "
    "described design detectable drift durations elasticities elasticity_words equivalence "
    "equivalence_words errors exploratory findings fit_tables fitting flop folds "
    "gathering grid group_words growth held_out held_out_words imported interval "
    "lack_of_fit latency law_choice law_fits law_forms law_rows law_terms law_words "
    "laws left_out_level level_pairs log machine_pairs machine_words machines "
    "many_tests many_tests_words matched material noncentral order order_words "
    "outlier_words outliers parts passes phrases pooling predicted prediction_words "
    "predictors reference_speed regimes repeat repeats replicates resampling runs saturation "
    "saturation_words seal slicing spread spread_words sweeps tables tether "
    "threshold_profiles threshold_words thresholds time_shares traffic units warned "
    "within_budget work work_model work_tables work_words workload",
    "plot": "architecture atomic axes axis_words checksums correlations durations errors "
    "figure_axes figure_data figure_list figures figures_errors figures_interaction figures_laws "
    "figures_machines figures_matched figures_paper figures_saturation figures_shares "
    "figures_thresholds figures_work flop group_words interval law_forms log palette "
    "phrases plot slicing so_far stopping style tether traffic units work workload",
    "report": "architecture atomic axes axis_words calibration cell_marks checksums durations "
    "errors fit_tables flop group_words interval law_choice law_forms law_words log marks "
    "page_answer page_cells page_data page_figures page_files page_fits page_laws "
    "page_models page_script page_tables page_visits phrases precision_marks replicates report "
    "so_far stopping tether threshold_words timing_again traffic units warned work "
    "work_model work_words workload",
}
PACKAGE_OF = {"PIL": "pillow", "urllib3": "requests"}


@pytest.mark.parametrize("rule", MODULES)
def test_a_rule_depends_on_these_modules_and_no_others(rule):
    found = {Path(path).stem for path in code(f"{rule}.py") if "tfscale/" in path}
    assert found == set(MODULES[rule].split())
    assert f"workflow/scripts/{rule}.py" in code(f"{rule}.py")


def third_party(path: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    tops = {name.split(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - {"tfscale"}


def pins(name: str) -> dict[str, str]:
    environment = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    (pip,) = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    return dict(pin.split("==") for pin in pip)


@pytest.mark.parametrize("rule", ENVIRONMENT)
def test_every_import_is_in_the_rules_environment(rule):
    wanted = {
        PACKAGE_OF.get(name, name) for path in code(f"{rule}.py") for name in third_party(path)
    }
    assert wanted <= set(pins(ENVIRONMENT[rule]))


@pytest.mark.parametrize("name", ["tensorflow", "analysis"])
def test_environments_pin_what_is_locked(name):
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"]: package.get("version") for package in lock["package"]}
    assert pins(name) == {package: locked[package] for package in pins(name)}


def test_every_dependency_says_why_it_is_there():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    dependencies = [line for line in lines if line.startswith('    "') and ">=" in line]
    assert len(dependencies) > 20
    assert all("  # " in line for line in dependencies)


def test_entries_and_modules_stay_small():
    for path in SCRIPTS.rglob("*.py"):
        most = 160 if "tfscale" in path.parts else 36
        assert len(path.read_text().splitlines()) <= most, path


def test_a_digest_follows_every_byte_of_the_code_and_no_time(tmp_path, monkeypatch):
    made = tmp_path / "scripts"
    shutil.copytree(SCRIPTS, made)
    monkeypatch.setattr("tfscale.console.code.SCRIPTS", made)
    digest = code_digest("measure.py")
    assert digest.startswith("measure.py ")
    os.utime(made / "tfscale" / "timing" / "timed_block.py")
    assert code_digest("measure.py") == digest
    with (made / "tfscale" / "report" / "report.py").open("a") as file:
        file.write("# not a module of it")
    assert code_digest("measure.py") == digest
    with (made / "tfscale" / "timing" / "timed_block.py").open("a") as file:
        file.write(" ")
    assert code_digest("measure.py") != digest
