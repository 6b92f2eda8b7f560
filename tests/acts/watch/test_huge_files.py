"""A training makes its files as long as it likes: every call does bounded work, and what they hold is found."""

from __future__ import annotations

import pytest
from watchkeeper.server.acts.poll import run_table
from watchkeeper.server.acts.watch import look
from watchkeeper.server.acts.watch.look import look_at

from ...limits import HANG_S
from ...play import Place, script

pytestmark = pytest.mark.anyio

A_TERABYTE = 1 << 40
SPARSE_LOG = script(
    f"print('ready')\nos.truncate('output/implementation/logs/training_quick_1.log', {A_TERABYTE})\n"
    "print('\\nbehind the hole')\nraise ValueError('shape mismatch')\n"
)
SPARSE_FILES = script(
    "leave_what_the_phase_asks_for()\n"
    "for name in (os.environ['WATCHKEEPER_RESULTS'], os.environ['WATCHKEEPER_RUN_DIR'] + '/metrics.jsonl',\n"
    "             os.environ['WATCHKEEPER_RUN_DIR'] + '/usage.jsonl', 'output/training_history_1.csv'):\n"
    f"    open(name, 'ab').close()\n    os.truncate(name, {A_TERABYTE})\n"
    "for epoch in range(20):\n    print(f'epoch {epoch} train_loss={1 / (1 + epoch)}')\n"
)


async def test_a_failure_behind_a_hole_of_a_terabyte_is_found_at_once_and_in_its_line(place: Place) -> None:
    place.script(SPARSE_LOG)
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        seen = await trainer.watch(run)
        assert [one["exception"] for one in seen["findings"]] == ["ValueError"]
        assert seen["findings"][0]["line"] == 4
        assert (await trainer.ask("verify_compute", run=run))["verdict"]
        assert (await trainer.ask("stop_training", run=run, reason="again"))["state"] == "failed"


async def test_results_and_histories_of_a_terabyte_hold_no_call_up(place: Place) -> None:
    place.policy("[witness]\nguard = false\n").script(SPARSE_FILES)
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        for act in (
            lambda: trainer.watch(run),
            lambda: trainer.poll(run),
            lambda: trainer.ask("verify_compute", run=run),
            lambda: trainer.ask("stop_training", run=run, reason="again"),
        ):
            await act()  # reading all of it would take longer than a test waits
        assert [one["state"] for one in run_table.rows(place.desk())] == ["completed"]


async def test_a_poll_reads_no_longer_than_its_client_waits_and_says_what_is_left(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "FEED_BYTES", 16384)
    place.policy("[watch]\nwait_s = 0.01\nmax_wait_s = 0.01\n")
    place.script(script("print('epoch 1 loss 0.5\\n' * 200_000)\nraise KeyError('late')\n"))
    async with place.trainer() as trainer:
        for model in ("1", "2"):
            place.script(place.read("output/implementation/code/model_1.py"), model)
            run = str((await trainer.ask("start_training", model=model, phase="quick"))["run"])
            place.ends(run)
        await trainer.poll()
        assert (await trainer.poll("1-quick-1"))["catching_up"].endswith("MiB of the log not read yet")
        desk = place.desk()
        look_at(desk, "1-quick-1", HANG_S)
        desk.ledger.close()
        seen = await trainer.watch("1-quick-1")
    assert [one["exception"] for one in seen["findings"]] == ["KeyError"]


async def test_a_log_that_is_not_read_in_time_is_read_on_by_the_next_look(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "FEED_BYTES", 4096)
    place.script(script("print('epoch 1 loss 0.5\\n' * 20_000)\nraise KeyError('late')\n"))
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.ends(run)
        desk = place.desk()
        left = [look_at(desk, run, within_s=0.0).behind_bytes for _ in range(4)]
        assert [one - left[-1] for one in left] == [3 * 4096, 2 * 4096, 4096, 0]
        seen = await trainer.watch(run)
    assert [one["exception"] for one in seen["findings"]] == ["KeyError"]
