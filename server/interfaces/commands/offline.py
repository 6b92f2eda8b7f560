"""`watchkeeper scan` and `watchkeeper judge`: what is seen in any log and in any history, without a workspace.

Imports nothing that is slow, so that 12,000 rows are judged in a fifth of a second.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from collections.abc import Sequence
from typing import Any

from ...vocabulary.errors import InvalidArgument, WatchkeeperError

COMMANDS = ("scan", "judge")


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands and return its exit status: 0 done, 1 refused, 2 called wrongly."""
    top = argparse.ArgumentParser(prog="watchkeeper")
    add_commands(top.add_subparsers(required=True, metavar="COMMAND"))
    options = top.parse_args(arguments)
    try:
        return int(options.command(options))
    except WatchkeeperError as error:
        print(f"watchkeeper: {error}", file=sys.stderr)  # noqa: T201 (a command prints)
        return 2
    except BrokenPipeError:  # the reader of our output left
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def add_commands(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    """Add both commands to a parser."""
    scan = commands.add_parser(
        "scan",
        help="what the recogniser sees in a log",
        description="Read a log as a watched run's log is read and print its findings, the decisive one first. "
        "Outcome: failed, suspect (text alone cannot tell) or healthy.",
        epilog="watchkeeper scan train.log --exit-code 1 --json",
    )
    scan.add_argument("log", metavar="LOG", help="a log file; - for standard input")
    scan.add_argument("--exit-code", type=int, metavar="N", help="the run's exit status; negative for a signal")
    scan.add_argument("--ended-by", choices=["exit", "signal", "hang"], help="how the run ended")
    scan.add_argument("--policy", metavar="FILE", help="a watchkeeper.toml, for the rules of its [logs]")
    scan.add_argument("--json", action="store_true", help="print as JSON")
    scan.set_defaults(command=_scan)
    judge = commands.add_parser(
        "judge",
        help="red flags in a training history",
        description="Apply the red flags to a history: CSV, JSON, exports of TensorBoard, Weights & Biases, MLflow, "
        "what a training printed, or a sampler's summary table. What is read and not judged is said.",
        epilog="watchkeeper judge training_history_1.csv --json",
    )
    judge.add_argument("history", metavar="HISTORY", help="a history file; - for standard input")
    judge.add_argument("--json", action="store_true", help="print as JSON")
    judge.set_defaults(command=_judge)


def _scan(options: argparse.Namespace) -> int:
    from ...analysis.logs.scan import scan  # noqa: PLC0415 (judge does without)
    from ...vocabulary.sanitize import mask_secrets, masked  # noqa: PLC0415 (the same)

    rules = _rules(options.policy)
    with _opened(options.log) as log:
        found = scan(log, exit_code=options.exit_code, ended_by=options.ended_by, rules=rules)
    print(json.dumps(masked(found.to_json())) if options.json else mask_secrets(found.render()))  # noqa: T201 (a command prints)
    return 0


def _rules(policy: str | None) -> Any:  # noqa: ANN401 (imported only where it is needed)
    from ...analysis.logs.rules import DEFAULT_RULES  # noqa: PLC0415 (judge does without)

    if policy is None:
        return DEFAULT_RULES
    from ...storage.policy.policy import POLICY_LIMIT_BYTES, load_policy  # noqa: PLC0415 (slow: only for who names a policy)

    with _opened(policy) as file:
        text = file.read(POLICY_LIMIT_BYTES + 1).decode(errors="replace")
    return load_policy(text, policy).rules


def _judge(options: argparse.Namespace) -> int:
    from ...analysis.curves.report import judge_text  # noqa: PLC0415 (scan does without)

    with _opened(options.history) as history:
        data = history.read()
    print(judge_text(data, options.history, as_json=options.json))  # noqa: T201 (a command prints)
    return 0


def _opened(path: str) -> Any:  # noqa: ANN401 (a binary stream)
    if path == "-":
        return sys.stdin.buffer
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (the caller closes it)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}.", "Name a file that exists.") from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InvalidArgument(f"{path} is no plain file.", "Name a file, or - for standard input.")
    return file


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a FIFO without a writer must not hold us
