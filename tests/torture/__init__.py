"""Long tests of what is promised about faults: `make torture`, or `python -m torture` in tests/.

A suite is a module with a TITLE and a function `faults(place)` that yields an `Outcome` for each
fault that it tried; `SUITES` in `__main__.py` lists them. See docs/reliability.md.
"""
