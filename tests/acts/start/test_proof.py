"""What a run leaves can be told from what somebody else put there, and its processes tell what they did."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.analysis.witness import gathered, read_process
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.runtime.run_directory import judge, read_facts
from watchkeeper.server.vocabulary.runs import RunState

from ...play import GOOD, Place, script

pytestmark = pytest.mark.anyio


async def test_every_run_is_witnessed_with_the_nonce_of_its_start(place: Place) -> None:
    place.script(script("open('extra.csv', 'w').write('x')\nleave_what_the_phase_asks_for()"))
    async with place.trainer() as trainer:
        run = await trainer.trained()
    recorded = place.recorded(run)
    run_dir = place.root / ".watchkeeper" / "runs" / run
    files = sorted((run_dir / records.WITNESS).glob("*.jsonl"))
    found = gathered(read_process(path.name, path.read_bytes(), recorded.nonce) for path in files)
    assert len(recorded.nonce) == 32
    assert found.broken == ()
    assert [process.role for process in found.processes] == ["main"]
    assert {"extra.csv", recorded.results} <= {line.facts["path"] for line in found.of("write")}
    sealed = json.loads((run_dir / records.SEAL).read_bytes())
    assert {"extra.csv", recorded.results, recorded.log} <= set(sealed["files"])
    assert sealed["nonce"] == recorded.nonce
    assert recorded.end is not None
    assert len(recorded.end.seal) == 64


async def test_without_the_policy_nothing_is_witnessed(place: Place) -> None:
    place.policy("[witness]\nenabled = false\n")
    place.script(script("print(sorted(n for n in os.environ if 'WITNESS' in n), 'watchkeeper_witness' in sys.modules)"))
    async with place.trainer() as trainer:
        run = await trainer.trained()
    assert "[] False" in place.read(place.recorded(run).log)
    assert not list((place.root / ".watchkeeper" / "runs" / run / records.WITNESS).iterdir())


async def test_a_run_directory_that_lay_there_before_its_start_is_told_and_never_used(place: Place) -> None:
    planted = place.root / ".watchkeeper" / "runs" / "1-quick-1"
    planted.mkdir(parents=True)
    ended = {"version": 1, "run": "1-quick-1", "outcome": "exited", "exit_code": 0, "wall_s": 9000.0, "settled": True}
    (planted / records.EXIT).write_text(json.dumps(ended))
    place.script(GOOD)
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model=1, phase="quick")
        await trainer.watch(started["run"])
    assert started["run"] == "1-quick-2"
    assert "1-quick-1" in started["warning"]
    recorded = place.recorded("1-quick-2")
    assert recorded.foreign == ("1-quick-1",)
    assert recorded.end is not None
    assert recorded.end.wall_s < 600


async def test_records_that_do_not_carry_the_nonce_are_not_believed(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        run = await trainer.trained()
    run_dir = place.root / ".watchkeeper" / "runs" / run
    forged = json.loads((run_dir / records.EXIT).read_bytes()) | {"nonce": "0" * 32, "wall_s": 9000.0}
    (run_dir / records.EXIT).write_text(json.dumps(forged))
    status = judge(read_facts(run_dir, place.recorded(run).nonce))
    assert (status.state, status.elapsed_s < 600) == (RunState.LOST, True)


async def test_a_quick_run_cannot_make_the_directory_of_the_full_run_to_come(place: Place) -> None:
    place.script(
        script(
            "try:\n    os.makedirs(os.path.join(os.environ['WATCHKEEPER_WORKSPACE'], '.watchkeeper/runs/1-full-1'))\n"
            "except OSError as error:\n    print('refused:', error.strerror)"
        )
    )
    async with place.trainer() as trainer:
        run = await trainer.trained()
    recorded = place.recorded(run)
    assert recorded.end is not None
    if recorded.end.guard != "on":
        pytest.skip(f"no guard here: {recorded.end.guard}")
    assert "refused: Read-only file system" in place.read(recorded.log)
    assert not (place.root / ".watchkeeper" / "runs" / "1-full-1").exists()
