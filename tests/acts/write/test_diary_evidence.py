"""What the server adds to a diary by itself: what changed, the numbers, what was seen before; at once or later."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from watchkeeper.server.acts.report import recurrence
from watchkeeper.server.acts.write import diary_evidence
from watchkeeper.server.storage.record import Finding
from watchkeeper.server.storage.record.serialization import decode

from ...limits import HANG_S
from ...play import FAILS, GOOD, Agent, Facts, Place, script

pytestmark = pytest.mark.anyio

PATH = "output/docs/insights/dev_diary_1.md"
ENTRY: Facts = {
    "model": "1",
    "struggle": "The training stopped.",
    "investigation": ["Counted the gaps: three sensors."],
    "fix": "impute the gaps from the neighbouring stations",
    "why": "Because sensors along the coast freeze every winter, readings have gaps that the regression cannot take.",
}
BAD = script('print("epoch 1 loss 2.5")\nprint("epoch 2 loss 2.4")\nraise ValueError("Input X contains NaN")\n')
MENDED = script('print("epoch 1 loss 2.5")\nprint("epoch 2 loss 0.4")\nleave_what_the_phase_asks_for()\n')


async def failed(place: Place, trainer: Agent, director: Agent, follows: str | None = None, text: str = BAD) -> Facts:
    """Let a run fail, be reported and answered; return the report's fields."""
    place.script(text)
    run = await trainer.trained(**({"follows": follows} if follows else {}))
    reported = await trainer.ask("report_error", run=run, what_happened="it broke")
    await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="mend it")
    return {"run": run, "report": reported["report"]}


async def mended(place: Place, trainer: Agent, follows: str, text: str = MENDED) -> str:
    place.script(text)
    return await trainer.trained(follows=follows)


def entries(text: str) -> list[str]:
    return re.findall(r"^## Dev Diary Entry #(\d+)$", text, re.MULTILINE)


async def test_an_entry_shows_what_changed_between_the_failing_and_the_working_attempt(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        await mended(place, trainer, about["run"])
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
    text = place.read(PATH)
    fix = text[text.index("### The Fix") : text.index("### The Why")]
    assert "```diff\n--- output/implementation/code/model_1.py (1-quick-1)\n" in fix
    assert (
        '\n-print("epoch 2 loss 2.4")\n-raise ValueError("Input X contains NaN")\n+print("epoch 2 loss 0.4")\n' in fix
    )
    assert "**Result**: 1-quick-2 completed without this failure." in fix
    assert "| Last value | 1-quick-1 (failed) | 1-quick-2 (worked) |" in fix
    assert "| ended | failed, exit code 1 | completed, exit code 0 |" in fix
    assert "| loss | 2.4 | 0.4 |" in fix
    assert text.endswith("**Status**: ✅ RESOLVED + INSIGHT EXTRACTED\n")


async def test_an_entry_written_too_early_gets_its_evidence_behind_it_once(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
        early = place.read(PATH)
        await mended(place, trainer, about["run"])
        again = await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
        proven = place.read(PATH)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
    assert early.endswith("**Status**: OPEN, insight extracted\n")
    assert (again["entry"], again["existing"]) == (1, True)
    assert proven.startswith(f"{early}\n## Evidence for Entry #1 (recorded by the server)\n\n**Date**: ")
    assert "**Result**: 1-quick-2 completed without this failure." in proven[len(early) :]
    assert "```diff\n" in proven[len(early) :]
    assert proven.endswith("**Status of Entry #1**: ✅ RESOLVED + INSIGHT EXTRACTED\n")
    assert place.read(PATH) == proven
    assert entries(proven) == ["1"]


async def test_evidence_comes_with_the_poll_that_sees_the_end_and_only_once(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
        assert catch_up(place) == []
        await mended(place, trainer, about["run"])
    assert catch_up(place) == [], "the trainer's own poll brought it"
    assert place.read(PATH).count("## Evidence for Entry #1") == 1


def catch_up(place: Place) -> list[int]:
    desk = place.desk()
    try:
        return diary_evidence.catch_up(desk, "1")
    finally:
        desk.ledger.close()


async def test_a_quick_run_proves_nothing_for_a_full_one(place: Place) -> None:
    fails = (
        'if os.environ["WATCHKEEPER_PHASE"] == "full" and not os.path.exists("mended"):\n    raise ValueError("x")\n'
    )
    text = script(f"{fails}leave_what_the_phase_asks_for()\n")
    async with place.trainer() as trainer, place.director() as director:
        place.script(text)
        quick = await trainer.trained()
        full = await trainer.trained(phase="full")
        reported = await trainer.ask("report_error", run=full, what_happened="it broke")
        await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="mend it")
        await trainer.ask("write_diary_entry", **ENTRY, report=reported["report"])
        (place.root / "mended").touch()
        await mended(place, trainer, quick, text)
        assert "## Evidence for Entry #1" not in place.read(PATH)
        await trainer.trained(phase="full", follows=full)
    assert "**Result**: 1-full-2 completed without this failure." in place.read(PATH)


async def test_an_attempt_that_fails_too_proves_nothing(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
        second = await failed(place, trainer, director, follows=about["run"])
        assert catch_up(place) == []
        assert second["run"] == "1-quick-2"
    assert place.read(PATH).endswith("**Status**: OPEN, insight extracted\n")


async def test_an_unchanged_script_is_said_to_be_unchanged(place: Place) -> None:
    text = "import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] != '1', 'the data is not there yet'\n" + GOOD
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director, text=text)
        await mended(place, trainer, about["run"], text)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
    assert "The script is the same to the byte: what changed lies outside it" in place.read(PATH)


async def test_secrets_and_headings_in_a_script_do_not_come_through_the_difference(place: Place) -> None:
    key = "sk-abcdefghijklmnopqrstuvwx"
    added = f'\nAPI = "{key}"\n"""\n```\n## Dev Diary Entry #77\n### The Why\n"""\n'
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        await mended(place, trainer, about["run"], MENDED + added)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
    text = place.read(PATH)
    assert key not in text
    assert "````diff" in text
    assert text.count("### The Why") == 1
    assert "## Dev Diary Entry #77" not in text


async def test_a_failure_seen_before_is_linked_to_its_entry_and_to_what_cured_it(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        second = await mended(place, trainer, about["run"])
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
        again = await failed(place, trainer, director, follows=second)
        found = earlier(place, again["run"])
        await trainer.ask("write_diary_entry", **{**ENTRY, "struggle": "Again."}, report=again["report"])
    assert found == recurrence.Earlier(
        entry=1, path=PATH, report="1-r1", cured_by="1-quick-2", fix="impute the gaps from the neighbouring stations"
    )
    assert f"- Seen before: diary entry #1 ({PATH}), cured in 1-quick-2. The fix there: impute the gaps" in place.read(
        PATH
    )


async def test_another_failure_and_the_first_of_its_kind_were_not_seen_before(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        about = await failed(place, trainer, director)
        await trainer.ask("write_diary_entry", **ENTRY, report=about["report"])
        other = await failed(place, trainer, director, about["run"], script("raise KeyError('city')\n"))
    assert earlier(place, about["run"]) is None
    assert earlier(place, other["run"]) is None


def earlier(place: Place, run: str) -> recurrence.Earlier | None:
    desk = place.desk()
    try:
        (finding,) = desk.ledger.findings(run=run)
        return recurrence.earlier(desk, finding)
    finally:
        desk.ledger.close()


def _finding(**about: str) -> Finding:
    common = {"id": "f", "run": "r", "model": "1", "status": "open", "open": True, "first_seq": 1, "last_seq": 1}
    return decode(Finding, {"kind": "x", "level": "failure", "updated_at": 1.0, **about}, **common, at=1.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"fingerprint": "a"}, {"fingerprint": "a"}, True),
        ({"fingerprint": "a"}, {"fingerprint": "b"}, False),
        ({"fingerprint": ""}, {"fingerprint": ""}, False),
        ({"exception": "E", "frame": "m.py:3"}, {"exception": "E", "frame": "m.py:3", "fingerprint": "x"}, True),
        ({"exception": "E", "frame": "m.py:3"}, {"exception": "E", "frame": "m.py:4"}, False),
        ({"exception": "E"}, {"exception": "E"}, False),
        ({}, {}, False),
    ],
)
async def test_the_same_failure_is_known_by_fingerprint_or_by_exception_and_frame(
    one: Facts, other: Facts, same: bool
) -> None:
    first, second = (_finding(**about) for about in (one, other))
    assert recurrence.same(first, second) is recurrence.same(second, first) is same


async def test_failed_attempts_that_no_entry_mentions_come_back_as_advice(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        first = await failed(place, trainer, director)
        second = await failed(place, trainer, director, first["run"], script("raise KeyError('city')\n"))
        silent = await trainer.ask("write_diary_entry", **ENTRY, report=first["report"])
        told = {**ENTRY, "investigation": ["Renamed the column in 1-quick-2: KeyError ❌"]}
        honest = await trainer.ask("write_diary_entry", **told, report=first["report"])
    assert second["run"] == "1-quick-2"
    assert silent["advice"][0].startswith("1-quick-2 (KeyError) failed and no entry mentions it")
    assert honest.get("advice") is None


async def test_the_policy_can_make_a_rule_strict(place: Place) -> None:
    place.policy('[diary]\nstrict = ["empty_sections", "numbers_explained"]\n')
    magic = {**ENTRY, "fix": "lr = 0.00237"}
    async with place.trainer() as trainer:
        refusal = await trainer.refused("write_diary_entry", **magic)
        explained = {**magic, "why": f"{ENTRY['why']} 0.00237 is one over the number of frozen days."}
        written = await trainer.ask("write_diary_entry", **explained)
    assert "0.00237 in The Fix stands neither in The Why nor in The Investigation" in refusal
    assert "Lipschitz constant" in refusal
    assert (written["entry"], place.read(PATH).count("Dev Diary Entry")) == (1, 1)


async def test_what_is_on_record_stays_the_same_call_when_a_rule_becomes_strict(place: Place) -> None:
    magic = {**ENTRY, "fix": "lr = 0.00237"}
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **magic)
        place.policy('[diary]\nstrict = ["numbers_explained"]\n')
        assert (await trainer.ask("write_diary_entry", **magic))["existing"]


DIES = """
import os, signal, sys
from pathlib import Path
from watchkeeper.server.acts import sections
from watchkeeper.server.acts.write import diary_entry
from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.documents.diary_rules import Entry
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.server.storage.files.workspace import Workspace
WHEN = sys.argv[2]
append = sections._append
def dies(desk, path, data):
    if WHEN == "torn":
        append(desk, path, data[: len(data) // 2])
    if WHEN == "after":
        append(desk, path, data)
    os.kill(os.getpid(), signal.SIGKILL)
sections._append = dies
desk = open_desk(Workspace(Path(sys.argv[1])), Role.TRAINER, who="trainer of the test")
diary_entry.write_entry(desk, "1", Entry("a struggle", ("a test",), "a fix", "a reason"), None, None)
"""
SAME: Facts = {
    "model": "1", "struggle": "a struggle", "investigation": ["a test"], "fix": "a fix", "why": "a reason",
}  # fmt: skip


def dies_while_writing(place: Place, when: str) -> None:
    died = subprocess.run([sys.executable, "-P", "-c", DIES, str(place.root), when], check=False, timeout=HANG_S)
    assert died.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "torn", "after"])
@pytest.mark.parametrize("same_call", [True, False])
async def test_a_server_killed_between_ledger_and_file_is_made_good_by_the_next_call(
    place: Place, when: str, same_call: bool
) -> None:
    dies_while_writing(place, when)
    async with place.trainer() as trainer:
        next_call = SAME if same_call else {**SAME, "fix": "another"}
        written = await trainer.ask("write_diary_entry", **next_call)
    text = place.read(PATH)
    assert written["entry"] == (1 if same_call else 2)
    assert entries(text) == (["1"] if same_call else ["1", "2"])
    assert text.startswith("# Development Diary: Model 1\n\n## Dev Diary Entry #1\n\n**Date**")
    assert text.count("a fix") == 1
    assert text.count("**Status**") == len(entries(text))


EDITS: dict[str, Callable[[str], str]] = {
    "renumbered": lambda text: text.replace("Entry #1", "Entry #5"),
    "removed": lambda text: text[: text.index("## ")] + "(entry #1 was removed)\n",
    "line ends": lambda text: text.replace("\n", "\r\n"),
    "no final newline": lambda text: text.rstrip("\n"),
    "reworded": lambda text: text.replace("a fix", "a better fix"),
    "added": lambda text: f"{text}\n## My own notes\n\n```\nan open fence",
}


@pytest.mark.parametrize("edit", EDITS)
async def test_what_a_person_edits_stays_as_it_is_and_entries_follow_it(place: Place, edit: str) -> None:
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **SAME)
        edited = EDITS[edit](place.read(PATH)).encode()
        (place.root / PATH).write_bytes(edited)
        await trainer.ask("write_diary_entry", **SAME)
        assert (place.root / PATH).read_bytes() == edited
        second = await trainer.ask("write_diary_entry", **{**SAME, "fix": "another"})
    after = (place.root / PATH).read_bytes()
    assert after.startswith(edited)
    assert after.count(b"## Dev Diary Entry #%d" % second["entry"]) == 1
    assert b"another" in after[len(edited) :]
    assert (b"\r\n" in after[len(edited) :]) is (b"\r\n" in edited)
    assert not re.search(rb"(?<!\r)\n", after) or b"\r\n" not in edited


async def test_a_diary_that_an_editor_saved_as_utf_16_is_refused_and_nothing_is_recorded(place: Place) -> None:
    (place.root / PATH).parent.mkdir(parents=True)
    (place.root / PATH).write_text("# Mine\n", encoding="utf-16")
    async with place.trainer() as trainer:
        assert "is saved as UTF-16. Save it as UTF-8" in await trainer.refused("write_diary_entry", **SAME)
    assert place.entries() == []


async def test_headings_and_status_in_an_agents_words_stay_the_agents_words(place: Place) -> None:
    smuggled = "x\n## Dev Diary Entry #40\n### The Why\n**Status**: ✅ RESOLVED\n```\nopen"
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **{**SAME, "struggle": smuggled, "next_steps": [smuggled]})
        second = await trainer.ask("write_diary_entry", **{**SAME, "fix": "another"})
    text = place.read(PATH)
    assert (second["entry"], entries(text)) == (2, ["1", "2"])
    assert [text.count(f"### The {name}") for name in ("Struggle", "Investigation", "Fix", "Why")] == [2, 2, 2, 2]
    assert len(re.findall(r"^\*\*Status\*\*", text, re.MULTILINE)) == 2
    assert text.count("```") % 2 == 0


async def test_the_directors_end_is_the_entrys_status(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer, place.director() as director:
        run = await trainer.trained()
        reported = await trainer.ask("report_error", run=run, what_happened="NaN")
        await director.ask("answer_report", report=reported["report"], action="TERMINATE", instructions="give up")
        await trainer.ask("write_diary_entry", **ENTRY, report=reported["report"])
    assert place.read(PATH).endswith("**Status**: TERMINATED by the director, insight extracted\n")
