"""A verdict as a person reads it first: the word, what decided, what to do, and where the rest is. Pure."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from ...analysis.evidence.words import TOLD_ONLY, Outcome

COMMAND = "verify"
_KEPT = ("verdict", "met", "reason_code", "why", "run", "override")
_HELP = "print every check with its evidence, the figures, and the text for the completion report"
_TOLD_ONLY = re.compile(rf"\({TOLD_ONLY}: [\w {{}}-]+\)$")
"""As `analysis/verdict/verdict.py` ends it: what a file or a log is called or says may stand before."""
Check = Mapping[str, str]


def add_option(command: argparse.ArgumentParser) -> None:
    """Add what asks for the whole of a verdict."""
    command.add_argument("--all", action="store_true", help=_HELP)


def asked(content: Mapping[str, Any], options: argparse.Namespace) -> Mapping[str, Any]:
    """Return what of a tool's result is to be printed: of a verdict its short form, unless the whole is asked for."""
    if getattr(options, "all", True):
        return content
    folder = ["--workspace", options.workspace] if options.workspace else []
    return short(content, shlex.join(["watchkeeper", *folder, COMMAND, content["run"], "--all"]))


def short(content: Mapping[str, Any], whole: str) -> dict[str, Any]:
    """Return a verdict without the evidence of what holds, in the order in which it is read.

    :param whole: the command that prints all of it.
    """
    checks: list[Check] = content["checks"]
    told_only = [one for one in checks if _TOLD_ONLY.search(one["evidence"])]
    weighed = [one for one in checks if one not in told_only]
    held = [one["check"] for one in checks if one["outcome"] == Outcome.PASSED]
    told = {
        **{name: content.get(name) for name in _KEPT},
        "failed": _evidence(weighed, Outcome.FAILED),
        "not inspected": _evidence(weighed, Outcome.NOT_INSPECTED),
        "told, and decide nothing": _evidence(told_only, Outcome.FAILED, Outcome.NOT_INSPECTED),
        "passed": f"{len(held)} of {len(checks)} checks: {', '.join(held)}" if checks else None,
        "required_actions": content.get("required_actions"),
        "report": content.get("report"),
        "next": content["next"],
        "all": f"{whole}, or --json{f'; kept as {path}' if (path := content['path']) else ''}",
    }
    return {name: value for name, value in told.items() if value is not None and value != []}


def _evidence(checks: Iterable[Check], *outcomes: Outcome) -> list[str]:
    return [f"{one['check']}: {one['evidence']}" for one in checks if one["outcome"] in outcomes]
