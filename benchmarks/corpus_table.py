"""How well failures are recognised in real logs, beside simpler ways to look for them.

    python benchmarks/corpus_table.py CORPUS [--misses] [--half tune|check] [--round N]

CORPUS holds `manifest.jsonl` and the logs that it names. Suspect counts as not failed, except where a truth has
`"suspect_ok": true`. `first_ok`, `type_ok` and `root_ok` of a truth name what is right too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchkeeper.server.analysis.logs.scan import EndedBy, scan

SUBSTRINGS = (
    "Error",
    "Exception",
    "Traceback",
    "Failed",
    "AttributeError",
    "KeyError",
    "ValueError",
    "TypeError",
    "RuntimeError",
    "MemoryError",
)
"""`error_patterns` of the requirement document."""
GREP = re.compile(rb"error|exception|traceback|failed", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    log: Path
    truth: dict[str, Any]

    @property
    def failed(self) -> bool:
        return self.truth["outcome"] == "failed"

    def allows(self, what: str, said: object) -> bool:
        """Whether this is right: `first_error_line`, `root_exception` or `error_type`."""
        key = {"first_error_line": "first_ok", "root_exception": "root_ok", "error_type": "type_ok"}[what]
        return said == self.truth[what] or said in self.truth.get(key, ())


@dataclass
class Said:
    failed: bool
    line: int | None = None
    root: str | None = None
    type: str | None = None


def ours(case: Case, *, with_exit: bool) -> Said:
    manner: EndedBy | None = None
    code: int | None = None
    if with_exit:
        code = case.truth["rc"]
        by = case.truth["ended_by"]
        manner = by if by in ("exit", "signal") else "hang"
    with case.log.open("rb") as log:
        result = scan(log, exit_code=code, ended_by=manner)
    first = result.findings[0] if result.findings else None
    failed = result.outcome == "failed" or (result.outcome == "suspect" and case.truth.get("suspect_ok", False))
    if not failed or first is None:
        return Said(False)
    return Said(True, first.line, first.root_exception, str(first.type))


def substrings(case: Case) -> Said:
    for number, line in enumerate(case.log.read_bytes().split(b"\n"), 1):
        if any(word in line.decode("utf-8", "replace") for word in SUBSTRINGS):
            return Said(True, number)
    return Said(False)


def grep(case: Case) -> Said:
    for number, line in enumerate(case.log.read_bytes().split(b"\n"), 1):
        if GREP.search(line):
            return Said(True, number)
    return Said(False)


def share(hits: int, of: int) -> str:
    return f"{hits / of:6.3f} ({hits}/{of})" if of else "     -"


def row(name: str, cases: list[Case], say: Callable[[Case], Said], *, misses: bool) -> str:
    said = [(case, say(case)) for case in cases]
    right = [(case, word) for case, word in said if word.failed and case.failed]
    lined = [(c, w) for c, w in right if c.truth["first_error_line"] is not None]
    rooted = [(c, w) for c, w in right if c.truth["final_exception"] is not None]
    if misses:
        for case, word in said:
            _miss(name, case, word)
    return "  ".join(
        (
            f"{name:24}",
            share(len(right), sum(word.failed for _, word in said)),
            share(len(right), sum(case.failed for case in cases)),
            share(sum(c.allows("first_error_line", w.line) for c, w in lined), len(lined)),
            share(sum(c.allows("root_exception", w.root) for c, w in rooted), len(rooted)),
            share(sum(c.allows("error_type", w.type) for c, w in right), len(right)),
        )
    )


def _miss(name: str, case: Case, word: Said) -> None:
    truth = case.truth
    if word.failed != case.failed:
        print(f"  {name}: {truth['name']} is {truth['outcome']}, said {'failed' if word.failed else 'not failed'}")
    elif word.failed:
        for what, said in (
            ("first_error_line", word.line),
            ("root_exception", word.root),
            ("error_type", word.type),
        ):
            labelled = what != "root_exception" or truth["final_exception"] is not None
            if labelled and not case.allows(what, said):
                print(f"  {name}: {truth['name']} {what} {said}, truth {truth[what]}")


def load(corpus: Path, half: str | None, rounds: int | None = None) -> list[Case]:
    cases: list[Case] = []
    for text in (corpus / "manifest.jsonl").read_text().splitlines():
        truth = json.loads(text)
        tune = hashlib.sha256(truth["name"].encode()).digest()[0] % 2 == 0
        asked = rounds is None or truth.get("round") == rounds
        if asked and (half is None or tune == (half == "tune")):
            cases.append(Case(corpus / f"{truth['name']}.log", truth))
    return cases


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--half", choices=("tune", "check"))
    parser.add_argument("--round", type=int, help="of the project's own logs: only those of one round")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    cases = load(options.corpus, options.half, options.round)
    rows = [
        row("ours, exit status", cases, lambda case: ours(case, with_exit=True), misses=options.misses),
        row("ours, text alone", cases, lambda case: ours(case, with_exit=False), misses=options.misses),
        row("substrings", cases, substrings, misses=False),
        row("grep -ciE", cases, grep, misses=False),
    ]
    heads = ("precision", "recall", "first line", "root exception", "type")
    print(f"{len(cases)} logs{'':18}" + "  ".join(f"{head:>15}" for head in heads))
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
