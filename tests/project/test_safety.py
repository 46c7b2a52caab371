"""What the code may never do, looked for in all of it; and that the search would find it."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from paths import ROOT

SOURCES = [
    path
    for folder in ("workflow", "bench", "docs", ".ci")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
UNPICKLING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
EXECUTING = {"eval", "exec", "compile", "__import__"}
CALLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "yaml.load",
    "yaml.unsafe_load", "yaml.full_load", "pd.read_pickle", "np.fromfile", "tempfile.mktemp",
    "keras.models.load_model", "keras.saving.load_model", "tf.keras.models.load_model",
    "pd.eval", "shutil.unpack_archive",
}  # fmt: skip
METHODS = {"extractall", "extract"}
"""Of an archive: its members' paths are never used."""
LOADS = {
    "workflow/scripts/tfscale/timing/calls.py": "a visit, whose run has checked the digest",
    "workflow/scripts/tfscale/models/training.py": "the training, of what it has just saved",
}
"""Where a SavedModel is loaded, and why it may be."""
SAFE = {"style", "data", "library", "script"}
"""What the page inlines as it is: the project's own files, and data that `data_block` escaped."""


def faults(text: str) -> Iterator[str]:
    """What a module does that no module may do."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = {module.split(".")[0], *(alias.name.split(".")[0] for alias in node.names)}
            yield from names & UNPICKLING
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in EXECUTING | CALLS or name.split(".")[-1] in METHODS:
            yield name
        if name == "np.load" and given.get("allow_pickle") != "False":
            yield "np.load without allow_pickle=False"
        if given.get("shell", "False") != "False":
            yield f"{name} by a shell"
        if given.get("verify", "True") != "True":
            yield f"{name} without checking certificates"
        if name == "Environment" and given.get("autoescape") != "True":
            yield "a page without escaping"
        if name.endswith("saved_model.load"):
            yield "loads a SavedModel"


PLANTED = {
    "import pickle": "pickle",
    "from joblib import load": "joblib",
    "eval('1')": "eval",
    "import os\nos.system(f'rm {x}')": "os.system",
    "yaml.load(text)": "yaml.load",
    "np.load(path)": "np.load without allow_pickle=False",
    "np.load(path, allow_pickle=True)": "np.load without allow_pickle=False",
    "subprocess.run(words, shell=True)": "subprocess.run by a shell",
    "archive.extractall(folder)": "archive.extractall",
    "session.get(url, verify=False)": "session.get without checking certificates",
    "Environment(loader=x)": "a page without escaping",
    "tf.saved_model.load(path)": "loads a SavedModel",
}


@pytest.mark.parametrize("text", PLANTED)
def test_the_search_would_find_it(text):
    assert list(faults(text)) == [PLANTED[text]]


def test_nothing_is_executed_unpickled_or_handed_to_a_shell():
    assert len(SOURCES) > 100
    found = {
        str(path.relative_to(ROOT)): said
        for path in SOURCES
        if (said := list(faults(path.read_text(encoding="utf-8"))))
    }
    assert found == {path: ["loads a SavedModel"] for path in LOADS}


def test_no_rule_runs_a_shell_command():
    rules = [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]
    assert len(rules) >= 7
    for path in rules:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"^\s*(shell|run|shellcmd|notebook|wrapper)\s*[:(]", text, re.M), path
        assert not re.findall(r"\b(os\.system|subprocess|shell)\b *[(.]", text), path


def test_the_page_inlines_nothing_unescaped_but_its_own_files_and_its_data():
    for path in (ROOT / "workflow" / "report").glob("*.j2"):
        text = path.read_text(encoding="utf-8")
        marked = re.findall(r"\{\{\s*([^}]*?)\s*\|\s*safe\s*\}\}", text)
        assert text.count("safe }}") + text.count("safe}}") == len(marked)
        assert set(marked) <= SAFE, path
        assert "autoescape" not in text and "Markup" not in text, path


spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

UV = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
NAME = "GHSA-test-0001"


class Service(BaseHTTPRequestHandler):
    """As much of osv.dev as uv asks: requests has a vulnerability, or nothing has."""

    vulnerable = ""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        found = {"vulns": [{"id": NAME, "modified": "2026-01-01T00:00:00Z"}]}
        self._answer({"results": [
            found if query["package"]["name"] == self.vulnerable else {} for query in asked
        ]})  # fmt: skip

    def do_GET(self):
        events = [{"introduced": "0"}, {"fixed": "99"}]
        package = {"name": self.vulnerable, "ecosystem": "PyPI"}
        ranges = [{"type": "ECOSYSTEM", "events": events}]
        self._answer({
            "id": NAME, "summary": "planted", "modified": "2026-01-01T00:00:00Z",
            "published": "2026-01-01T00:00:00Z",
            "affected": [{"package": package, "ranges": ranges}],
        })  # fmt: skip

    def _answer(self, content: dict):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def service(monkeypatch) -> Iterator[str]:
    """The address of such a service on loopback; uv itself is the real one."""
    assert Path(UV).exists(), "uv is missing: make lint and make test set it up"
    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_known_vulnerability_fails_the_audit(service, monkeypatch, capsys):
    monkeypatch.setattr(Service, "vulnerable", "requests")
    assert audit.main(UV, service) == 1
    said = capsys.readouterr().out
    assert f"{NAME} (planted), fixed in 99" in said and "audit: requests 2." in said
    monkeypatch.setitem(audit.IGNORED, NAME, "planted by a test: it touches no study")
    assert audit.main(UV, service) == 0
    monkeypatch.setitem(audit.IGNORED, NAME, "")
    assert audit.main(UV, service) == 1
    assert "ignored without a reason" in capsys.readouterr().out


def test_an_audit_without_findings_says_how_much_was_looked_at(service, capsys):
    assert audit.main(UV, service) == 0
    found = re.search(r"no known vulnerability in (\d+) locked packages", capsys.readouterr().out)
    assert found and int(found[1]) > 100


@pytest.mark.parametrize("uv", [UV, "/no/such/uv", sys.executable])
def test_where_nobody_can_be_asked_the_audit_says_so_and_goes_on(uv):
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "audit.py"), uv, "http://127.0.0.1:9"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith("audit: NOT DONE, nobody could be asked")


def test_every_ignored_vulnerability_has_a_reason():
    assert all(len(reason) >= 20 for reason in audit.IGNORED.values())
