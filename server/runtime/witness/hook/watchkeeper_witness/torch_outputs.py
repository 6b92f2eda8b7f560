"""torch: what modules returned where nothing was trained by it, in blocks, as `predict` of an estimator is told.

A block is what one module returned at one place, in one pass of a loader, between two steps of optimisers. The latest
blocks are kept and told at the end.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import contextlib
import functools
import sys
import weakref
from collections import deque
from typing import Any

from . import clock as time
from . import layers, places, restored, trained_rows
from .calls import MARK
from .fingerprint import MOST_ROWS, as_array, flat64, fp, named_rows, row_hashes
from .given_rows import GivenRows
from .loops import MOST_KEYS, MOST_OF_A_ROW
from .module_parts import Modules
from .state import can_afford, here, numpy, ours, ours_at_length, reserved, state
from .trouble import trouble

_MOST_BLOCKS = 60
_MOST_NUMBERS = 1 << 18
"""Of one block; of more only the calls are counted."""
_MOST_HELD = 1 << 21
"""Of all blocks together; then the oldest ones let go of theirs."""
_MOST_OUTPUTS = 3
_MOST_CLASSES = 32
_MOST_COLUMNS = 4
"""Outputs of so few columns are told column by column too: 32 values of all together are few of each."""
_CPU = "cpu"
_MOST_GIVEN = 6
"""Of so many blocks it is told what stood in the rows that they are of."""
_MOST_BROUGHT = 1 << 16
"""So many numbers of a call are brought over from a GPU."""


class Block:
    """Calls that belong together."""

    def __init__(self, module: Any, where: str) -> None:
        self.name, self.where = type(module).__name__, where
        self.training = bool(getattr(module, "training", False))
        self.number = trained_rows.number_of(module)
        self.steps = _steps()
        self.calls = self.rows = self.numbers = 0
        self.since_step: list[int] = [0, 0]
        """Calls of this module and rows that it returned since the latest step, until now."""
        self.pieces: list[list[Any]] = []
        self.inputs: list[Any] | None = []
        self.given = GivenRows()
        self.lengths: list[int] | None = []
        """The least and the most that the second side of its inputs had; None where one has no second side."""

    def take(self, given: Any, outputs: list[Any]) -> None:
        self.calls += 1
        self.rows += int(outputs[0].shape[0])
        self._measure(given)
        size = sum(int(each.numel()) for each in outputs)
        brought = all(each.device.type == _CPU or each.numel() <= _MOST_BROUGHT for each in outputs)
        self.numbers += size
        if self.numbers > _MOST_NUMBERS or not brought or not can_afford():
            self.let_go()
            return
        np = numpy()
        self.pieces.append([np.array(as_array(np, each), "<f8") for each in outputs])
        if self.inputs is not None:
            self._hash(np, given, self.inputs)

    def _measure(self, given: Any) -> None:
        """Note how long inputs are: tokens of a text, steps of a window."""
        shape = getattr(given, "shape", ())
        if len(shape) < 2 or (len(shape) == 2 and getattr(given.dtype, "is_floating_point", True)):
            self.lengths = None  # a row of numbers
        elif self.lengths is not None:
            sides = [int(each) for each in shape[1:3]]
            least, most = self.lengths[:2] or (sides[0], 0)
            self.lengths = [min(least, sides[0]), max(most, *sides)]

    def let_go(self) -> None:
        """Tell calls and rows alone from now on."""
        self.numbers = _MOST_NUMBERS + 1
        self.pieces, self.inputs, self.given = [], None, GivenRows()

    def _hash(self, np: Any, given: Any, inputs: list[Any]) -> None:
        try:
            on_cpu = given.device.type == _CPU and given.dtype.is_floating_point and len(given.shape) > 1
            rows = given.detach().reshape(len(given), -1)[:, :MOST_OF_A_ROW].numpy() if on_cpu else None
            if rows is None or len(rows) > MOST_ROWS:
                self.inputs = None
            else:
                table = flat64(np, rows).reshape(len(rows), -1)
                inputs.append(row_hashes(np, table))
                if given[:1].numel() <= MOST_OF_A_ROW:
                    self.given.take(np, table, int(given.shape[-1]) if given.dim() == 3 else 1)
        except Exception:
            self.inputs = None

    def _are_passes(self) -> bool:
        """Whether several calls were on the same rows, as with dropout."""
        inputs, parts = self.inputs or [], [each[0] for each in self.pieces]
        same = len(inputs) == len(parts) > 1 and len({each.shape for each in parts}) == 1
        return same and all(len(each) == len(inputs[0]) and (each == inputs[0]).all() for each in inputs[1:])

    def facts(self) -> list[dict[str, Any]]:
        """Return what is told: one line an output, and of scores of classes also what follows from them."""
        base = {"library": "torch", "class": self.name, "calls": self.calls, "training": self.training}
        base.update({"rows": self.rows, "steps": self.steps, "since_step": self.since_step, **self.number})
        base.update({"lengths": self.lengths} if self.lengths else {})
        if not self.pieces or len({len(each) for each in self.pieces}) != 1:
            return [base]
        np, found = numpy(), []
        if self.inputs:
            keys = np.concatenate(self.inputs)
            base["x"] = {"shape": [len(keys)], **named_rows(np, keys, MOST_KEYS), **self.given.facts(np)}
        if not can_afford():
            return [base]
        passes = self._are_passes()
        if passes:
            base["alike"] = all((each[0] == self.pieces[0][0]).all() for each in self.pieces[1:])
        for number in range(len(self.pieces[0])):
            parts = [np.atleast_1d(each[number]) for each in self.pieces]
            if len({each.shape[1:] for each in parts}) == 1:
                whole = np.concatenate(parts)
                every = [*forms(np, whole)]
                if passes and len({each.shape for each in parts}) == 1:
                    every.append(("mean of calls", np.mean(np.stack(parts), axis=0)))
                found += [{**base, "output": number, "of": kind, "values": fp(each)} for kind, each in every]
        return found or [base]


def forms(np: Any, values: Any) -> Any:
    """Yield an output as it is, and of scores of a few classes their labels and shares."""
    yield "output", values
    if values.ndim == 2 and 2 <= values.shape[1] <= _MOST_COLUMNS:
        yield from ((f"column {number}", values[:, number]) for number in range(values.shape[1]))
    if values.ndim == 2 and 2 <= values.shape[1] <= _MOST_CLASSES and np.isfinite(values).all():
        yield "labels", values.argmax(1)
        shares = np.exp(values - values.max(1, keepdims=True))
        yield "shares", shares / shares.sum(1, keepdims=True)


class Outputs:
    """The latest blocks of this process."""

    def __init__(self) -> None:
        self.blocks: deque[Block] = deque(maxlen=_MOST_BLOCKS)
        self.key: Any = None
        self.since: dict[Any, list[int]] = {}

    def take(self, module: Any, given: Any, outputs: list[Any], frame: Any) -> None:
        key = (id(module), frame.f_code, frame.f_lineno, state.passes, _steps())
        if key != self.key or not self.blocks:
            where = places.where(frame)
            if not where:
                return  # a thread of a library, as of `DataParallel`, has a part of what is told already
            self.key = key
            self.blocks.append(Block(module, where))
            self._let_go()
            state.cumulative.setdefault(("modules",), Modules()).note(module, where)
        block = self.blocks[-1]
        block.take(given, outputs)
        if (id(module), block.steps) not in self.since:
            self.since = {one: told for one, told in self.since.items() if one[1] == block.steps}
        told = block.since_step = self.since.setdefault((id(module), block.steps), [0, 0])
        told[0] += 1
        told[1] += int(outputs[0].shape[0])

    def counted(self, module: Any, result: Any, frame: Any) -> bool:
        """Count a call of a block of which only calls and rows are told, and there may be millions; return whether."""
        block = self.blocks[-1] if self.blocks else None
        if block is None or block.numbers <= _MOST_NUMBERS or type(result) is not sys.modules["torch"].Tensor:
            return False
        if self.key != (id(module), frame.f_code, frame.f_lineno, state.passes, _steps()) or not result.dim():
            return False
        rows = int(result.shape[0])
        block.calls += 1
        block.rows += rows
        block.since_step[0] += 1
        block.since_step[1] += rows
        return True

    def _let_go(self) -> None:
        """Hold the numbers of the newest blocks; of the others' rows only the names."""
        held = 0
        for block in [*self.blocks][:-_MOST_GIVEN]:
            block.given = GivenRows()
        for block in reversed(self.blocks):
            held += block.numbers if block.pieces else 0
            if held > _MOST_HELD and block.pieces:
                block.let_go()

    def tell(self) -> None:
        """Tell all of them, once the process ends; where there is no time for all, the numbers of the newest."""
        told: list[tuple[str, dict[str, Any]]] = []
        while state.ending and self.blocks:
            block, began = self.blocks.pop(), time.thread_time()
            with reserved("forward"):
                told += [(block.where, facts) for facts in reversed(block.facts())]
            state.own_s += time.thread_time() - began
        for where, facts in reversed(told):
            state.writer.tell("forward", where, facts)


graded: list[Any] = [None]
"""The module that was called last in its evaluation mode while gradients were on; none once a loss went backward."""


def still_evaluates() -> bool:
    """Whether that module is in its evaluation mode now that a loss goes backward."""
    module, graded[0] = graded[0](), None
    return module is not None and not getattr(module, "training", True)


_evaluated: Any = weakref.WeakSet()
"""Modules that were put into evaluation themselves, not as parts of others."""


def hook(torch: Any) -> list[str]:
    """Watch the calls of modules; those that train pass at once."""
    cls = torch.nn.Module
    if hasattr(cls.__call__, MARK):
        return []
    cls.eval = _evaluating(cls.eval)
    restored.hook(cls)
    compiling = getattr(getattr(torch, "compiler", None), "is_compiling", None) or (lambda: False)
    cls.__call__ = _calling(cls.__call__, torch.is_grad_enabled, compiling, torch._C._get_tracing_state)
    return ["torch.nn.Module.__call__"]


def _evaluating(evaluate: Any) -> Any:
    @functools.wraps(evaluate)
    def watched(self: Any) -> Any:
        with contextlib.suppress(TypeError):  # no module that can be told from others
            _evaluated.add(self)
        return evaluate(self)

    return watched


def _calling(call: Any, trains: Any, compiling: Any, tracing: Any) -> Any:
    @functools.wraps(call)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A frozen script has no `training`. What torch's compiler traces must not come further than its question.
        if (not trained_rows.room[0] and trains() and getattr(self, "training", True)) or compiling():
            return call(self, *args, **kwargs)
        if trains() and getattr(self, "training", True):
            traced = tracing() is not None  # a look would become a part of what is traced
            return call(self, *args, **kwargs) if traced else _trained(call, self, args, kwargs)
        if here.forward or here.busy or state.writer is None or tracing() is not None or not _evaluates(self, trains()):
            if here.walk is not None:
                here.walk.note(self)
            return call(self, *args, **kwargs)
        here.forward = True
        here.walk = walk = _walk(self)
        try:
            result = call(self, *args, **kwargs)
        finally:
            here.forward, here.walk = False, None
        if walk is not None:
            _walked(self, walk)
        if trains():
            with contextlib.suppress(TypeError):  # no module that can be told from others
                graded[0] = weakref.ref(self)
        if _steps():
            _returned(self, args, kwargs, result, sys._getframe(1))
        return result

    setattr(watched, MARK, True)
    return watched


def _trained(call: Any, module: Any, args: Any, kwargs: Any) -> Any:
    """Call a module that trains, and look at the rows that it was given."""
    if not trained_rows.begins():
        return call(module, *args, **kwargs)
    here.forward = True
    try:
        return call(module, *args, **kwargs)
    finally:
        here.forward = False
        trained_rows.took(module, args, kwargs, sys._getframe(2))


def _walk(module: Any) -> Any:
    try:
        return layers.begun(module)
    except Exception as error:  # no module that can be told from others
        trouble("torch", error)
        return None


def _walked(module: Any, walk: Any) -> None:
    try:
        with ours():
            layers.ended(module, walk)
    except Exception as error:
        trouble("torch", error)


def _evaluates(module: Any, trains: bool) -> bool:
    try:
        return not trains or module in _evaluated
    except TypeError:  # as above
        return False


def _returned(module: Any, args: Any, kwargs: Any, result: Any, frame: Any) -> None:
    try:
        known = state.cumulative.get(("outputs",))
        if known is not None and known.counted(module, result, frame):
            return
        with ours_at_length():
            outputs = [each for each in _tensors(result) if _is_plain(each)]
            if outputs and numpy() is not None and not capturing() and not _transforming():
                seen = state.cumulative.setdefault(("outputs",), Outputs())
                given = args[0] if args else next(iter(kwargs.values()), None)
                seen.take(module, given, outputs[:_MOST_OUTPUTS], frame)
    except Exception as error:
        trouble("torch", error)


def _is_plain(tensor: Any) -> bool:
    """Whether a tensor holds numbers of its own: no fake one of an export, none of a subclass that only looks so."""
    return type(tensor) is sys.modules["torch"].Tensor and (
        bool(tensor.dim()) and tensor.dtype.is_floating_point and tensor.device.type != "meta"
    )


def capturing() -> bool:
    """Whether a graph of CUDA is recorded now, which nothing may wait for: the recording would fail."""
    cuda = sys.modules.get("torch.cuda")
    return cuda is not None and cuda.is_initialized() and cuda.is_current_stream_capturing()


def _transforming() -> bool:
    """Whether `torch.func` is at work (`vmap`, `grad`): its tensors hold no numbers yet."""
    peek = getattr(getattr(sys.modules["torch"]._C, "_functorch", None), "peek_interpreter_stack", None)
    return peek is not None and peek() is not None


def _tensors(thing: Any) -> Any:
    if hasattr(thing, "numel") and hasattr(thing, "detach"):
        yield thing
    elif isinstance(thing, dict):
        yield from (each for each in thing.values() if hasattr(each, "numel"))
    elif isinstance(thing, (list, tuple)):
        yield from (each for each in thing if hasattr(each, "numel"))


def _steps() -> int:
    """Return how many steps all optimisers made so far; those that are gone count too."""
    return state.stepped
