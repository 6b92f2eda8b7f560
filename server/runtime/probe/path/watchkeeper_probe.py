"""Tell a training's numbers to whoever watches it, from inside the script. One file, standard library only.

    import watchkeeper_probe

    watchkeeper_probe.log(epoch=3, train_loss=0.41, val_loss=0.44)              # any loop
    pm.sample(callback=watchkeeper_probe.pymc_callback)                         # PyMC's own sampler
    nutpie.sample(model, progress_callback=watchkeeper_probe.nutpie_callback)   # nutpie 0.16.9 or newer
    model.fit(x, y, callbacks=[watchkeeper_probe.keras_callback()])
    Trainer(callbacks=[watchkeeper_probe.lightning_callback()])

The lines go to `metrics.jsonl` in the folder that WATCHKEEPER_RUN_DIR names; without that variable nothing happens. A
call never raises, never prints, starts no thread and keeps no file open. A series (the calls that give the same names)
writes one line per 0.2 s at most: the newest value is kept and written at a later call, when the epoch changes, by
`flush()` and at exit; each new epoch is written at once. A process that dies by a signal, or a worker of a pool, takes
what it kept with it unless it calls `flush()`.

A number may be anything that stands for one (Python's, NumPy's, a tensor of one element, which is read at once); other
values are left out. Python 3.8 or newer. The file may be copied beside a script that also runs elsewhere.
"""

# ruff: noqa: ANN401 (the libraries whose objects are handled here are not imported)

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import json
import math
import os
import sys
import threading
import time
from typing import Any

FILE = "metrics.jsonl"
INTERVAL_S = 0.2
DRAWS_INTERVAL_S = 1.0
"""Seconds between two lines of one chain; at 0.2 s four chains would fill the file within four hours."""
LIMIT_BYTES = 50_000_000
BEYOND_LIMIT_INTERVAL_S = 10.0
"""Seconds between two lines of a series once the file holds LIMIT_BYTES; new epochs then wait as well."""

_MOST_VALUES = 48
_MOST_SERIES = 200


def log(**values: object) -> None:
    """Tell the numbers of one moment; call it as often as you like.

    :param values: numbers by name. `epoch` (or `step`) says where the training is, `epochs_total` (`steps_total`) how
        far it goes; `train_loss`, `val_loss`, `rmse`, `grad_norm` and `time_s` are the history's columns.
    """
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.log(values)


def pymc_callback(trace: Any, draw: Any) -> None:
    """Count a draw: `pm.sample(callback=watchkeeper_probe.pymc_callback)`. Only PyMC's own sampler calls it."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.pymc(trace, draw)


def nutpie_callback(chains: Any) -> None:
    """Tell where each chain (a `nutpie.ChainProgress`) is; nutpie calls its `progress_callback` twice a second."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.nutpie(chains)


def keras_callback() -> Any:
    """Return a `keras.callbacks.Callback` that logs every epoch, counted from 1, with its `time_s`.

    :raises ImportError: there is no Keras.
    """

    def values(self: Any, epoch: int, logs: Any = None) -> dict[str, Any]:
        return {**(logs or {}), "epoch": epoch + 1, "epochs_total": self.params.get("epochs")}

    return _callback(_first_module("keras", "tf_keras").callbacks.Callback, "on_epoch_begin", "on_epoch_end", values)


def lightning_callback() -> Any:
    """Return a Lightning `Callback` that logs the metrics of every training epoch, counted from 1, with its `time_s`.

    :raises ImportError: there is neither `lightning` nor `pytorch_lightning`.
    """

    def values(_: Any, trainer: Any, __: Any) -> dict[str, Any]:
        place = {"epoch": trainer.current_epoch + 1, "epochs_total": trainer.max_epochs}
        return {**trainer.callback_metrics, **place} if trainer.is_global_zero else {}

    base = _first_module("lightning.pytorch", "pytorch_lightning").Callback
    return _callback(base, "on_train_epoch_start", "on_train_epoch_end", values)


def begin_draws(chains: int | None) -> None:
    """Tell that a sampler of this many chains starts (None: not known), so that draws are counted from nothing."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.begin(chains)


def tell(kind: str, **values: object) -> None:
    """Write a record that is no metric: a remark, or the arguments of a call. JSON must be able to hold the values."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.tell({**values, "kind": kind})


def flush() -> None:
    """Write the newest values that were kept back."""
    with contextlib.suppress(Exception):
        if _probe is not None:
            _probe.draws.flush()
            _probe.flush()


class _File:
    """The run's file. It is opened anew for each line: the script may close, reuse and inherit descriptors freely."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._torn = self.beyond_limit = False
        self._trouble = ""
        self.lost = 0

    def append(self, record: dict[str, Any]) -> bool:
        """Write one line; False when the disk did not take it."""
        try:
            size = self._write(record)
            if self.lost:
                lost, self.lost = self.lost, 0
                self._note(f"{lost} lines were lost: {self._trouble}")
            if size > LIMIT_BYTES and not self.beyond_limit:
                self.beyond_limit = True
                self._note(f"more than {LIMIT_BYTES} bytes: from here a line per {BEYOND_LIMIT_INTERVAL_S:g} s")
        except OSError as error:
            self._trouble = os.strerror(error.errno or 0)
            return False
        return True

    def _note(self, text: str) -> None:
        self._write(_stamped({"kind": "note", "text": text}))

    def _write(self, record: dict[str, Any]) -> int:
        """Append the line whole, whatever others append, by one write; return the file's size."""
        line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            line = b"\n" + line if self._torn else line
            self._torn = os.write(descriptor, line) < len(line)
            if self._torn:
                raise OSError(errno.ENOSPC, "only a part was written")
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)


class _Series:
    """The newest record of one series with its epoch, whether the disk refused it, when the next may be written."""

    def __init__(self) -> None:
        self.due = 0.0
        self.pending: dict[str, Any] | None = None
        self.place: object = None
        self.refused = False


class _Probe:
    """Takes records, keeps back what comes too fast, and writes the rest."""

    def __init__(self, path: str) -> None:
        self._file = _File(path)
        self._series: dict[object, _Series] = {}
        self._place: object = None
        self._next_due = math.inf
        # Reentrant, because a signal handler of the script may log in the middle of a log.
        self.lock = threading.RLock()
        self.draws = _Draws(self)

    def log(self, values: dict[str, object]) -> None:
        numbers = _numbers(values)
        if not numbers:
            return
        place = numbers.get("epoch")
        record = _stamped(numbers)
        with self.lock:
            if place is not None and place != self._place:
                self._place = place
                self.flush(time.monotonic() if self._file.beyond_limit else math.inf)
            self._offer(tuple(numbers), record, place)

    def _offer(self, names: object, record: dict[str, Any], place: object) -> None:
        # A script that makes up names for ever shares one series beyond the limit.
        names = names if names in self._series or len(self._series) < _MOST_SERIES else None
        series = self._series.setdefault(names, _Series())
        self._file.lost += series.refused
        series.pending, series.refused = record, False
        fresh = place is not None and place != series.place and not self._file.beyond_limit
        series.place = place
        now = time.monotonic()
        self._next_due = min(self._next_due, series.due)
        if fresh:
            self._write(series)
        if now >= self._next_due:
            self.flush(now)

    def flush(self, now: float = math.inf) -> None:
        """Write what is pending and due."""
        with self.lock:
            for series in self._series.values():
                if series.due <= now:
                    self._write(series)
            waiting = [series.due for series in self._series.values() if series.pending is not None]
            self._next_due = min(waiting, default=math.inf)

    def _write(self, series: _Series) -> None:
        if series.pending is not None:
            series.refused = not self._file.append(series.pending)
            series.pending = series.pending if series.refused else None
            series.due = time.monotonic() + self.interval_s(INTERVAL_S)

    def tell(self, record: dict[str, Any]) -> None:
        """Write a record that belongs to no series."""
        with self.lock:
            self._file.lost += not self._file.append(_stamped(record))

    def interval_s(self, usual_s: float) -> float:
        return BEYOND_LIMIT_INTERVAL_S if self._file.beyond_limit else usual_s


class _Chain:
    """What one chain did so far; its draws are counted with its tuning."""

    def __init__(self, steps: int | None) -> None:
        self.done = self.told = self.divergences = self.gradients = 0
        self.steps = steps
        self.tuning = True
        self.step_size: object = None
        self.due = 0.0


class _Draws:
    """Counts the draws of the newest sampling, chain by chain."""

    def __init__(self, probe: _Probe) -> None:
        self._probe, self._sampling = probe, 0
        self._chains: dict[int, _Chain] = {}
        self._expected: int | None = None

    def begin(self, chains: int | None) -> None:
        with self._probe.lock:
            self.flush()
            self._sampling += 1
            self._chains = {}
            self._expected = chains

    def pymc(self, trace: Any, draw: Any) -> None:
        chain = self._chains.get(draw.chain)
        if chain is None or draw.draw_idx < chain.done:
            chain = self._new_chain(trace, draw.chain)
        chain.done = draw.draw_idx + 1
        for stats in draw.stats:
            chain.gradients += stats.get("tree_size", 0)
            chain.step_size = stats.get("step_size", chain.step_size)
            if not draw.tuning and stats.get("diverging"):
                chain.divergences += 1
        self._offer(draw.chain, chain, tuning=draw.tuning)

    def nutpie(self, progresses: Any) -> None:
        started = {number: each for number, each in enumerate(progresses) if each.started}
        again = any(n in self._chains and each.finished_draws < self._chains[n].done for n, each in started.items())
        if again or not self._sampling:
            self.begin(None)
        self._expected = len(progresses)
        for number, each in started.items():
            chain = self._chains.setdefault(number, _Chain(each.total_draws))
            chain.done, chain.divergences = each.finished_draws, each.divergences
            chain.gradients, chain.step_size = each.total_num_steps, each.step_size
            self._offer(number, chain, tuning=each.tuning)

    def _new_chain(self, trace: Any, number: int) -> _Chain:
        if number in self._chains or not self._sampling:
            self.begin(_number_of_chains())
        return self._chains.setdefault(number, _Chain(getattr(trace, "draws", None)))

    def _offer(self, number: int, chain: _Chain, *, tuning: bool) -> None:
        """Write a line when it is due, when the tuning ends and after the last draw."""
        now = time.monotonic()
        if now >= chain.due or chain.tuning is not tuning or chain.done == chain.steps:
            chain.tuning = tuning
            chain.due = now + self._probe.interval_s(DRAWS_INTERVAL_S)
            self._tell(number, chain)

    def flush(self) -> None:
        with self._probe.lock:
            for number, chain in list(self._chains.items()):
                self._tell(number, chain)

    def _tell(self, number: int, chain: _Chain) -> None:
        if chain.told == chain.done:
            return
        chain.told = chain.done
        values: dict[str, object] = {
            "sampling": self._sampling,
            "chain": number,
            "draw": chain.done,
            "draws": chain.steps,
            "tuning": chain.tuning,
            "divergences": chain.divergences,
            "gradients": chain.gradients,
            "step_size": chain.step_size,
            "draws_done": sum(each.done for each in self._chains.values()),
            "draws_total": self._expected and chain.steps and self._expected * chain.steps,
        }
        self._probe.tell({"kind": "draws", **_numbers(values)})


def _number_of_chains() -> int | None:
    """Return how many chains PyMC will run: its callback is not told, but a function that calls it knows."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] # documented, in spite of its name
    while frame is not None:
        chains = frame.f_locals.get("chains")
        if isinstance(chains, int) and frame.f_globals.get("__name__") == "pymc.sampling.mcmc":
            return chains
        frame = frame.f_back
    return None


def _numbers(values: dict[str, object]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        number = _number(value)
        if number is not None and name not in ("at", "pid", "kind") and len(found) < _MOST_VALUES:
            found[name[:64]] = number
    return found


def _number(value: Any) -> float | str | None:
    """Return a number as JSON can hold it (NaN and infinities as words), None for what is no number."""
    if value is None or isinstance(value, (str, bytes, bytearray)):
        return None
    try:
        if type(value) not in (float, int):
            item = getattr(value, "item", None)
            value = item() if callable(item) else value
        if isinstance(value, int) and abs(value) < 10**18:
            return int(value)
        number = float(value)
    except Exception:
        return None
    return number if math.isfinite(number) else str(number)


def _stamped(values: dict[str, Any]) -> dict[str, Any]:
    return {"at": round(time.time(), 3), "pid": os.getpid(), **values}


def _callback(base: Any, begin: str, end: str, values: Any) -> Any:
    """Return an object of a subclass of `base` that times from `begin` to `end` and logs what `values` says there."""

    def on_begin(self: Any, *_: object, **__: object) -> None:
        self.watchkeeper_started = time.monotonic()

    def on_end(self: Any, *args: Any, **named: Any) -> None:
        with contextlib.suppress(Exception):
            told = values(self, *args, **named)
            log(**{**told, "time_s": time.monotonic() - self.watchkeeper_started} if told else {})

    return type("WatchkeeperCallback", (base,), {begin: on_begin, end: on_end})()


def _first_module(*names: str) -> Any:
    """Return the first of these modules that the script has imported, else the first that can be imported."""
    for name in [name for name in names if name in sys.modules] or names:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise ImportError(f"None of these is installed: {', '.join(names)}.")


def _new_probe() -> _Probe | None:
    folder = os.environ.get("WATCHKEEPER_RUN_DIR")
    return _Probe(os.path.join(folder, FILE)) if folder else None


def _after_fork() -> None:
    """Give a forked child a lock that nobody holds, and nothing of its parent's to write."""
    global _probe  # noqa: PLW0603 (the module is the probe)
    _probe = _new_probe()


_probe = _new_probe()
if _probe is not None:
    atexit.register(flush)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)
