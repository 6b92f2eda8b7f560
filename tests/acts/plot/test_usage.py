"""What a run used as charts, from samples as the keeper and its GPU helper write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from watchkeeper.server.acts.plot import charts, plot
from watchkeeper.server.acts.plot.charts import Mark
from watchkeeper.server.interfaces.web import svg
from watchkeeper.server.interfaces.web.pages import numbers
from watchkeeper.server.runtime.gpu import reading
from watchkeeper.server.runtime.keeper import records

BEGUN = 1_800_000_000.0
BEGIN = {"at": BEGUN, "version": 1, "nonce": "n", "boards": [{"name": "A", "memory_bytes": 80_000_000_000}] * 2}
"""Two boards, as NVML names them; the second falls off the bus in the middle, and the run's process leaves the GPU."""


KEPT = {"rss_bytes": 10**9, "processes": 1}


def looks() -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = [BEGIN]
    for second in range(60):
        lost = {"lost": True} if second >= 30 else {"percent": 20, "used_bytes": 9_000_000_000}
        first = {"percent": min(99, 40 + second), "used_bytes": 41_000_000_000, "energy_mj": 300 * second}
        own = [{"pid": 4, "gpu": 0, "memory_bytes": 40_000_000_000, "percent": 90}] if second < 50 else []
        held = [*own, {"pid": 5, "gpu": 0}] if second == 10 else own  # NVML does not tell everywhere what one holds
        found.append({"at": BEGUN + second, "boards": [first, lost], "run": held, "others": [1, 0]})
    return [*found, {"at": BEGUN + 31, "xid": 79, "gpu": 1}]


def test_what_a_gpu_did_is_drawn_beside_what_the_cpu_did_with_gaps_where_nothing_is_known(tmp_path: Path) -> None:
    used = [
        {"at": BEGUN + one, "boottime_s": 100.0 + one, "cpu_s": 1.5 * one, **KEPT, "log_bytes": one}
        for one in range(60)
    ]
    (tmp_path / records.USAGE).write_text("".join(json.dumps(one) + "\n" for one in used))
    (tmp_path / reading.FILE).write_text("".join(json.dumps(one) + "\n" for one in looks()) + '{"at": 1')
    marks = [Mark(x=BEGUN + 20, until=BEGUN + 25, tone="warn", label="stalled")]
    found = {one.title: one for one in charts.usage(tmp_path, marks)}
    assert list(found) == ["CPU", "Memory", "Log growth", "GPU", "GPU memory"]
    busy, held = found["GPU"].series[0][1], found["GPU memory"].series[0][1]
    assert (busy[0], busy[59]) == (40.0, 99.0)
    assert (held[0], held[10], held[59]) == (40.0, None, 0.0)
    assert found["CPU"].series[0][1][5] == 1.5
    for one in found.values():
        assert list(one.marks) == marks
        ElementTree.fromstring(str(svg.chart(one)))
    assert plot.text_of(found["GPU"])[0].startswith("GPU, % (59 s)")


def test_a_file_of_the_helper_that_holds_no_look_gives_no_chart(tmp_path: Path) -> None:
    (tmp_path / reading.FILE).write_text(
        json.dumps(BEGIN) + "\n" + json.dumps({"at": 2.0, "failed": "no driver"}) + "\n"
    )
    assert charts.usage(tmp_path, []) == []


def test_samples_that_a_training_made_up_are_numbers_or_gaps_to_whoever_draws_them(tmp_path: Path) -> None:
    """A training may write there; of two looks that lie next to nothing apart the rate is beyond all numbers."""
    told = [(0.0, 0.0), (5e-324, 1e11), (1.0, 2e11), (2.0, 0.0)]
    used = [
        {"at": BEGUN + at, "boottime_s": boottime_s, "cpu_s": cpu_s, **KEPT, "log_bytes": 1}
        for at, (boottime_s, cpu_s) in enumerate(told)
    ]
    (tmp_path / records.USAGE).write_text("".join(json.dumps(one) + "\n" for one in used))
    found = charts.usage(tmp_path, [])
    assert found[0].series == [("cores busy", [None, 1e11, 0.0])]
    json.dumps([numbers(one) for one in found], allow_nan=False)
