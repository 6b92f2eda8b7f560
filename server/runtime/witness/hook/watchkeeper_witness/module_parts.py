"""torch: which parameters a module has that was evaluated, so that it shows which of them an optimiser moved."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import weakref
from typing import Any

from .state import can_afford, state

_MOST_MODULES = 20
_MOST_PARAMETERS = 300
"""A larger network is told by its numbers alone."""
_LONGEST = 80


class Modules:
    """The modules that returned something in evaluation, each once."""

    def __init__(self) -> None:
        self.known: dict[int, Any] = {}
        self.waiting: list[tuple[str, dict[str, Any]]] = []

    def note(self, module: Any, where: str) -> None:
        """Note the parameters of a module that was not seen before."""
        known = self.known.get(id(module))
        if (known is not None and known() is module) or len(self.known) >= _MOST_MODULES or not can_afford():
            return
        self.known[id(module)] = weakref.ref(module)
        every = [*module.named_parameters()]
        if not every:
            return
        facts: dict[str, Any] = {
            "library": "torch",
            "class": type(module).__name__,
            "numbers": sum(int(each.numel()) for _, each in every),
            "tensors": len(every),
        }
        if len(every) <= _MOST_PARAMETERS:
            facts["parameters"] = [[name[-_LONGEST:], int(each.numel())] for name, each in every]
            fixed = [at for at, (_, each) in enumerate(every) if not each.requires_grad]
            facts.update({"fixed": fixed} if fixed else {})
        self.waiting.append((where, facts))

    def tell(self) -> None:
        waiting, self.waiting = self.waiting, []
        for where, facts in waiting:
            state.writer.tell("module", where, facts)
