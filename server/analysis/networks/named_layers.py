"""Does a network have the layers that its design calls it by? By the calls inside of one call of it. Pure.

A recurrence calls a cell once a step, a convolution is a layer of its own; either may be written with matrices of the
script's own, which no layer holds: then nothing is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..design.design import Design
from ..design.model import without_denials
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line
from ..witness.seen import Seen
from ..witness.values import part, text, texts, whole, wholes

_RECURRENT = re.compile(r"\blstm|\bgru\b|\brnn\b|recurrent|through time", re.IGNORECASE)
_CONVOLUTIONAL = re.compile(r"\bconv(?:olution\w{0,3}|net|\b)|\bcnn\b|\btcn\b|\bresnet", re.IGNORECASE)
_PLAIN = re.compile(
    r"feed[\s-]?forward|\bmlp\b|multi[\s-]?layer perceptron|tabular|fully[\s-]connected|reservoir|echo[\s-]state",
    re.IGNORECASE,
)
_NAMELESS = ("GraphModule", "OptimizedModule", "InterpreterModule")
"""What torch makes of modules that it compiles or exports."""
_CELLS = frozenset({"LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "RNNBase"})


def named_layers(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Yield that no network which was called has what the declared method is named for."""
    said = without_denials(design.method)
    told = seen.witnessed.of("layers")
    if not told or _PLAIN.search(said) or not any(one.library == "torch" and one.steps for one in seen.steps):
        return
    if _RECURRENT.search(said) and not any(map(_may_recur, told)):
        yield _without(design, told[-1], "no layer of it is called more than once for a sequence", "recurrence")
    elif _CONVOLUTIONAL.search(said) and not any(map(_may_convolve, told)):
        yield _without(design, told[-1], "none of its layers is a convolution", "convolution")


def _without(design: Design, line: Line, why: str, what: str) -> Suspicion:
    layers = part(line.facts, "layers") or {}
    named = ", ".join(f"{count[0]} {name}" for name in layers if (count := wholes(layers, name)))
    said = f"{text(line.facts, 'class')} is made of {named[:160]}, and {why}: there is no {what};"
    said = f"{said} {design.source('method')} declares {design.method[:80]!r}"
    action = "Train the kind of network that the design names, or name in the design the one that is trained."
    return Suspicion(said, Word.INVESTIGATE, f"no_{what}", action)


def _may_recur(line: Line) -> bool:
    layers = part(line.facts, "layers") or {}
    again = any(count[1] > 1 for name in layers if len(count := wholes(layers, name)) > 1)
    return again or not _CELLS.isdisjoint(texts(line.facts, "there")) or _is_untold(line)


def _may_convolve(line: Line) -> bool:
    return any(one.startswith(("Conv", "LazyConv", "Unfold")) for one in texts(line.facts, "there")) or _is_untold(line)


def _is_untold(line: Line) -> bool:
    """Whether weights stand in no layer of the library, layers have lost their names, or not all calls were counted."""
    own = whole(line.facts, "own_matrices") or 0
    nameless = any("Script" in one or one.startswith(_NAMELESS) for one in texts(line.facts, "there"))
    return own > 0 or nameless or line.facts.get("cut") is True or not whole(line.facts, "matrices")
