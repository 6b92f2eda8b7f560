"""A long drawing of faults whose results outlast its own end: a line of JSON for each round, in a file that only grows.

Called again with the same file it goes on behind the last round, until as many faults as wanted are counted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..runtime.keeper.helpers import end_processes_of


@dataclass
class Round:
    """What one round did and found.

    :ivar seed: what it is drawn from.
    :ivar faults: how many of each kind of fault.
    :ivar allowed: how often came what docs/reliability.md says may come; it is counted all the same.
    :ivar violations: what did not hold, in words; its workspace is kept for a look.
    :ivar slowest_s: the slowest answer of a server that was not killed.
    """

    faults: Counter[str] = field(default_factory=Counter[str])
    allowed: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])
    slowest_s: float = 0.0
    seed: int = 0


WANTED = 20
Play = Callable[[Path, random.Random, Round], None]


def run(play: Play, arguments: list[str], about: str, rounds: int | None = None) -> int:
    """Play rounds until enough faults are counted; return 1 if anything did not hold.

    :param rounds: of all that there is to strike: there are no more, and they are wanted unless a number is.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options(arguments, about)
    results = Path(options.results) if options.results else None
    played = _before(results, options.seed)
    wanted = options.wanted or (math.inf if rounds else WANTED)
    while sum((one.faults for one in played), Counter[str]()).total() < wanted and len(played) < (rounds or math.inf):
        seed = options.seed + len(played)
        begun = time.monotonic()
        one = _played(play, seed, options.folder)
        played.append(one)
        line: dict[str, object] = {
            "seed": seed,
            "faults": one.faults,
            "allowed": one.allowed,
            "violations": one.violations,
        }
        line |= {"slowest_s": round(one.slowest_s, 3), "took_s": round(time.monotonic() - begun, 1)}
        line |= {"load": round(os.getloadavg()[0], 1)}
        print(json.dumps(line), flush=True)
        if results:
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    return _told(played)


def _options(arguments: list[str], about: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--wanted", type=int, help=f"how many faults, with those of the file; {WANTED}, or all")
    parser.add_argument("--seed", type=int, default=0, help="of the first round; each further one adds 1")
    parser.add_argument("--results", help="a file that each round adds a line to; it is gone on with")
    parser.add_argument("--folder", help="where workspaces are made; on tmpfs a sync costs nothing")
    return parser.parse_args(arguments)


def _before(results: Path | None, seed: int) -> list[Round]:
    """Return the rounds that a file of results knows of this seed's row."""
    if results is None or not results.exists():
        return []
    text = results.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        with results.open("a", encoding="utf-8") as file:
            file.write("\n")  # what comes next is a line of its own
    lines = [found for line in text.splitlines() if (found := _whole(line)) is not None]
    if [one["seed"] for one in lines] != list(range(seed, seed + len(lines))):
        raise SystemExit(f"{results} holds rounds of other seeds: name another file, or the seed that it begins with")
    return [
        Round(Counter(one["faults"]), Counter(one.get("allowed", {})), one["violations"], one["slowest_s"])
        for one in lines
    ]


def _whole(line: str) -> dict[str, Any] | None:
    """Return a line of results; None for one that a killed campaign wrote by half: its round is played again."""
    with suppress(json.JSONDecodeError):
        found: dict[str, Any] = json.loads(line)
        return found
    return None


def _played(play: Play, seed: int, folder: str | None) -> Round:
    one = Round(seed=seed)
    root = Path(tempfile.mkdtemp(prefix=f"watchkeeper-torture-{seed}-", dir=folder))
    try:
        play(root, random.Random(seed), one)
    except Exception as error:  # whatever else a round raises did not hold either
        one.violations.append(f"{type(error).__name__}: {error}")
    finally:  # Ctrl-C and SIGTERM come by here too
        end_processes_of(root)
        if one.violations:
            print(f"kept: {root}", file=sys.stderr, flush=True)
        else:
            shutil.rmtree(root)
    return one


def _told(played: list[Round]) -> int:
    faults = sum((one.faults for one in played), Counter[str]())
    allowed = sum((one.allowed for one in played), Counter[str]())
    violations = [one for round_ in played for one in round_.violations]
    slowest_s = max((one.slowest_s for one in played), default=0.0)
    print(f"{faults.total()} faults in {len(played)} rounds: {dict(faults)}")
    print(f"{len(violations)} violations; allowed: {dict(allowed)}; slowest answer beside them {slowest_s:.1f} s")
    return 1 if violations else 0
