"""What a page may execute and what it may only read: inline scripts and data that cannot break out.

The page carries a content security policy: no request leaves it, and only the scripts whose
digests the policy names run, so that text which got in as markup after all would stay dead.
"""

import base64
import hashlib
import json
from math import isfinite

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""Within JSON these stand in strings only, where an escape means the same: `</script>` and `<!--`
cannot occur."""


def data_block(value: object) -> str:
    """The value as compact JSON for a <script type="application/json">; NaN is refused
    (ValueError): JSON knows none."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.translate(_ESCAPES)


def code_block(text: str) -> str:
    """A script's own text for a <script>; raises ValueError when it would end the element."""
    lower = text.lower()
    if "</script" in lower or "<!--" in lower:
        raise ValueError("an inlined script must not contain </script or <!--: escape the < in it")
    return text


def policy(scripts: list[str]) -> str:
    """The content security policy of a page that runs these inline scripts and nothing else."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def brief(value: float, digits: int = 4) -> float | None:
    """The value to a few significant digits; None where there is no number."""
    return float(f"{value:.{digits}g}") if value is not None and isfinite(value) else None


def coded(values: list[str]) -> dict[str, list]:
    """Texts that repeat: each once, and which one it is in every place."""
    of = list(dict.fromkeys(values))
    place = {text: number for number, text in enumerate(of)}
    return {"of": of, "is": [place[text] for text in values]}
