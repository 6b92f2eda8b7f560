"""torch: did states that were loaded into modules after some training change anything of them?"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
from typing import Any

from .calls import MARK
from .state import can_afford, here, ours_at_length, state
from .trouble import trouble

_MOST_TENSORS, _MOST_NUMBERS = 60, 4


class Restored:
    """The calls of `load_state_dict` after the first step of an optimiser, of all modules together."""

    def __init__(self) -> None:
        self.calls = self.changed = self.untold = self.steps = 0

    def tell(self) -> None:
        """Tell them, once the process ends."""
        if state.ending and self.calls:
            facts = {"calls": self.calls, "changed": self.changed, "untold": self.untold, "steps": self.steps}
            state.writer.tell("restored", "", {"library": "torch", **facts})
            self.calls = 0


def hook(cls: Any) -> None:
    """Watch what is loaded into modules."""
    if not hasattr(cls.load_state_dict, MARK):
        cls.load_state_dict = _watched(cls.load_state_dict)


def _watched(load: Any) -> Any:
    @functools.wraps(load)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        looks = state.writer is not None and state.stepped > 0 and not here.busy
        before = _some(self) if looks else None
        result = load(self, *args, **kwargs)
        if looks:
            _note(before, self)
        return result

    setattr(watched, MARK, True)
    return watched


def _some(module: Any) -> Any:
    """Return the first numbers of the first parameters; None where there is no time, or none are at hand."""
    try:
        with ours_at_length():
            some = [one for _, one in zip(range(_MOST_TENSORS), module.parameters())]  # noqa: B905 (Python 3.8)
            return [one.detach().reshape(-1)[:_MOST_NUMBERS].tolist() for one in some] if can_afford() else None
    except Exception as error:
        trouble("torch", error)
        return None


def _note(before: Any, module: Any) -> None:
    known = state.cumulative.setdefault(("restored",), Restored())
    now = _some(module) if before is not None else None
    known.calls += 1
    known.steps = state.stepped
    if now is None:
        known.untold += 1
    elif now != before:
        known.changed += 1
