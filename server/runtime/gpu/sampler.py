"""The helper that samples NVIDIA GPUs through NVML while a run goes on, and writes gpu.jsonl in the run directory.

    python -I -c CODE FOLDER RUN_DIRECTORY

A process of its own, so that the keeper stays small and a driver that hangs hangs only this. It belongs to nobody: the
keeper tells it by a pipe on standard input which processes are the run's, and when that pipe closes, however the keeper
ended, it ends too. It imports nothing of ours.
"""

# pyright: basic
# nvidia-ml-py has no types.
from __future__ import annotations

import json
import os
import sys
import threading
import time

FILE = "gpu.jsonl"
VERSION = 1
MOST_BYTES = 32 << 20
LEAST_PAUSE_S = 0.1
_NOFOLLOW = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def main(run_directory: str) -> None:
    """Sample until the keeper is gone. Never returns normally while there is a GPU."""
    family = Family(0)
    threading.Thread(target=family.listen, daemon=True).start()
    os.chdir(run_directory)
    with open("spec.json", encoding="utf-8") as file:
        spec = json.load(file)
    lines = Lines(str(spec.get("nonce") or ""))
    pause_s = max(LEAST_PAUSE_S, min(float(spec.get("sample_s") or 5.0), 3600.0))
    try:
        import pynvml  # noqa: PLC0415 (of an extra)
    except ImportError:
        lines.begin(failed="pip install 'watchkeeper[gpu]'")
        return
    try:
        sample(pynvml, lines, family, pause_s)
    except pynvml.NVMLError as error:
        lines.begin(failed=f"NVML cannot be used: {error}")


class Family:
    """The run's processes, as the keeper told them last."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.pids: frozenset[int] = frozenset()

    def listen(self) -> None:
        """Take up what the keeper tells; end this process when it is gone, also out of a call that hangs."""
        rest = b""
        while data := os.read(self._descriptor, 65536):
            *whole, rest = (rest + data).split(b"\n")
            if whole:
                self.pids = frozenset(int(word) for word in whole[-1].split() if word.isdigit())
        os._exit(0)


class Lines:
    """What is written to gpu.jsonl."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._file = os.open(FILE, _NOFOLLOW, 0o600)

    def begin(self, **facts: object) -> None:
        """Write who samples what from here on, or why nobody does."""
        self.write(version=VERSION, nonce=self._nonce, **facts)

    def write(self, **facts: object) -> None:
        """Write one line whole, or none; a full disk costs samples and nothing else."""
        line = json.dumps({"at": round(time.time(), 3), **facts}, separators=(",", ":")).encode() + b"\n"
        size = os.fstat(self._file).st_size
        if size + len(line) > MOST_BYTES:
            return
        try:
            if os.write(self._file, line) != len(line):
                os.ftruncate(self._file, size)
        except OSError:
            return


def sample(nvml, lines: Lines, family: Family, pause_s: float) -> None:  # noqa: ANN001 (a module without types)
    """Sample all boards again and again.

    :raises nvml.NVMLError: if the library or the driver is not there.
    """
    nvml.nvmlInit()
    boards = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
    lines.begin(boards=[_about(nvml, one) for one in boards], driver=_text(nvml.nvmlSystemGetDriverVersion()))
    events = _events(nvml, boards)
    seen = [0] * len(boards)
    while True:
        due = time.monotonic() + pause_s
        lines.write(**_look(nvml, boards, family.pids, seen))
        _wait(nvml, events, lines, due)


def _about(nvml, board) -> dict[str, object]:  # noqa: ANN001
    memory = _told(nvml, nvml.nvmlDeviceGetMemoryInfo, board)
    return {
        "name": _text(_told(nvml, nvml.nvmlDeviceGetName, board)),
        "uuid": _text(_told(nvml, nvml.nvmlDeviceGetUUID, board)),
        "memory_bytes": memory.total if memory else None,
    }


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _told(nvml, question, *arguments):  # noqa: ANN001, ANN002, ANN202
    """Return an answer of the driver, None where it has none: most questions are not for every board."""
    try:
        return question(*arguments)
    except nvml.NVMLError:
        return None


def _look(nvml, boards, ours: frozenset[int], seen: list[int]) -> dict[str, object]:  # noqa: ANN001
    told, run, others, unknown = [], [], [0] * len(boards), 0
    for index, board in enumerate(boards):
        told.append(_board(nvml, board))
        percents = _percents(nvml, board, index, seen)
        for one in _told(nvml, nvml.nvmlDeviceGetComputeRunningProcesses, board) or ():
            if one.pid in ours:
                memory, percent = one.usedGpuMemory, percents.get(one.pid)
                run.append({"pid": one.pid, "gpu": index, "memory_bytes": memory, "percent": percent})
            elif os.path.exists(f"/proc/{one.pid}"):
                others[index] += 1
            else:
                unknown += 1
    return {"boards": told, "run": run, "others": others, "unknown": unknown}


def _board(nvml, board) -> dict[str, object]:  # noqa: ANN001
    percent, lost = _percent(nvml, board)
    memory = _told(nvml, nvml.nvmlDeviceGetMemoryInfo, board)
    return {
        "percent": percent,
        "used_bytes": memory.used if memory else None,
        "energy_mj": _told(nvml, nvml.nvmlDeviceGetTotalEnergyConsumption, board),
        "power_mw": _told(nvml, nvml.nvmlDeviceGetPowerUsage, board),
        **({"lost": True} if lost else {}),
    }


def _percent(nvml, board) -> tuple[int | None, bool]:  # noqa: ANN001
    """Return how much a board works, and whether it fell off the bus."""
    try:
        return nvml.nvmlDeviceGetUtilizationRates(board).gpu, False
    except nvml.NVMLError as error:
        return None, error.value == nvml.NVML_ERROR_GPU_IS_LOST


def _percents(nvml, board, index: int, seen: list[int]) -> dict[int, int]:  # noqa: ANN001
    """Return the utilisation of each process since the last look, as far as the driver tells it."""
    samples = _told(nvml, nvml.nvmlDeviceGetProcessUtilization, board, seen[index]) or ()
    fresh = [one for one in samples if one.timeStamp > seen[index]]
    seen[index] = max((one.timeStamp for one in fresh), default=seen[index])
    found: dict[int, int] = {}
    for one in fresh:
        found[one.pid] = max(found.get(one.pid, 0), one.smUtil)
    return found


def _events(nvml, boards):  # noqa: ANN001, ANN202
    """Return a set that waits for errors of the boards, None where no board tells them."""
    found = _told(nvml, nvml.nvmlEventSetCreate)
    xid = nvml.nvmlEventTypeXidCriticalError
    able = [one for one in boards if (_told(nvml, nvml.nvmlDeviceGetSupportedEventTypes, one) or 0) & xid]
    for one in able if found is not None else ():
        _told(nvml, nvml.nvmlDeviceRegisterEvents, one, xid, found)
    return found if able else None


def _wait(nvml, events, lines: Lines, due: float) -> None:  # noqa: ANN001
    while (left_s := due - time.monotonic()) > 0:
        if events is None:
            time.sleep(left_s)
            return
        try:
            told = nvml.nvmlEventSetWait_v2(events, int(left_s * 1000) + 1)
        except nvml.NVMLError as error:
            if error.value != nvml.NVML_ERROR_TIMEOUT:
                time.sleep(max(0.0, due - time.monotonic()))
            continue
        if told.eventType == nvml.nvmlEventTypeXidCriticalError:
            index = _told(nvml, nvml.nvmlDeviceGetIndex, told.device)
            lines.write(xid=int(told.eventData), gpu=-1 if index is None else index)


if __name__ == "__main__":
    main(sys.argv[1])
