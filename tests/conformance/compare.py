#!/usr/bin/env python3
"""Compares two results of the reference's conformance.py, and knows which differences are deliberate.

    compare.py EXPECTED.json ACTUAL.json [EXPECTED.json ACTUAL.json ...]

Exits with 1 on a difference in status or body that differences.txt does not name, on a name there that no longer
differs, and on one whose row docs/compatibility.md does not have.
"""
import fnmatch
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
COMPATIBILITY = HERE.parent.parent / "docs" / "compatibility.md"


def listed():
    """(pattern, row) of every line of differences.txt."""
    lines = (line.split("#")[0].split() for line in (HERE / "differences.txt").read_text().splitlines())
    return [tuple(words) for words in lines if words]


def answers(case):
    """What a client sees of a case: status and body of every step, and what went wrong."""
    steps = [(step.get("status"), json.dumps(step.get("body"), sort_keys=True)) for step in case.get("steps", [])]
    return steps, case.get("error")


def differing(expected, actual):
    """Names of the cases that were compared, and of those that differ."""
    compared, different = [], []
    for name, case in expected.items():
        other = actual.get(name, {"error": "was not run"})
        fails_itself = any(step.get("status") in (414, 500) for step in case.get("steps", []))
        if fails_itself or "skipped" in case:
            continue
        compared.append(name)
        if answers(case) != answers(other):
            different.append(name)
    return compared, different


def main(paths):
    rows = set(re.findall(r"^\| ([DN]\d+) \|", COMPATIBILITY.read_text(), re.M))
    known = listed()
    compared, different = [], []
    for expected, actual in zip(paths[::2], paths[1::2]):
        cases = [json.loads(pathlib.Path(path).read_text())["cases"] for path in (expected, actual)]
        for total, some in zip((compared, different), differing(*cases)):
            total += some
    unbuilt = [name for name in compared if any(row.startswith("N") and fnmatch.fnmatch(name, p) for p, row in known)]
    covers = lambda name: any(fnmatch.fnmatch(name, pattern) for pattern, _ in known)
    unexpected = [name for name in different if not covers(name)]
    stale = [p for p, _ in known if not any(fnmatch.fnmatch(name, p) for name in different)]
    missing = sorted({row for _, row in known} - rows)
    built = len(compared) - len(unbuilt)
    deliberate = len([name for name in different if name not in unbuilt]) - len(unexpected)
    print(f"{built} cases of what is built: {built - deliberate - len(unexpected)} equal in status and body, "
          f"{deliberate} deliberately different ({100 * deliberate / max(built, 1):.1f} %), "
          f"{len(unexpected)} unexpectedly; {len(unbuilt)} of what is not built")
    for title, names in (("differs", unexpected), ("no longer differs", stale), ("no row in compatibility.md", missing)):
        for name in names:
            print(f"{title}: {name}")
    return 1 if unexpected or stale or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
