"""Models for the real programs: the brains of tests/agents, who make the call that stands in `next`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from watchkeeper.tools import TOOLS

from ..agents.brains import MEND, Brain, Call, call_in
from .model.turns import Asked, Reply

OURS = tuple(one.name for one in TOOLS)
MOST_SEARCHES = 3
EMPTY: dict[str, object] = {"string": "", "array": [], "boolean": False, "number": 0, "object": {}}
_OFFERED = re.compile(rf"\bmcp__\w+?__(?:{'|'.join(OURS)})\b")


@dataclass(slots=True)
class Player:
    """A brain at the other end of a wire: it finds our tools under the names that a program gives them.

    :ivar mend: what it does when the brain mends its script, as a model would by the program's own tools.
    :ivar made: the calls, with the names under which they were made.
    :ivar results: the results that it was shown.
    :ivar after: the newest request after a call of a tool of ours, by the tool.
    :ivar every: whether a call names every argument, an empty value for what it leaves open: smolagents wants that.
    """

    brain: Brain
    mend: Callable[[], object] = lambda: None
    made: list[Reply] = field(default_factory=list[Reply])
    results: list[str] = field(default_factory=list[str])
    after: dict[str, Asked] = field(default_factory=dict[str, Asked])
    every: bool = False
    _waiting: Call | None = None
    _searches: int = 0

    def __call__(self, asked: Asked) -> Reply:
        """Return the next call, or the brain's last word."""
        if not offered(asked) and "ToolSearch" not in asked.tools:
            return Reply(text="A training")  # it asks for a title, or whether the network is there
        if self.made and self._waiting is None:
            self.after[next(one for one in OURS if self.made[-1].tool.endswith(one))] = asked
        call = self._waiting or self._next(asked)
        self._waiting = None
        if not call.tool:
            return (
                Reply("final_answer", {"answer": call.said}) if "final_answer" in asked.tools else Reply(text=call.said)
            )
        tool = next((one for one in offered(asked) if one.endswith(call.tool)), None)
        if tool is None:
            self._waiting = call
            return self._searched(asked)
        self.made.append(Reply(tool, {**(open_arguments(call.tool) if self.every else {}), **call.arguments}))
        return self.made[-1]

    def _next(self, asked: Asked) -> Call:
        if asked.result is not None:
            self.results.append(asked.result)
        call = self.brain(shown(asked))
        if call.tool != MEND:
            return call
        self.mend()
        return self.brain(f"{MEND}: done")

    def _searched(self, asked: Asked) -> Reply:
        """Return Claude Code's call for tools behind its search, which waits for a server that still connects."""
        names = sorted({one for text in asked.texts for one in _OFFERED.findall(text)})
        self._searches += 1
        assert self._searches <= MOST_SEARCHES, f"our tools are not offered: {sorted(asked.tools)}"
        query = f"select:{','.join(names)}" if names else "watchkeeper poll_training"
        return Reply("ToolSearch", {"query": query, "max_results": len(OURS)})


def open_arguments(name: str) -> dict[str, object]:
    """Return an empty value of the right type for each argument of a tool of ours."""
    (tool,) = [one for one in TOOLS if one.name == name]
    return {one.name: EMPTY[str(one.schema()["type"])] for one in tool.parameters}


def offered(asked: Asked) -> list[str]:
    """Return our tools among those that a program offers, under its names."""
    return [one for one in sorted(asked.tools) if one.endswith(OURS)]


def shown(asked: Asked) -> str:
    """Return what the model has to go by: a result out of its wrapping, or a message of the program that holds it."""
    if asked.result is None:
        return asked.said if call_in(asked.said) and HELD in asked.said else ""
    place = asked.result.find("\n{")
    return asked.result[place + 1 :] if place >= 0 else asked.result


class Patient:
    """Starts a training, polls it until a poll has taken its whole time, at most a few times, and looks at its plot.

    :ivar waited_s: seconds of the longest poll, from its call to the next request.
    """

    def __init__(self, wait_s: float, polls: int = 4) -> None:
        self._wait_s, self._polls = wait_s, polls
        self._after = [Call("plot_training", {"run": "1-quick-1"}), Call(said="It goes on.")]
        self._last, self._called_at = Call(), 0.0
        self.waited_s = 0.0

    def __call__(self, answer: str) -> Call:
        """Return the next call, or the last word, whatever the answer says."""
        del answer
        if self._last.tool == "poll_training":
            self.waited_s = max(self.waited_s, time.monotonic() - self._called_at)
        self._last, self._called_at = self._next(), time.monotonic()
        return self._last

    def _next(self) -> Call:
        if not self._last.tool and not self._called_at:
            return Call("start_training", {"model": "1", "phase": "quick"})
        if self._polls and self.waited_s < self._wait_s:
            self._polls -= 1
            return Call("poll_training", {"run": "1-quick-1", "wait_s": self._wait_s})
        return self._after.pop(0) if len(self._after) > 1 else self._after[0]


HELD = "Do not end your turn"
"""How the Stop hook speaks to the model."""


class Hasty:
    """Wants to end its turn after each call of some tools, and goes on when it is held."""

    def __init__(self, brain: Brain, after: tuple[str, ...]) -> None:
        self._brain, self._after = brain, after
        self._last = Call()
        self.held: list[str] = []

    def __call__(self, answer: str) -> Call:
        """Return the next call; an empty one to end the turn."""
        if HELD in answer:
            self.held.append(answer)
            self._last = call_in(answer) or Call()
            assert self._last.tool, answer
        elif self._last.tool in self._after:
            self._last = Call(said="I am done for now.")
        else:
            self._last = self._brain(answer)
        return self._last
