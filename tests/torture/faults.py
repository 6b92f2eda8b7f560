"""Faults of an engine, each a test of tests/runtime/engines, tried as often as is asked for and counted in a table."""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
Counts = dict[str, collections.Counter[str]]
"""By a test's name, its cases together, how often it held, did not (failure, error), or was skipped."""


class Fault(NamedTuple):
    """What is done, and the test that does it and says what must hold; one case of it where it is named so."""

    fault: str
    test: str

    @property
    def name(self) -> str:
        """The test's name in a report."""
        return self.test.partition("::")[2]


def main(described: str, folder: str, faults: Sequence[Fault]) -> None:
    """Try faults and print the table; end with 1 where one was violated.

    :param folder: where their tests lie, from the root of the project.
    """
    options = argparse.ArgumentParser(description=described)
    options.add_argument("--tries", type=int, default=1, help="how often each is tried (default: 1)")
    options.add_argument("--only", default="", metavar="WORDS", help="faults with these words in their name alone")
    asked = options.parse_args()
    chosen = [one for one in faults if asked.only in one.fault]
    if not chosen:  # without a name pytest would run every test there is
        options.error(f"no fault has {asked.only!r} in its name: {'; '.join(one.fault for one in faults)}")
    begun, counts = time.monotonic(), Counts()
    for _ in range(asked.tries):
        _try(folder, chosen, counts)
    violations = show(chosen, counts)
    print(f"\n{violations} violations; {time.monotonic() - begun:.0f} s, load {os.getloadavg()[0]:.1f} at the end")
    sys.exit(1 if violations else 0)


def _try(folder: str, faults: Sequence[Fault], counts: Counts) -> None:
    with tempfile.TemporaryDirectory() as made:
        report = Path(made) / "report.xml"
        command = [sys.executable, "-P", "-m", "pytest", "-q", "-n0", f"--junit-xml={report}"]
        tests = [f"{folder}/{one.test}" for one in faults]
        environment = {**os.environ, "WATCHKEEPER_EVERY_FAULT": "1"}
        subprocess.run([*command, *tests], cwd=ROOT, env=environment, check=False)
        count(report.read_text(encoding="utf-8"), counts)


def count(report: str, counts: Counts) -> None:
    """Add what a report of pytest (JUnit's XML) says of each test: under its case, and under its name without."""
    for case in ET.fromstring(report).iter("testcase"):
        told = {child.tag for child in case} & {"failure", "error", "skipped"}
        name = case.get("name", "")
        for one in {name, name.partition("[")[0]}:
            counts.setdefault(one, collections.Counter())[min(told, default="held")] += 1


def show(faults: Sequence[Fault], counts: Counts) -> int:
    """Print the table and return how many violations there were."""
    print(f"\n| {'fault':44} | tries | violations |\n|{'-' * 46}|------:|-----------:|")
    violations = 0
    for one in faults:
        seen = counts.get(one.name, collections.Counter[str]())
        bad = seen["failure"] + seen["error"] + (not seen)  # a test that did not even come to be skipped
        violations += bad
        made = sum(seen.values()) - seen["skipped"]
        print(f"| {one.fault:44} | {made:5} | {bad if made or bad else 'not tried':>10} |")
    return violations
