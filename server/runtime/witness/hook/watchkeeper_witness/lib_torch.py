"""torch: every optimiser's steps through its global hooks, losses at `backward`, loaders, saved weights."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
from typing import Any

from . import clock as time
from . import loaded, loss_graph, places, torch_outputs, trained_rows
from .calls import MARK, pickled_from
from .loops import Batches, Losses
from .more import is_due, tell_due, tell_each
from .plain import plain
from .state import can_afford, here, next_number, ours, ours_at_length, state
from .trouble import trouble
from .weights import MOST_PARTS, Sample, of_tensors, tensors_in
from .writer import cpu_s

_MOST_OPTIMISERS = 2000
_ONE_LR = 6
_MOST_DIMS = 40
_FALLEN = 1e-5
"""So small a share of its highest a learning rate is as good as none."""


class Optimised:
    """The steps of one optimiser."""

    def __init__(self, optimiser: Any, where: str) -> None:
        self.id = next_number("steps")
        self.name, self.base = type(optimiser).__name__, _base(type(optimiser))
        self.where = where
        self.steps = self.told = 0
        self.first_at = self.last_at = time.time()
        self.begun, self.cpu_began = time.perf_counter(), cpu_s()
        self.lr_seen: list[float] = []
        self.lr: Any = None
        """The latest rate, where it was a number beside zero: the same object says that nothing changed."""
        parameters = _parameters(optimiser)
        self.numbers = sum(int(each.numel()) for each in parameters)
        self.tensors, self.sizes = len(parameters), _sizes(parameters)
        self.dims = sorted({int(each) for one in parameters for each in one.shape}, reverse=True)[:_MOST_DIMS]
        self.matrices = sum(1 for one in parameters if one.dim() > 1)
        self.idle = self.looked_at = 0
        self.highest = 0.0
        self.still: list[list[int]] = []
        """Of how many numbers the tensors are that had no gradient at the step `looked_at`, the 1st, 2nd, 4th, 8th …"""
        self.sample = Sample(parameters)
        self.begun_weights = of_tensors(parameters)
        self.from_files = loaded.among(parameters)
        self.latest: dict[str, Any] = {}
        self.optimiser: Any = _weak(optimiser)

    def take(self, optimiser: Any) -> None:
        self.steps += 1
        self.last_at = time.time()
        if not self.steps & (self.steps - 1) and not torch_outputs.capturing():
            self.still = _without_gradient(optimiser)
            self.looked_at = self.steps
        lr = optimiser.param_groups[0].get("lr")
        if lr is self.lr and lr is not None:
            return
        if isinstance(lr, float):
            self.highest = max(self.highest, lr)
        least = _FALLEN * self.highest
        fallen = isinstance(lr, float) and lr <= least
        self.lr = lr if isinstance(lr, float) and not fallen else None
        if fallen and not any((each.get("lr") or 0) > least for each in optimiser.param_groups):
            self.idle += 1
        if isinstance(lr, float) and (not self.lr_seen or self.lr_seen[-1] != lr):
            if len(self.lr_seen) >= _ONE_LR:
                self.lr_seen[-1] = lr
            else:
                self.lr_seen.append(lr)

    def look(self, optimiser: Any, *, last: bool) -> None:
        """Look at the weights now."""
        parameters = _parameters(optimiser)
        groups = optimiser.param_groups
        params = {k: plain(v) for k, v in groups[0].items() if k not in ("params", "lr")}
        if len(groups) > 1 and "weight_decay" in params:
            params["decays"] = [plain(each.get("weight_decay")) for each in groups][:20]
        self.latest = {
            "params": {"lr": [plain(each.get("lr")) for each in groups][:20], **params},
            **self.sample.moved(parameters),
            **({"weights": of_tensors(parameters, parts=True)} if can_afford() or last else {}),
        }

    def tell(self, *, last: bool = False) -> None:
        optimiser = self.optimiser()
        if self.told == self.steps and not last:
            return
        self.told = self.steps
        if optimiser is not None:
            self.look(optimiser, last=last)
        facts = {
            "id": self.id,
            "library": "torch",
            "class": self.name,
            **({"base": self.base} if self.base else {}),
            "steps": self.steps,
            "first_at": round(self.first_at, 3),
            "last_at": round(self.last_at, 3),
            "wall_s": round(time.perf_counter() - self.begun, 3),
            "cpu_s": round(cpu_s() - self.cpu_began, 2),
            "lr_seen": self.lr_seen,
            "numbers": self.numbers,
            "tensors": self.tensors,
            "sizes": self.sizes,
            "dims": self.dims,
            "matrices": self.matrices,
            **({"idle": self.idle} if self.idle else {}),
            **({"still_sizes": self.still, "still_at": self.looked_at} if self.still else {}),
            "begun": self.begun_weights,
            **self.from_files,
            **self.latest,
        }
        state.writer.tell("steps", self.where, facts)


def _base(cls: Any) -> str:
    """Return the class of torch's that an optimiser of another's making inherits from; empty for one of its own."""
    if cls.__module__.startswith("torch."):
        return ""
    return next((each.__name__ for each in cls.__mro__ if each.__module__.startswith("torch.optim")), "")


def _weak(thing: Any) -> Any:
    import weakref

    return weakref.ref(thing)


def _sizes(tensors: Any) -> list[int]:
    return [int(each.numel()) for each in tensors][:MOST_PARTS]


def _without_gradient(optimiser: Any) -> list[list[int]]:
    """Return [numbers, how many such tensors] of those that a step did not move, for want of a gradient or a rate."""
    found: dict[int, int] = {}
    for group in optimiser.param_groups:
        for one in group["params"][:MOST_PARTS]:
            if group.get("lr") == 0 or one.grad is None or (one.grad.layout == _strided() and not one.grad.any()):
                found[int(one.numel())] = found.get(int(one.numel()), 0) + 1
    return [[size, count] for size, count in found.items()][:MOST_PARTS]


def _strided() -> Any:
    return sys.modules["torch"].strided


def _parameters(optimiser: Any) -> list[Any]:
    return [each for group in optimiser.param_groups for each in group["params"]]


def torch(module: Any) -> list[str]:
    """Hook the optimisers, `backward` and `save`."""
    optim: Any = sys.modules.get("torch.optim.optimizer")
    done = []
    if hasattr(optim, "register_optimizer_step_pre_hook"):
        optim.register_optimizer_step_pre_hook(_before_step)
        optim.register_optimizer_step_post_hook(_after_step)
        optim.Optimizer.__del__ = _forgotten
        done.append("torch.optim.Optimizer.step")
    _SAYS_CPU[0] = hasattr(module.Tensor, "is_cpu")
    module.Tensor.backward = _backward(module.Tensor.backward)
    module.save = _saving(module.save)
    pickled_from(module, module.save)
    loaded.reading(module, "load")
    if "torch.utils.data.dataloader" in sys.modules:
        dataloader(sys.modules["torch.utils.data.dataloader"])
    done += torch_outputs.hook(module)
    return [*done, "torch.Tensor.backward", "torch.save"]


def _before_step(optimiser: Any, args: Any, kwargs: Any) -> None:
    if ("steps", id(optimiser)) in state.cumulative or state.writer is None or torch_outputs.capturing():
        return
    try:
        with ours_at_length():
            trained_rows.another()
            if sum(1 for key in state.cumulative if key[0] == "steps") < _MOST_OPTIMISERS:
                state.cumulative["steps", id(optimiser)] = Optimised(optimiser, places.where(sys._getframe(1)))
    except Exception as error:
        trouble("torch", error)


def _after_step(optimiser: Any, args: Any, kwargs: Any) -> None:
    state.stepped += 1
    seen = state.cumulative.get(("steps", id(optimiser)))
    if seen is None:
        return
    try:
        seen.take(optimiser)
        if is_due() and not torch_outputs.capturing():
            with ours_at_length():
                tell_due()
    except Exception as error:
        trouble("torch", error)


def _forgotten(optimiser: Any) -> None:
    """Tell what an optimiser did when it goes; its weights are still there."""
    if state is None:
        return  # the interpreter goes, and the names of this module with it
    try:
        seen = state.cumulative.get(("steps", id(optimiser)))
        if seen is None or state.writer is None:
            return
        with ours_at_length():
            seen.look(optimiser, last=True)
            del state.cumulative["steps", id(optimiser)]
            seen.tell(last=True)
    except Exception as error:
        trouble("torch", error)


def _backward(backward: Any) -> Any:
    if hasattr(backward, MARK):
        return backward
    frame_of = sys._getframe

    @functools.wraps(backward)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if state.writer is not None and not here.busy:
                _loss(self, frame_of(1))
        except Exception as error:
            trouble("torch", error)
        return backward(self, *args, **kwargs)

    setattr(watched, MARK, True)
    return watched


def _loss(loss: Any, frame: Any) -> None:
    # By where it is made and not by its line: to hash a code object, or to count its lines, takes as long as the rest.
    seen = state.losses.get((id(frame.f_code), frame.f_lasti))
    if seen is None:
        with ours():
            seen = _losses(frame)
            seen.made_of = seen.made_of or loss_graph.told(loss)
    if state.loader is not None:
        state.loader.trains()
    if trained_rows.room[0]:
        trained_rows.went_backward()
    if torch_outputs.graded[0] is not None:
        seen.in_evaluation += torch_outputs.still_evaluates()
    seen.call(state.passes)
    on_cpu = loss.is_cpu if _SAYS_CPU[0] else loss.device.type == "cpu"
    if on_cpu or (time.monotonic() >= seen.next_at and not torch_outputs.capturing()):
        seen.take(loss.item() if loss.numel() == 1 else float(loss.sum()), on_cpu)


_SAYS_CPU = [False]
"""Whether tensors have `is_cpu`, which is asked ten times as fast as their device."""


def _losses(frame: Any) -> Losses:
    """Return what counts for a line; it is found again by where exactly in its code the call is made."""
    key = ("losses", frame.f_code, frame.f_lineno)
    seen = state.cumulative.get(key)
    if seen is None:
        seen = state.cumulative[key] = Losses("torch", places.where(frame))
    state.losses[id(frame.f_code), frame.f_lasti] = seen  # the key above keeps the code, and so its number
    return seen


def dataloader(module: Any) -> list[str]:
    """Count what comes out of loaders."""
    base = module._BaseDataLoaderIter
    if not hasattr(base.__next__, MARK):
        base.__next__ = _next(base.__next__)
        module.DataLoader.__iter__ = _iter(module.DataLoader.__iter__)
    return ["torch.utils.data.DataLoader"]


def _iter(begin: Any) -> Any:
    @functools.wraps(begin)
    def watched(self: Any) -> Any:
        iterator = begin(self)
        try:
            if state.writer is not None and not here.busy:
                with ours():
                    seen = _batches(self, places.where(sys._getframe(1)))
                    seen.passes += 1
                    state.passes += 1
                    state.loader = seen
                    iterator._watchkeeper_witness = seen
        except Exception as error:
            trouble("torch", error)
        return iterator

    return watched


def _batches(loader: Any, where: str) -> Batches:
    """Return what counts for a loader: those of one place, size and set of the same length count as one."""
    found = Batches(loader, where)
    return state.cumulative.setdefault(("batches", where, found.dataset, found.batch_size), found)


def _next(step: Any) -> Any:
    @functools.wraps(step)
    def watched(self: Any) -> Any:
        seen = self.__dict__.get("_watchkeeper_witness")
        try:
            batch = step(self)
        except StopIteration:
            if seen is not None and seen.hashes is not None:
                with ours():
                    seen.passed()
            raise
        if seen is not None:
            state.loader = seen
        if seen is not None and seen.hashes is not None:
            with ours():
                seen.take(batch)
        elif seen is not None:
            seen.take(batch)
        return batch

    setattr(watched, MARK, True)
    return watched


def _saving(save: Any) -> Any:
    if hasattr(save, MARK):
        return save

    @functools.wraps(save)
    def watched(obj: Any, f: Any = None, *args: Any, **kwargs: Any) -> Any:
        result = save(obj, f, *args, **kwargs)
        try:
            if state.writer is not None and not here.busy:
                with ours_at_length():
                    _saved(obj, f, sys._getframe(1))
        except Exception as error:
            trouble("torch", error)
        return result

    setattr(watched, MARK, True)
    return watched


def _saved(obj: Any, f: Any, frame: Any) -> None:
    for key, seen in list(state.cumulative.items()):
        if key[0] == "steps":
            seen.tell()
    found = tensors_in(obj)
    path = str(f) if isinstance(f, str) or hasattr(f, "__fspath__") else getattr(f, "name", "")
    steps = {str(seen.id): seen.steps for key, seen in state.cumulative.items() if key[0] == "steps"}
    facts = {
        "library": "torch",
        "call": "torch.save",
        "path": places.inside(str(path)),
        "numbers": sum(int(each.numel()) for each in found.values()),
        "tensors": len(found),
        "sizes": _sizes(found.values()),
        "weights": of_tensors(list(found.values()), parts=True, names=list(found)),
        "steps": steps,
    }
    tell_each("save", "torch", places.where(frame), facts)
