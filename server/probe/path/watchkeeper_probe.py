"""Tell a training's numbers to whoever watches it, from inside the script. One file, standard library only.

    import watchkeeper_probe

    watchkeeper_probe.log(epoch=3, train_loss=0.41, val_loss=0.44)         # any loop
    pm.sample(callback=watchkeeper_probe.pymc_callback)                     # PyMC's own sampler
    nutpie.sample(model, progress_callback=watchkeeper_probe.nutpie_callback)   # nutpie 0.16.9 or newer
    model.fit(x, y, callbacks=[watchkeeper_probe.keras_callback()])
    Trainer(callbacks=[watchkeeper_probe.lightning_callback()])

The lines go to `metrics.jsonl` in the folder that WATCHKEEPER_RUN_DIR names; without that variable nothing happens. A
call never raises, never prints, starts no thread and keeps no file open. A series (the calls that give the same names)
writes one line per 0.2 s at most; the newest value is kept and written at the next call, when the epoch changes, by
`flush()` and at exit, and each new epoch is written at once. Only a process that dies by a signal, or a worker of a
pool, can take an unwritten value with it; `flush()` there prevents that.

A number may be anything that stands for one (Python, NumPy, a tensor of one element); other values are left out. A
tensor is read at once, which waits for its device.

Python 3.8 or newer; the file may be copied beside a script that also runs elsewhere.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import math
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

FILE = "metrics.jsonl"
INTERVAL_S = 0.2
DRAWS_INTERVAL_S = 1.0
"""Seconds between two lines of one chain: four chains at 0.2 s would fill the file within four hours."""
LIMIT_BYTES = 50_000_000
BEYOND_LIMIT_INTERVAL_S = 10.0
"""Seconds between two lines of a series once the file holds LIMIT_BYTES; new epochs too then wait that long."""

_MOST_VALUES = 48
_MOST_SERIES = 200
_MOST_TEXT = 200
_RESERVED = ("at", "pid", "kind")


def log(**values: object) -> None:
    """Tell the numbers of one moment; call it as often as you like.

    :param values: numbers by name. `epoch` (or `step`) says where the training is, `epochs_total` (`steps_total`) how
        far it goes; `train_loss`, `val_loss`, `rmse`, `grad_norm` and `time_s` are the history's columns.
    """
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.log(values)


def pymc_callback(trace: object, draw: object) -> None:
    """Count a draw: `pm.sample(callback=watchkeeper_probe.pymc_callback)`. Only PyMC's own sampler calls it."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.pymc(trace, draw)


def nutpie_callback(chains: object) -> None:
    """Tell where nutpie's chains are: `nutpie.sample(..., progress_callback=watchkeeper_probe.nutpie_callback)`.

    :param chains: one `nutpie.ChainProgress` per chain; nutpie hands them over about twice a second.
    """
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.nutpie(chains)


def keras_callback() -> Any:
    """Return a `keras.callbacks.Callback` that logs every epoch, counted from 1, with its `time_s`.

    :raises ImportError: there is no Keras.
    """

    def on_epoch_begin(self: Any, epoch: int, logs: Any = None) -> None:
        self.watchkeeper_started = time.monotonic()

    def on_epoch_end(self: Any, epoch: int, logs: Any = None) -> None:
        with contextlib.suppress(Exception):
            values = dict(logs or {})
            if "loss" in values:
                values["train_loss"] = values.pop("loss")
            time_s = time.monotonic() - self.watchkeeper_started
            log(**{**values, "epoch": epoch + 1, "epochs_total": self.params.get("epochs"), "time_s": time_s})

    base = _first_module("keras", "tf_keras").callbacks.Callback
    methods = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end}
    return type("WatchkeeperCallback", (base,), methods)()


def lightning_callback() -> Any:
    """Return a Lightning `Callback` that logs the metrics of every training epoch, counted from 1, with its `time_s`.

    :raises ImportError: there is neither `lightning` nor `pytorch_lightning`.
    """

    def on_train_epoch_start(self: Any, trainer: Any, pl_module: Any) -> None:
        self.watchkeeper_started = time.monotonic()

    def on_train_epoch_end(self: Any, trainer: Any, pl_module: Any) -> None:
        with contextlib.suppress(Exception):
            if trainer.is_global_zero:
                time_s = time.monotonic() - self.watchkeeper_started
                place = {"epoch": trainer.current_epoch + 1, "epochs_total": trainer.max_epochs, "time_s": time_s}
                log(**{**trainer.callback_metrics, **place})

    base = _first_module("lightning.pytorch", "pytorch_lightning").Callback
    methods = {"on_train_epoch_start": on_train_epoch_start, "on_train_epoch_end": on_train_epoch_end}
    return type("WatchkeeperCallback", (base,), methods)()


def record_call(call: str, arguments: Dict[str, Any], *, resolves: bool = False) -> None:
    """Tell with which arguments something was called; what JSON cannot hold stands there as its type's name.

    :param call: what was called, for example `pymc.sample`.
    :param resolves: these complete the call that was told last (the number of cores that it chose).
    """
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.tell({"kind": "arguments", "call": call, "resolves": resolves, "values": _plain(arguments, 2)})


def begin_draws(*, chains: Optional[int], steps: Optional[int]) -> None:
    """Tell that a sampler starts, so that its draws are counted from nothing.

    :param chains: how many it will run; None is not known.
    :param steps: draws of one chain with its tuning; None is not known.
    """
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.begin(chains, steps)


def note(text: str) -> None:
    """Leave a remark for whoever reads the record."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.tell({"kind": "note", "text": text[:_MOST_TEXT]})


def flush() -> None:
    """Write the newest values that were held back."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.flush()


class _File:
    """The run's file. It is opened anew for each line, so that the script may close, reuse or inherit descriptors."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._torn = False
        self.beyond_limit = False
        self.lost = 0
        self.trouble = ""

    def append(self, record: Dict[str, Any]) -> bool:
        """Write one line; False when the disk did not take it."""
        try:
            self._write(record)
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
            return False
        if self.lost:
            lost, self.lost = self.lost, 0
            self.append(_note("%d lines were lost: %s" % (lost, self.trouble)))
        return True

    def _write(self, record: Dict[str, Any]) -> None:
        line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            # One write per line: appended whole, whatever other processes append.
            line = b"\n" + line if self._torn else line
            self._torn = os.write(descriptor, line) < len(line)
            if self._torn:
                raise OSError(28, "the disk took a part of a line")
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        if size > LIMIT_BYTES and not self.beyond_limit:
            self.beyond_limit = True
            text = "beyond %d MB: one line per series in %g s" % (LIMIT_BYTES // 10**6, BEYOND_LIMIT_INTERVAL_S)
            self._write(_note(text))


class _Series:
    """The newest record of one series, and when the next may be written."""

    __slots__ = ("due", "interval_s", "pending", "place", "refused")

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.due = 0.0
        self.pending: Optional[Dict[str, Any]] = None
        self.place: object = None
        self.refused = False


class _Probe:
    """Takes records, holds back what comes too fast, and writes the rest."""

    def __init__(self, path: str) -> None:
        self._file = _File(path)
        self._series: Dict[Any, _Series] = {}
        self._place: object = None
        self._next_due = math.inf
        # Reentrant, because a signal handler of the script may log in the middle of a log.
        self.lock = threading.RLock()
        self.draws = _Draws(self)

    def log(self, values: Dict[str, object]) -> None:
        numbers = _numbers(values)
        place = numbers.get("epoch")
        with self.lock:
            if place != self._place and place is not None:
                self._place = place
                self.flush()
            self.offer(tuple(numbers), numbers, place)

    def offer(self, key: object, record: Dict[str, Any], place: object = None, *, last: bool = False) -> None:
        """Take the newest record of a series; a new place or the last one of all is written at once."""
        if not record:
            return
        now = time.monotonic()
        with self.lock:
            series = self._series_of(key)
            if series.refused:
                self._file.lost += 1
            series.pending = {"at": round(time.time(), 3), "pid": os.getpid(), **record}
            fresh = place is not None and place != series.place
            series.place, series.refused = place, False
            if now >= series.due or ((fresh or last) and not self._file.beyond_limit):
                self._write(series, now)
            else:
                self._next_due = min(self._next_due, series.due)
            if now >= self._next_due:
                self.flush(now)

    def tell(self, record: Dict[str, Any]) -> None:
        """Write a record that belongs to no series."""
        with self.lock:
            if not self._file.append({"at": round(time.time(), 3), "pid": os.getpid(), **record}):
                self._file.lost += 1

    def flush(self, now: float = math.inf) -> None:
        """Write the pending record of every series that is due."""
        with self.lock:
            waiting = [series for series in self._series.values() if series.pending is not None]
            for series in waiting:
                if series.due <= now:
                    self._write(series, time.monotonic())
            self._next_due = min((series.due for series in waiting if series.pending is not None), default=math.inf)

    def _series_of(self, key: object) -> _Series:
        if key not in self._series:
            # A script that makes up names for ever shares one series beyond this.
            key = key if len(self._series) < _MOST_SERIES else None
            interval_s = DRAWS_INTERVAL_S if isinstance(key, int) else INTERVAL_S
            self._series.setdefault(key, _Series(interval_s))
        return self._series[key]

    def _write(self, series: _Series, now: float) -> None:
        if series.pending is not None and self._file.append(series.pending):
            series.pending = None
        else:
            series.refused = True
        series.due = now + (BEYOND_LIMIT_INTERVAL_S if self._file.beyond_limit else series.interval_s)


class _Chain:
    """What one chain did so far; draws are counted with the tuning."""

    __slots__ = ("divergences", "done", "due", "gradients", "steps", "tuning")

    def __init__(self, steps: Optional[int]) -> None:
        self.done = 0
        self.steps = steps
        self.tuning = True
        self.divergences = 0
        self.gradients = 0
        self.due = 0.0


class _Draws:
    """Counts the draws of the newest sampling, chain by chain."""

    def __init__(self, probe: _Probe) -> None:
        self._probe = probe
        self._sampling = 0
        self._chains: Dict[int, _Chain] = {}
        self._expected: Optional[int] = None
        self._steps: Optional[int] = None

    def begin(self, chains: Optional[int], steps: Optional[int]) -> None:
        with self._probe.lock:
            self._probe.flush()
            self._sampling += 1
            self._chains = {}
            self._expected, self._steps = chains, steps

    def pymc(self, trace: Any, draw: Any) -> None:
        chain = self._chains.get(draw.chain)
        if chain is None or draw.draw_idx < chain.done:
            chain = self._new_chain(trace, draw.chain)
        chain.done = draw.draw_idx + 1
        changed = chain.tuning is not draw.tuning
        chain.tuning = draw.tuning
        for stats in draw.stats:
            chain.gradients += stats.get("tree_size", 0)
            if stats.get("diverging") and not draw.tuning:
                chain.divergences += 1
        now = time.monotonic()
        if now >= chain.due or changed or chain.done == chain.steps:
            chain.due = now + INTERVAL_S
            step_size = next((stats["step_size"] for stats in draw.stats if "step_size" in stats), None)
            self._offer(draw.chain, chain, step_size, last=chain.done == chain.steps)

    def nutpie(self, progresses: Any) -> None:
        started = [(number, each) for number, each in enumerate(progresses) if each.started]
        if any(number in self._chains and each.finished_draws < self._chains[number].done for number, each in started):
            self.begin(None, None)
        self._expected = len(progresses)
        for number, each in started:
            chain = self._chains.setdefault(number, _Chain(each.total_draws))
            if each.finished_draws == chain.done and chain.done:
                continue
            chain.done, chain.steps, chain.tuning = each.finished_draws, each.total_draws, each.tuning
            chain.divergences, chain.gradients = each.divergences, each.total_num_steps
            self._offer(number, chain, each.step_size, last=chain.done == chain.steps)

    def _new_chain(self, trace: Any, number: int) -> _Chain:
        with self._probe.lock:
            if number in self._chains or not self._sampling:
                self.begin(_number_of_chains(), None)
            chain = self._chains[number] = _Chain(self._steps or getattr(trace, "draws", None))
            return chain

    def _offer(self, number: int, chain: _Chain, step_size: object, *, last: bool) -> None:
        total = self._expected and chain.steps and self._expected * chain.steps
        record = {
            "sampling": self._sampling,
            "chain": number,
            "draw": chain.done,
            "draws": chain.steps,
            "tuning": chain.tuning,
            "divergences": chain.divergences,
            "gradients": chain.gradients,
            "step_size": step_size,
            "draws_done": sum(each.done for each in self._chains.values()),
            "draws_total": total,
        }
        self._probe.offer(number, {"kind": "draws", **_numbers(record, reserved=())}, chain.tuning, last=last)


def _number_of_chains() -> Optional[int]:
    """Return how many chains PyMC will run: a callback is not told, but a caller of it knows."""
    frame = sys._getframe(1).f_back
    for _ in range(12):
        if frame is None:
            return None
        chains = frame.f_locals.get("chains")
        if isinstance(chains, int) and str(frame.f_globals.get("__name__")).startswith("pymc."):
            return chains
        frame = frame.f_back
    return None


def _numbers(values: Dict[str, object], reserved: Tuple[str, ...] = _RESERVED) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for name, value in values.items():
        number = _number(value)
        if number is not None and name not in reserved and len(found) < _MOST_VALUES:
            found[name[:64]] = number
    return found


def _number(value: Any) -> Any:
    """Return a number as JSON can hold it (NaN and infinities as words), None for what is no number."""
    try:
        if type(value) not in (float, int):
            if value is None or isinstance(value, (str, bytes, bytearray)):
                return None
            item = getattr(value, "item", None)
            value = item() if callable(item) else value
            if isinstance(value, bool):
                return int(value)
            value = value if isinstance(value, int) else float(value)
        if isinstance(value, int) and -(2**63) <= value < 2**63:
            return int(value)
        value = float(value)
    except OverflowError:
        return "inf" if value > 0 else "-inf"
    except Exception:
        return None
    return value if math.isfinite(value) else str(value)


def _plain(value: Any, depth: int) -> Any:
    """Return a value as JSON can hold it, cut short; the name of its type for what it cannot."""
    if value is None or isinstance(value, (bool, str)):
        return value[:_MOST_TEXT] if isinstance(value, str) else value
    if isinstance(value, dict) and depth:
        return {str(name)[:64]: _plain(each, depth - 1) for name, each in list(value.items())[:_MOST_VALUES]}
    if isinstance(value, (list, tuple)) and depth:
        return [_plain(each, depth - 1) for each in value[:_MOST_VALUES]]
    number = _number(value)
    return "<%s>" % type(value).__name__ if number is None else number


def _note(text: str) -> Dict[str, Any]:
    return {"at": round(time.time(), 3), "pid": os.getpid(), "kind": "note", "text": text}


def _first_module(*names: str) -> Any:
    """Return the first of these modules that the script has imported, else the first that can be imported."""
    for name in names:
        if name in sys.modules:
            return sys.modules[name]
    for name in names[:-1]:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return importlib.import_module(names[-1])


def _new_probe() -> Optional[_Probe]:
    folder = os.environ.get("WATCHKEEPER_RUN_DIR")
    return _Probe(os.path.join(folder, FILE)) if folder else None


def _after_fork() -> None:
    """Give a forked child a lock that nobody holds, and nothing of its parent's to write."""
    global _probe
    _probe = _new_probe()


_probe = _new_probe()
if _probe is not None:
    atexit.register(flush)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)
