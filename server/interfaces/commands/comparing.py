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
from ...documents import comparison
from ...vocabulary.runs import Role

COMMAND = "compare"
SHORT = "which attempt of a model is best, and by more than noise?"
ABOUT = """Compare the full attempts of a model by the median of the last stretch of the numbers that they have in
common: validation loss before metric before training loss. The interval is by bootstrap: over seeds where attempts
differ by their seed alone, else over blocks of epochs, which tells how a curve wobbles, not what another seed does."""
EXAMPLES = """\
  watchkeeper compare train
  watchkeeper compare train --json"""
Opener = Callable[[argparse.Namespace, Role], AbstractContextManager[Desk]]


def add_arguments(command: argparse.ArgumentParser, desk: Opener) -> None:
    """Add the arguments of the command. :param desk: opens the workspace."""
    command.add_argument("model", metavar="MODEL")
    command.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
    command.set_defaults(command=partial(_compare, desk))


def _compare(opened: Opener, options: argparse.Namespace) -> int:
    with opened(options, Role.OBSERVER) as desk:
        found, verdicts = attempts.compared(desk, options.model), attempts.verdicts(desk, options.model)
    if options.json:
        told = {**asdict(found), "more_than_noise": found.is_more_than_noise, "verdicts": verdicts}
        print(json.dumps(told))  # noqa: T201 (a command prints)
    else:
        print(comparison.text(found, verdicts))  # noqa: T201 (a command prints)
    return 0
