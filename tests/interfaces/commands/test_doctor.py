"""`watchkeeper doctor` finds what is wrong, says how to mend it, and its mending works."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands import doctor
from watchkeeper.server.interfaces.commands.cli import main
from watchkeeper.server.interfaces.commands.doctor import Check
from watchkeeper.server.interfaces.commands.rebuild import rebuild
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger, rebuilding
from watchkeeper.server.storage.record.records import FindingSeen
from watchkeeper.server.vocabulary.errors import Refused
from watchkeeper.server.vocabulary.runs import Level

from ...play import GOOD, Place

SOUND = {"platform", "state", "disk", "policy", "interpreter", "engine", "ledger", "names", "runs", "notify"}


def found(place: Place) -> dict[str, Check]:
    """Return what is wrong, by name of the check."""
    checks = doctor.examine(Workspace(place.root))
    assert {one.name for one in checks} == SOUND
    assert all(one.mend for one in checks if not one.fine), "what is wrong comes with how to mend it"
    return {one.name: one for one in checks if not one.fine}


def ledger_of(place: Place) -> Path:
    return Workspace(place.root).ledger_path


@pytest.fixture
def ran(place: Place) -> str:
    """A run that has ended and is on record."""
    place.script(GOOD)
    assert main(["--workspace", str(place.root), "start", "1", "quick"]) == 0
    place.ends("1-quick-1")
    assert main(["--workspace", str(place.root), "poll", "1-quick-1", "--wait", "0"]) == 0
    return "1-quick-1"


def test_a_fresh_folder_is_fine_and_stays_untouched(tmp_path: Path) -> None:
    assert all(one.fine for one in doctor.examine(Workspace(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_with_a_run_is_fine(place: Place, ran: str) -> None:
    assert found(place) == {}


def test_a_state_folder_that_others_may_read_is_found(place: Place, ran: str) -> None:
    state = place.root / ".watchkeeper"
    state.chmod(0o755)
    wrong = found(place)
    assert set(wrong) == {"state"}
    assert "has mode 0755" in wrong["state"].seen
    subprocess.run(shlex.split(wrong["state"].mend.split(";")[0]), check=True)
    assert found(place) == {}


def test_a_ledger_that_others_may_read_is_found(place: Place, ran: str) -> None:
    ledger_of(place).chmod(0o644)
    assert "has mode 0644" in found(place)["state"].seen


def test_two_models_that_would_share_a_file_by_now_are_found(place: Place, ran: str) -> None:
    place.script(GOOD, "2")
    assert main(["--workspace", str(place.root), "start", "2", "quick"]) == 0
    place.ends("2-quick-1")
    assert found(place) == {}
    place.policy('\n[names]\nhistory = "output/history.csv"\n')
    wrong = found(place)["names"]
    assert "both write output/history.csv (history)" in wrong.seen
    assert "{i}" in wrong.mend


def test_a_broken_policy_is_found_with_its_line(place: Place, ran: str) -> None:
    (place.root / "watchkeeper.toml").write_text("[quick]\nmax_minuets = 5\n")
    wrong = found(place)
    assert "watchkeeper.toml:2" in wrong["policy"].seen
    assert set(wrong) == {"policy", "interpreter", "engine", "names", "notify"}


def test_an_interpreter_that_is_missing_or_none_is_found(place: Place) -> None:
    for path in ("/no/such/python", "/bin/false"):
        place.policy(f'\n[python]\ninterpreter = "{path}"\n')
        wrong = found(place)
        assert set(wrong) == {"interpreter"}
        assert path in wrong["interpreter"].seen


def test_a_changed_event_is_found(place: Place, ran: str) -> None:
    with closing(sqlite3.connect(ledger_of(place))) as connection, connection:
        connection.execute("UPDATE chain SET at = at - 3600 WHERE seq = 1")
    connection.close()
    wrong = found(place)
    assert set(wrong) == {"ledger"}
    assert "breaks at event 1: its content was changed" in wrong["ledger"].seen


def test_runs_that_only_their_directories_know_are_found_and_recorded(place: Place, ran: str) -> None:
    ledger_of(place).unlink()
    (place.root / ".watchkeeper/runs/1-quick-7").mkdir()  # without a spec nothing can be had from it
    assert found(place)["runs"].seen == "0 on record, 0 active, not on record: 1-quick-1, 1-quick-7"
    rebuilt = rebuild(Workspace(place.root))
    assert rebuilt.seen == "recorded 1 of 2 runs from their directories: 1-quick-1"
    (run,) = place.runs()
    assert (run.id, run.model, run.phase) == ("1-quick-1", "1", "quick")
    assert rebuild(Workspace(place.root)).seen == "recorded 0 of 2 runs from their directories: none"


def test_a_rebuilt_run_has_the_end_that_it_had(place: Place, ran: str, capsys: pytest.CaptureFixture[str]) -> None:
    ledger_of(place).unlink()
    assert main(["--workspace", str(place.root), "doctor", "--rebuild-ledger"]) == 0
    capsys.readouterr()
    assert main(["--workspace", str(place.root), "poll", ran, "--wait", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "completed"


@pytest.mark.parametrize("from_byte", [0, 8192])
def test_a_damaged_ledger_is_found_and_kept_aside_when_the_record_is_rebuilt(
    place: Place, ran: str, from_byte: int
) -> None:
    path = ledger_of(place)
    with path.open("r+b") as file:
        file.seek(from_byte)
        file.write(b"\xa5" * (path.stat().st_size - from_byte))
    damaged = path.read_bytes()
    assert "--rebuild-ledger" in found(place)["ledger"].mend
    assert path.read_bytes() == damaged
    rebuilt = rebuild(Workspace(place.root))
    (kept,) = path.parent.glob("*.damaged-*")
    assert kept.name in rebuilt.seen
    assert kept.read_bytes() == damaged
    assert found(place) == {}
    assert [one.id for one in place.runs()] == [ran]


def test_no_journal_of_a_damaged_ledger_reaches_the_new_one(place: Place, ran: str) -> None:
    path = ledger_of(place)
    path.write_bytes(b"no database at all " * 500)
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(b"left by a crash")
    rebuild(Workspace(place.root))
    assert not journal.exists()
    assert found(place) == {}


def test_a_ledger_of_a_newer_version_is_not_set_aside(place: Place, ran: str) -> None:
    path = ledger_of(place)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "newer watchkeeper" in found(place)["ledger"].mend
    assert main(["--workspace", str(place.root), "doctor", "--rebuild-ledger"]) == 1
    assert list(path.parent.glob("*.damaged-*")) == []


def test_runs_are_recorded_in_the_order_in_which_they_began(place: Place, ran: str) -> None:
    place.script(GOOD, model="0")
    assert main(["--workspace", str(place.root), "start", "0", "quick"]) == 0
    place.ends("0-quick-1")
    ledger_of(place).unlink()
    rebuild(Workspace(place.root))
    assert [one.id for one in place.runs()] == ["1-quick-1", "0-quick-1"]


def test_a_directory_whose_spec_is_another_runs_is_passed_over(place: Place, ran: str) -> None:
    runs = place.root / ".watchkeeper/runs"
    shutil.copytree(runs / ran, runs / "1-quick-9")
    (runs / "1-quick-8").mkdir()
    (runs / "1-quick-8/spec.json").write_text("{torn")
    assert rebuild(Workspace(place.root)).seen.endswith("recorded 0 of 3 runs from their directories: none")


def test_the_checks_are_shown_to_people_and_to_machines(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.policy('\n[python]\ninterpreter = "/no/such/python"\n')
    assert main(["--workspace", str(place.root), "doctor"]) == 1
    shown = capsys.readouterr().out
    assert "ok    policy: watchkeeper.toml is valid" in shown
    assert "WRONG interpreter: /no/such/python" in shown
    assert "      mend: Set [python] interpreter in watchkeeper.toml." in shown
    assert main(["--workspace", str(place.root), "doctor", "--json", "--rebuild-ledger"]) == 1
    checks = json.loads(capsys.readouterr().out)
    assert {one["check"] for one in checks} == {*SOUND, "rebuild"}
    assert [one["check"] for one in checks if not one["ok"]] == ["interpreter"]


def test_an_event_of_a_kind_that_is_not_known_does_not_crash_it(place: Place, ran: str) -> None:
    ledger = Ledger(ledger_of(place))
    with ledger.transaction() as transaction:
        seen = FindingSeen(kind="x", level=Level.FLAG, updated_at=1.0)
        transaction.append(seen, "1-quick-1:x", run="1-quick-1", model="1")
    ledger.close()
    with closing(sqlite3.connect(ledger_of(place))) as connection, connection:
        connection.execute("UPDATE chain SET kind = 'future.kind' WHERE seq = (SELECT max(seq) FROM chain)")
    connection.close()
    assert "its content was changed" in found(place)["ledger"].seen


def all_told(place: Place, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Call every kind of command and return what each says of its refusal; none may fail by a defect."""
    told: list[str] = []
    calls = "status|poll|poll 1-quick-1 --wait 0|start 1 quick|verify 1-quick-1|stop 1-quick-1 --reason x|doctor"
    for words in calls.split("|"):
        assert main(["--workspace", str(place.root), *words.split()]) == 1
        told.append("".join(capsys.readouterr()))
    assert not any("defect" in one or "Traceback" in one for one in told)
    return told


def test_a_folder_link_or_fifo_in_the_ledgers_place_is_told_by_every_command_and_kept_aside(
    place: Place, ran: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ledger_of(place)
    makers: list[Callable[[], object]] = [path.mkdir, lambda: path.symlink_to("elsewhere"), lambda: os.mkfifo(path)]
    for make in makers:
        path.unlink()
        make()
        assert all("where the ledger should be" in one for one in all_told(place, capsys))
        assert main(["--workspace", str(place.root), "doctor", "--rebuild-ledger"]) == 0
        assert "recorded 1 of 1 runs" in capsys.readouterr().out
        assert [one.id for one in place.runs()] == [ran]
    assert len(list(path.parent.glob("*.damaged-*"))) == len(makers)


def test_a_file_in_the_place_of_the_state_folder_is_told_by_every_command(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.script(GOOD)
    (place.root / ".watchkeeper").write_text("no folder")
    assert all(".watchkeeper" in one for one in all_told(place, capsys))
    assert main(["--workspace", str(place.root), "doctor", "--rebuild-ledger"]) == 1
    assert "Traceback" not in "".join(capsys.readouterr())


def test_a_damaged_page_is_seen_by_the_doctor_and_rebuilding_keeps_what_was_recorded(place: Place, ran: str) -> None:
    path = ledger_of(place)
    with Ledger(path).transaction() as transaction:
        transaction.append(FindingSeen(kind="x", level=Level.FLAG, updated_at=1.0), "1-quick-1:x", run=ran, model="1")
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'subjects_by_run'").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(bytes(4096))
    assert "damaged" in found(place)["ledger"].seen
    assert "taken over, none lost; recorded 0 of 1 runs" in rebuild(Workspace(place.root)).seen
    assert found(place) == {}
    assert [one.id for one in place.findings()] == ["1-quick-1:x"]
    assert [one.id for one in place.runs()] == [ran]


def test_who_opened_the_old_ledger_while_it_was_rebuilt_is_named(
    place: Place, ran: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_of(place).write_bytes(b"x" * 4096)
    read, holders = rebuilding.read, list[subprocess.Popen[bytes]]()

    def late(path: Path) -> rebuilding.Old:
        with path.open("rb") as opened:
            holders.append(subprocess.Popen(["sleep", "infinity"], stdin=opened))
        return read(path)

    monkeypatch.setattr(rebuilding, "read", late)
    try:
        told = rebuild(Workspace(place.root))
    finally:
        for one in holders:
            one.kill()
            one.wait()
    assert not told.fine
    assert "recorded 1 of 1 runs" in told.seen
    assert f"end process {holders[0].pid}: it still has the old ledger open" in told.mend


def test_a_ledger_that_somebody_has_open_is_not_rebuilt(place: Place, ran: str) -> None:
    with ledger_of(place).open("rb") as opened:
        holder = subprocess.Popen(["sleep", "infinity"], stdin=opened)
    try:
        with pytest.raises(Refused, match=f"Process {holder.pid} has the ledger open"):
            rebuild(Workspace(place.root))
    finally:
        holder.kill()
        holder.wait()


def test_what_a_training_finds_by_its_own_environment_is_not_called_missing(place: Place) -> None:
    (place.root / "beside").mkdir()
    (place.root / "beside" / "module_of_theirs.py").touch()
    place.policy(f'\n[environment]\nPYTHONPATH = "{place.root / "beside"}"\n')
    place.script("import watchkeeper_probe\nimport module_of_theirs\n")
    assert set(found(place)) == set()
    place.script("import watchkeeper_probe\nimport module_of_nobody\n")
    assert "module_of_nobody" in found(place)["interpreter"].seen
