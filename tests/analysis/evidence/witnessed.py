"""Lines of a witness, and evidence with them, for the tests of verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.server.analysis.artefacts.facts import ChainPrint, ColumnFacts, TableFacts
from watchkeeper.server.analysis.artefacts.parameter_facts import ParameterFigures
from watchkeeper.server.analysis.evidence.evidence import Artefact, Evidence
from watchkeeper.server.analysis.verdict.verdict import Verdict
from watchkeeper.server.analysis.witness import Process, gathered, read_process
from watchkeeper.server.analysis.witness.lines import chained, first_hash
from watchkeeper.server.analysis.witness.seen import Seen

from .facts import BEGUN, HOUR, MODEL, RESULTS, TRACE, TRAINED, spoilt

NONCE, FILE = "n0nce", "4711-1-abc.jsonl"
MAIN = {"kind": "begin", "facts": {"format": 1, "role": "main"}}
Kind = dict[str, Any]


def seen(*lines: Kind, main: Kind = MAIN, nonce: str = NONCE) -> Seen:
    """Write lines as the recorder does, and read them."""
    return Seen(gathered([_process(FILE, lines, main, nonce)]))


def ranks(*each: Sequence[Kind], of: int = 0) -> Seen:
    """Return what was seen of a run whose command ran on several nodes: the lines of each, which number from 0 alike.

    :param of: how many nodes there were, where not all were witnessed.
    """
    files = [f"4711-1-{rank}.jsonl" for rank in range(len(each))]
    every = [_process(file, lines, MAIN, NONCE) for file, lines in zip(files, each, strict=True)]
    return Seen(gathered(every), of or len(each))


def _process(file: str, lines: Sequence[Kind], main: Kind, nonce: str) -> Process:
    before, data = first_hash(NONCE, file), b""
    for number, line in enumerate([main, *lines]):
        record = {"n": number, "at": BEGUN + number, "pid": 4711, "cpu": 1.0, "where": f"model_1.py:{number}", **line}
        body = json.dumps(record, separators=(",", ":"))[:-1].encode()
        before = chained(before, body)
        data += body + b',"h":"' + before.encode() + b'"}\n'
    return read_process(file, data, nonce)


def fp(sha: str, bag: str = "", at: tuple[float, ...] = (1.0, 2.0, 4.0), size: int = 3, **more: Any) -> Kind:
    return {"shape": [size], "dtype": "float64", "sha": sha, "bag": bag or sha, "at": list(at), **more}


def sampling(**changes: Any) -> Kind:
    facts = {
        "id": 1, "library": "pymc", "call": "pymc.sample", "method": "mcmc", "chains": 4, "draws": 2000, "tune": 1000,
        "wall_s": 3 * HOUR, "divergences": 0, "observed": {"y": {"shape": [9], "data": fp("data")}},
        "variables": {"mu": [fp(f"mu{chain}") for chain in range(4)]},
        "stats": {"diverging": [fp(f"d{chain}") for chain in range(4)]},
    }  # fmt: skip
    return {"kind": "sampling", "facts": {**facts, **changes}}


def chain(
    number: int, sha: str, name: str = "mu", bag: str = "", at: tuple[float, ...] = (1.0, 2.0, 4.0)
) -> ChainPrint:
    return ChainPrint(name=name, chain=number, size=3, sha=sha, bag=bag or sha, at=at)


SAVED = replace(
    TRACE,
    groups=("posterior", "posterior_predictive"),
    prints=tuple(chain(number, f"mu{number}") for number in range(4)),
    statistic_prints=tuple(chain(number, f"d{number}", "diverging") for number in range(4)),
    figures=(ParameterFigures(name="mu", mean=4.41, sd=0.2),),
)


def mcmc(*lines: Kind, saved: Any = SAVED, **changes: Any) -> Evidence:
    return spoilt(artefacts=(RESULTS, replace(MODEL, inside=saved)), seen=seen(*(lines or (sampling(),))), **changes)


def found(verdict: Verdict, check: str) -> tuple[str, str, str]:
    """Return the word, the code and the evidence of a check."""
    (one,) = [each for each in verdict.checks if each.name == check]
    return str(one.word or one.outcome), one.code, one.evidence


def results(*columns: ColumnFacts, labels: tuple[str, ...] = ()) -> Artefact:
    rows = len(columns[0].values)
    table = TableFacts(format="csv", size_bytes=9, rows=rows, columns=columns, column_count=len(columns), labels=labels)
    return replace(RESULTS, inside=table)


def column(name: str, *values: float) -> ColumnFacts:
    return ColumnFacts(
        name=name,
        numbers=len(values),
        minimum=min(values),
        maximum=max(values),
        distinct=len(set(values)),
        values=values,
    )


def fit(number: int, name: str, rows: int = 100, **changes: Any) -> Kind:
    facts = {
        "id": number,
        "object": number,
        "library": "sklearn",
        "class": name,
        "x": fp("x", size=rows),
        "wall_s": 1.0,
    }
    return {"kind": "fit", "facts": {**facts, **changes}}


def predict(number: int, name: str, *values: float) -> Kind:
    facts = {
        "object": number,
        "of": number,
        "class": name,
        "call": "predict",
        "values": fp("p", at=values, size=len(values)),
    }
    return {"kind": "predict", "facts": facts}


def trained(*lines: Kind, **changes: Any) -> Evidence:
    return spoilt(TRAINED, seen=seen(*lines), **changes)


def steps(**changes: Any) -> Kind:
    facts = {
        "id": 2, "library": "torch", "class": "AdamW", "steps": 5000, "wall_s": 3 * HOUR, "numbers": 900, "moved": 3.2,
        "moved_share": 1.0, "weights": fp("after"), "begun": fp("before"),
    }  # fmt: skip
    return {"kind": "steps", "facts": {**facts, **changes}}


def save(sha: str = "after", numbers: int = 900) -> Kind:
    path = "model_1_full.pkl"
    return {"kind": "save", "facts": {"library": "torch", "path": path, "numbers": numbers, "weights": fp(sha)}}


LOSSES: Kind = {"kind": "losses", "facts": {"library": "torch", "id": 5, "count": 5000}}
