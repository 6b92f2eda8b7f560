"""`watchkeeper compare MODEL`: which attempt is best, by how much, and is that more than noise?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import partial

from ...acts.desk import Desk
from ...acts.watch import attempts
from ...analysis.curves.attempts import Comparison
from ...vocabulary.runs import Role

COMMAND = "compare"
SHORT = "which attempt of a model is best, and by more than noise?"
ABOUT = """Compare the full attempts of a model by the median of the last stretch of the numbers that they have in
common: validation loss before metric before training loss. The interval is by bootstrap: over seeds where attempts
differ by their seed alone, else over blocks of epochs, which tells how a curve wobbles, not what another seed does."""
EXAMPLES = """\
  watchkeeper compare train
  watchkeeper compare train --json"""
MOST_SHOWN = 20
Opener = Callable[[argparse.Namespace, Role], AbstractContextManager[Desk]]


def add_arguments(command: argparse.ArgumentParser, desk: Opener) -> None:
    """Add the arguments of the command. :param desk: opens the workspace."""
    command.add_argument("model", metavar="MODEL")
    command.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
    command.set_defaults(command=partial(_compare, desk))


def _compare(opened: Opener, options: argparse.Namespace) -> int:
    with opened(options, Role.OBSERVER) as desk:
        found = attempts.compared(desk, options.model)
    if options.json:
        print(json.dumps({**asdict(found), "more_than_noise": found.is_more_than_noise}))  # noqa: T201 (a command prints)
    else:
        print(text(found))  # noqa: T201 (a command prints)
    return 0


def text(found: Comparison) -> str:
    """Return a comparison in words, the best attempt first."""
    if not found.ranked:
        return "No full attempt has told numbers yet that could be compared."
    better = "higher" if found.rises else "lower"
    lines = [f"{found.column.replace('_', ' ')}, {better} is better; median of the last values"]
    lines += [f"  {one.run}  {one.level:.6g}  ({one.values} values)" for one in found.ranked[:MOST_SHOWN]]
    if found.left_out:
        lines.append(f"not compared, they have no such numbers: {', '.join(found.left_out[:MOST_SHOWN])}")
    return "\n".join([*lines, _conclusion(found, better)])


def _conclusion(found: Comparison, better: str) -> str:
    best = found.ranked[0].run
    if not found.rival:
        return f"best: {best}; no attempt with other settings to hold it against"
    by = f"best: {best}, {found.gap:.3g} {better} than {found.rival}"
    if not found.noise:
        return f"{by}; too few values to tell that from noise"
    of = "between seeds" if found.noise == "seeds" else "of the curves; other seeds were not run"
    word = "more than the noise" if found.is_more_than_noise else "NOT more than the noise"
    return f"{by} (95 % interval {found.low:.3g} to {found.high:.3g}): {word} {of}"
