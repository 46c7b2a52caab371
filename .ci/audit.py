"""Asks for known vulnerabilities of every locked package: python .ci/audit.py <uv> [service].

Part of `make lint`. Ends with status 1 when one is found; when nobody can be asked (no network, an
older uv), it says so and ends well. A vulnerability that cannot touch a study is ignored by a line
in IGNORED, with the reason.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
IGNORED: dict[str, str] = {}
"""Identifier (GHSA-..., PYSEC-..., CVE-...): why it cannot touch a study."""
FOUND = 1
"""uv's exit status when it has found some; 2 when it could not ask."""
LONGEST_S = 120


def main(uv: str, *service: str) -> int:
    """Print what is known, a line a vulnerability; returns the exit status."""
    if unreasoned := [name for name, reason in IGNORED.items() if len(reason) < 20]:
        print(f"audit: {', '.join(unreasoned)} is ignored without a reason in .ci/audit.py")
        return 1
    command = [uv, "audit", "--frozen", "--output-format", "json"]
    command += [f"--ignore={name}" for name in IGNORED]
    command += [f"--service-url={address}" for address in service]
    variables = {"UV_PREVIEW_FEATURES": "audit-command,json-output", "UV_HTTP_RETRIES": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
            env=variables | os.environ,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _unasked(str(error))
    try:
        answer = json.loads(done.stdout)
        found, count = answer["vulnerabilities"], answer["summary"]["audited_packages"]
    except (ValueError, KeyError, TypeError):
        return _unasked(" ".join(done.stderr.split()) or f"uv ended with status {done.returncode}")
    for one in found:
        package, fixed = one["dependency"], ", ".join(one["fix_versions"]) or "nowhere yet"
        print(
            f"audit: {package['name']} {package['version']}: {one['id']} ({one['summary']}), "
            f"fixed in {fixed}: {one['link']}"
        )
    for status in answer.get("adverse_statuses", []):  # withdrawn or given up by its makers
        print(f"audit: {json.dumps(status)}")
    if found or done.returncode == FOUND:
        print(
            "audit: raise the versions (`uv lock --upgrade-package <name>`, then `make envs`), or "
            "ignore with a reason in .ci/audit.py"
        )
        return 1
    print(f"audit: no known vulnerability in {count} locked packages ({len(IGNORED)} ignored)")
    return 0


def _unasked(why: str) -> int:
    print(f"audit: NOT DONE, nobody could be asked; try again with a network: {why[:300]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
