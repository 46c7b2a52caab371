"""What ruff's rules of safety (S) do not see, and the audit of known vulnerabilities."""

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

LOADS = {"runtimes/tensorflow.py", "models/make.py"}
"""Where a SavedModel is loaded: of a run whose checksums were checked, and what was just saved."""
SAFE = {"style", "data", "library", "script"}
"""What the page inlines as it is: the project's own files, and data that `data_block` escaped."""


def test_savedmodels_are_loaded_in_two_places_and_arrays_never_unpickled():
    package = ROOT / "workflow" / "scripts" / "tfscale"
    code = {str(path.relative_to(package)): path.read_text() for path in package.rglob("*.py")}
    assert {name for name, text in code.items() if "saved_model.load" in text} == LOADS
    assert not [name for name, text in code.items() if "allow_pickle=True" in text]


def test_no_link_is_in_the_project():
    """A link to a developer's own .uv broke `make` in every clone once."""
    command = [shutil.which("git") or "git", "ls-files", "--stage"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert len(files.splitlines()) > 200
    assert [line for line in files.splitlines() if line.startswith("120000")] == []


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
        self._answer(
            {
                "results": [
                    found if query["package"]["name"] == self.vulnerable else {} for query in asked
                ]
            }
        )

    def do_GET(self):
        events = [{"introduced": "0"}, {"fixed": "99"}]
        package = {"name": self.vulnerable, "ecosystem": "PyPI"}
        ranges = [{"type": "ECOSYSTEM", "events": events}]
        self._answer(
            {
                "id": NAME,
                "summary": "planted",
                "modified": "2026-01-01T00:00:00Z",
                "published": "2026-01-01T00:00:00Z",
                "affected": [{"package": package, "ranges": ranges}],
            }
        )

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
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("audit: NOT DONE, nobody could be asked")


def test_every_ignored_vulnerability_has_a_reason():
    assert all(len(reason) >= 20 for reason in audit.IGNORED.values())
