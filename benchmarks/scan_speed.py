"""How fast a log is read, on one core: typical logs and the worst ones, beside grep and ripgrep.

    python benchmarks/scan_speed.py [--mb 64] [--engine shapes] [--only NAME]

The log is made in memory and fed in chunks of 1 MB; processor time, the best of three runs. Memory is by how much the
process's largest resident size exceeded its size before. `grep -aE` and `rg` look for the same words in the same log,
from a file in the page cache, and only count the lines; a tool that is not installed is named as missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from watchkeeper.server.analysis.logs.blocks import FEED_BYTES
from watchkeeper.server.analysis.logs.recognise import Recogniser
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES

GREPS = {
    "grep -aE": ["grep", "-a", "-c", "-E", "-f"],
    "rg": ["rg", "--no-config", "-a", "-c", "-j1", "-f"],
}
"""Beside what we do: both read the patterns from a file."""
NOT_FINITE = "[^A-Za-z_](nan|NaN|NAN|inf|Inf|INF|Infinity)[^A-Za-z_]"
Line = Callable[[int, random.Random], bytes]


def epochs(i: int, r: random.Random) -> bytes:
    return (
        f"2026-11-23 18:26:{i % 60:02d},{i % 1000:03d} INFO train: epoch {i // 500} step {i} "
        f"loss={r.random() * 3:.4f} val_error={r.random():.5f} lr={r.random() * 1e-3:.3e}\n"
    ).encode()


def mixed(i: int, r: random.Random) -> bytes:
    kind = i % 50
    if kind == 0:
        return b"/srv/venv/lib/python3.11/site-packages/x.py:5: UserWarning: Error rates may differ\n  warnings.warn(\n"
    if kind < 5:
        return f"[{i}]\ttrain-rmse:{r.random():.5f}\tvalidation-error:{r.random():.5f}\n".encode()
    if kind < 10:
        return (
            f"Epoch {i // 50}/900 - {r.randrange(99)}s - loss: {r.random():.4f} - val_loss: {r.random():.4f}\n".encode()
        )
    return epochs(i, r)


def json_lines(i: int, r: random.Random) -> bytes:
    return json.dumps({"level": "info", "event": "step", "step": i, "loss": r.random(), "lr": 1e-4}).encode() + b"\n"


def bars(i: int, r: random.Random) -> bytes:
    done = i % 200
    rate = f"[00:{i % 60:02d}<00:01, {r.random() * 99:.2f}it/s, error={r.random():.4f}]"
    frame = f"\rEpoch {i // 200}: {done // 2:3d}%|{'█' * (done // 20):10}| {done}/200 {rate}".encode()
    return frame + (b"\n" if done == 199 else b"")


def errors_in_names(i: int, r: random.Random) -> bytes:
    return f"fold {i}: Mean Squared Error: {r.random():.3f}  Error: 0 failed\n".encode()


def tracebacks(i: int, r: random.Random) -> bytes:
    return (
        f'Traceback (most recent call last):\n  File "/home/user/train_{i}.py", line {i % 900}, in <module>\n'
        f'    main(cfg)\n  File "/home/user/model.py", line 7, in main\n    raise ValueError(f"bad {{x}}")\n'
        f"ValueError: bad batch {r.choice(WORDS)} {r.choice(WORDS)}\n"
    ).encode()


def same_traceback(_i: int, _r: random.Random) -> bytes:
    return tracebacks(7, random.Random(1))


def handled(i: int, r: random.Random) -> bytes:
    return tracebacks(i, r) + epochs(i, r)


def nan_lines(i: int, _r: random.Random) -> bytes:
    return f"epoch {i} loss nan\n".encode()


def nan_and_back(i: int, r: random.Random) -> bytes:
    return f"epoch {i} loss={'nan' if i % 3 else r.random()} val_loss=nan\n".encode()


def divergences(i: int, _r: random.Random) -> bytes:
    return f"draws {i}/1000000 divergences {i // 20}\n".encode()


def frames_only(i: int, r: random.Random) -> bytes:
    return bars(i, r).replace(b"\n", b"\r")


def words(_i: int, r: random.Random) -> bytes:
    return (" ".join(r.choices(WORDS, k=12)) + "\n").encode()


def random_text(r: random.Random) -> bytes:
    return (" ".join(r.choices(WORDS, k=1000)) + " ").encode()


def long_lines(_i: int, r: random.Random) -> bytes:
    return (" ".join(r.choices(WORDS, k=55_000)) + "\n").encode()


def binary(_i: int, r: random.Random) -> bytes:
    return r.randbytes(4000)


def coloured(i: int, r: random.Random) -> bytes:
    return f"\x1b[32m{i}\x1b[0m \x1b[1mINFO\x1b[0m loss \x1b[36m{r.random():.5f}\x1b[0m\n".encode()


WORDS = ["".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=3 + seed % 9)) for seed in range(4000)]
LOGS: dict[str, Line] = {
    "typical: epochs": epochs,
    "typical: mixed": mixed,
    "typical: JSON lines": json_lines,
    "typical: progress bars": bars,
    "coloured": coloured,
    "metric names with Error": errors_in_names,
    "worst: tracebacks": tracebacks,
    "worst: one traceback again": same_traceback,
    "worst: tracebacks, handled": handled,
    "worst: NaN on every line": nan_lines,
    "worst: NaN and back": nan_and_back,
    "worst: divergences": divergences,
    "worst: random words": words,
    "worst: 400 KB lines": long_lines,
    "worst: binary": binary,
    "worst: CR-only progress": frames_only,
    "worst: one line without end": lambda _i, r: random_text(r),
}


def made(line: Line, size: int) -> bytes:
    random_ = random.Random(1)
    part = b"".join(_until(line, random_, min(size, 8 << 20)))
    return (part * (size // len(part) + 1))[:size]


def _until(line: Line, random_: random.Random, size: int) -> Iterator[bytes]:
    total = number = 0
    while total < size:
        text = line(number, random_)
        total += len(text)
        number += 1
        yield text


def read(chunks: list[bytes], engine: str) -> tuple[float, int]:
    recogniser = Recogniser(engine=engine)
    start = time.process_time()
    changes = 0
    for chunk in chunks:
        changes += len(recogniser.feed(chunk))
        recogniser.take_rows()
    changes += len(recogniser.end(None))
    return time.process_time() - start, changes


def grep(data: bytes, tool: str) -> float | None:
    """Return how long a tool needs for a log (processor seconds), None if it is not installed."""
    command = GREPS[tool]
    if shutil.which(command[0]) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        patterns, log = Path(folder, "patterns"), Path(folder, "log")
        literals = [re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", word) for word in DEFAULT_RULES.triggers]
        patterns.write_text("\n".join([*literals, NOT_FINITE]) + "\n")
        log.write_bytes(data)
        return min(_child_seconds([*command, str(patterns), str(log)]) for _ in range(3))


def _child_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Into a pipe: grep stops at the first match when it sees that nobody reads its output.
    done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
    if done.returncode not in (0, 1):  # 1: no line matches
        raise RuntimeError(f"{command[0]} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak_kb(*, reset: bool = False) -> int:
    """Return the process's largest resident size since the last reset (Linux keeps it, and takes 5 as a reset)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=64)
    parser.add_argument("--engine", choices=("shapes", "hyperscan"))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    engines = [options.engine] if options.engine else ["shapes"]
    if not options.engine and importlib.util.find_spec("hyperscan"):
        engines.append("hyperscan")
    for name, line in LOGS.items():
        if options.only not in name:
            continue
        data = made(line, options.mb << 20)
        chunks = [data[at : at + FEED_BYTES] for at in range(0, len(data), FEED_BYTES)]
        for engine in engines:
            before = peak_kb(reset=True)
            seconds, changes = min(read(chunks, engine) for _ in range(3))
            speed = len(data) / seconds / 1e6
            print(f"{name:28} {engine:10} {speed:8.0f} MB/s  {changes:7} changes  +{peak_kb() - before} KB", flush=True)
        for tool in GREPS if not options.engine else ():
            seconds = grep(data, tool)
            said = "missing: not installed" if seconds is None else f"{len(data) / seconds / 1e6:8.0f} MB/s"
            print(f"{name:28} {tool:10} {said}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
