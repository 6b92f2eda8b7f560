"""Every page as it is sent: who gets it, what stands around it, what it says, and what it does with hostile text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from anyio import to_thread
from watchkeeper.server.acts.plot import chains
from watchkeeper.server.acts.watch import witness_files
from watchkeeper.server.analysis.artefacts.facts import NotInspected
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.views.answering import LONGEST_INSTRUCTIONS, LONGEST_OTHER
from watchkeeper.server.interfaces.web import guarding
from watchkeeper.server.interfaces.web.guarding import LARGEST_FORM_BYTES
from watchkeeper.server.interfaces.web.rendering import STATIC

from ...play import Place, script
from .. import story
from .helpers import TOKEN, Page, page

pytestmark = pytest.mark.anyio

PAGES = (
    "/", "/runs", "/runs?model=1", "/models", "/runs/1-quick-1?line=23", "/runs/2-quick-1", "/runs/3-full-1",
    "/runs/3-full-1/chains", "/reports/1-r1", "/reports/3-r2", "/models/3",
    "/compare?a=1-quick-1&b=1-quick-2", "/nowhere",
)  # fmt: skip
ACTIVE = re.compile(r"\son\w+\s*=|\sstyle\s*=|javascript:|<script(?![^>]*\ssrc=\"/static/)", re.IGNORECASE)
"""What a strict policy would refuse, and what would be somebody else's."""


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_sent_under_a_strict_policy_and_holds_nothing_that_it_forbids(
    shared: Place, path: str
) -> None:
    with page(shared.root) as there:
        answer = await there.get(path)
    text = answer.body.decode()
    assert answer.status == (404 if path == "/nowhere" else 200)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert not ACTIVE.findall(text)
    assert "<script>alert" not in text
    assert not [one for one in re.findall(r'(?:src|href|action)="([^"]*)"', text) if "//" in one]
    assert TOKEN not in text


@pytest.mark.parametrize("path", [*PAGES, "/events", "/runs/1-quick-1/log", "/runs/1-quick-1/charts"])
async def test_a_stranger_sees_where_to_sign_in_and_nothing_else(shared: Place, path: str) -> None:
    with page(shared.root) as there:
        answer = await there.get(path, signed_in=False)
        wrong = await there.post("/session", {"token": "x" * 43, "next": path}, signed_in=False)
    for one in (answer, wrong):
        assert one.status == 401
        assert b"ValueError" not in one.body
        assert b"quick-1" not in one.body.replace(path.encode(), b"").replace(path.replace("&", "&amp;").encode(), b"")
    assert "set-cookie" not in wrong.headers


async def test_the_token_is_exchanged_for_a_cookie_that_no_script_and_no_other_site_can_use(shared: Place) -> None:
    with page(shared.root) as there:
        right = await there.post("/session", {"token": TOKEN, "next": "/runs/1-quick-1?line=23"}, signed_in=False)
        elsewhere = await there.post("/session", {"token": TOKEN, "next": "//evil.example/"}, signed_in=False)
    assert (right.status, right.headers["location"]) == (303, "/runs/1-quick-1?line=23")
    assert "HttpOnly" in right.headers["set-cookie"]
    assert "SameSite=strict" in right.headers["set-cookie"]
    assert TOKEN not in right.headers["set-cookie"]
    assert elsewhere.headers["location"] == "/"


async def test_a_name_that_is_not_ours_and_a_page_of_another_site_are_refused(shared: Place) -> None:
    with page(shared.root) as there:
        foreign = await there.get("/", ("origin", "http://evil.example"))
        acting = await there.post("/reports/3-r2", {"action": "CONTINUE"}, origin="http://evil.example")
        twice = await there.get("/", ("host", "evil.example"))
    assert [foreign.status, acting.status, twice.status] == [403, 403, 421]


async def test_a_form_without_the_field_of_its_session_does_nothing(shared: Place) -> None:
    given = {"action": "CONTINUE", "instructions": "fine", "seen": "1"}
    with page(shared.root) as there:
        mine, theirs = there.door.field(there.session), there.door.field(there.door.session())
        without = await there.post("/reports/3-r2", given)
        other = await there.post("/reports/3-r2", {"csrf": theirs, **given})
        longest = {"instructions": "損" * LONGEST_INSTRUCTIONS, "changes_applied": "害\r\n" * (LONGEST_OTHER // 2)}
        whole = await there.post("/reports/3-r2", {"csrf": theirs, **longest, "next_steps": "険" * LONGEST_OTHER})
        large = await there.post("/reports/3-r2", {"csrf": mine, "instructions": "x" * LARGEST_FORM_BYTES})
    assert [without.status, other.status, whole.status, large.status] == [400, 400, 400, 409]
    fields = guarding.given({name: [text] for name, text in longest.items()})
    assert len(fields.changes_applied) < LONGEST_OTHER
    assert next(one for one in shared.reports() if one.id == "3-r2").answer is None


async def test_the_first_page_says_what_waits_what_runs_and_what_came_of_the_models(shared: Place) -> None:
    with page(shared.root) as there:
        text = (await there.get("/")).body.decode()
    assert re.search(r"3-r2.*answer due in", text, re.DOTALL)
    assert "DRAWS 20000 -&gt; 1000" in text
    assert "+DRAWS = 1000" in text
    assert re.search(r"▸</b> healthy.*2-quick-1", text, re.DOTALL)
    assert "rejected: incomplete training" in text
    assert "A diary entry for 1-r1" in text
    assert '<svg class="spark"' in text


async def test_a_run_s_page_leads_from_the_finding_to_its_line_and_from_a_check_to_what_it_was_made_from(
    shared: Place,
) -> None:
    with page(shared.root) as there:
        broken = (await there.get("/runs/1-quick-1?line=23")).body.decode()
        judged = (await there.get("/runs/3-full-1")).body.decode()
        told = json.loads((await there.get("/runs/3-full-1/charts")).body)
    assert 'href="?line=23#L23"' in broken
    assert re.search(r'class="l bad" id="L23".*Traceback', broken)
    assert "&lt;script&gt;alert" in broken
    assert re.search(r"<b>failures</b> <span class=\"dim\">failed.*href=\"#findings\"", judged, re.DOTALL)
    assert [one["title"] for one in told["curves"]] == ["Loss", "Gradient norm"]
    assert len(told["curves"][0]["x"]) == 25
    assert {"CPU", "Memory", "Log growth"} <= {one["title"] for one in told["usage"]}


async def test_a_report_s_page_shows_the_answer_and_who_gave_it(shared: Place) -> None:
    with page(shared.root) as there:
        text = (await there.get("/reports/1-r1")).body.decode()
        missing = await there.get("/reports/9-r9")
    assert "Drop the 14 pupils" in text
    assert "director over the command line" in text
    assert missing.status == 404
    assert b"Open reports: " in missing.body


async def test_a_workspace_without_a_record_has_pages_and_stays_without_one(tmp_path: Path) -> None:
    with page(tmp_path) as there:
        answers = [await there.get(path) for path in ("/", "/runs", "/models", "/runs/1-quick-1")]
    assert [one.status for one in answers] == [200, 200, 200, 404]
    assert b"Nothing runs" in answers[0].body
    assert not os.listdir(tmp_path)


async def test_two_people_answer_at_once_and_the_second_is_shown_the_first_answer_with_the_own_words_kept(
    place: Place,
) -> None:
    await to_thread.run_sync(story.failing, place)
    with page(place.root) as there:
        form = (await there.get("/reports/1-r1")).body.decode()
        seen = re.findall(r'name="seen" value="(\d+)"', form)[0]
        common = {"csrf": there.door.field(there.session), "seen": seen}
        drop = {**common, "action": "RESTART", "instructions": "Drop them.", "name": "Ana"}
        keep = {**common, "action": "CONTINUE", "instructions": "Let it be.", "name": "Ben"}
        first, second, again = [await there.post("/reports/1-r1", one) for one in (drop, keep, drop)]
        silent = await there.post("/reports/1-r1", {**common, "action": "TERMINATE", "instructions": " "})
    (report,) = place.reports()
    assert first.status == again.status == 303
    assert second.status == silent.status == 409
    assert "has changed since you read it" in second.body.decode()
    assert "Let it be." in second.body.decode()
    assert "Drop them." in second.body.decode()
    assert report.answer is not None
    assert (report.answer.action, report.answer.instructions) == ("RESTART", "Drop them.")
    assert report.answer.who.startswith("person over the page, uid ")
    assert "who says to be 'Ana'" in report.answer.who


async def test_changes_are_approved_by_the_names_that_the_page_shows(place: Place) -> None:
    await to_thread.run_sync(story.rejected, place)
    await to_thread.run_sync(story.waiting, place)
    with page(place.root) as there:
        form = (await there.get("/reports/3-r2")).body.decode()
        (name,) = re.findall(r'name="approve" value="([^"]+)"', form)
        seen = re.findall(r'name="seen" value="(\d+)"', form)[0]
        fields = {"csrf": there.door.field(there.session), "seen": seen, "action": "CONTINUE", "approve": name}
        done = await there.post("/reports/3-r2", {**fields, "instructions": "A thousand draws are enough to look at."})
    assert (done.status, done.headers["location"]) == (303, "/reports/3-r2?done=1")
    await to_thread.run_sync(story.run, place, "start", "3", "full", "--follows", "3-full-1")
    assert place.runs()[-1].id == "3-full-2"
    place.ends("3-full-2")


def test_the_page_needs_its_extra_and_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(_name: str) -> None: ...

    monkeypatch.setattr("watchkeeper.server.interfaces.commands.ui.find_spec", none)
    assert cli.main(["--workspace", str(place.root), "ui"]) == 1
    assert "pip install 'watchkeeper[ui]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0.0.0.0:0"], "--allow-host"),
        (["0.0.0.0:0", "--allow-host", "train.example.org"], "--tokens FILE"),
        (["127.0.0.1:0", "--tokens", "/nowhere"], "cannot be read"),
        (["example.org"], "no address"),
    ],
)
def test_what_would_be_open_to_others_is_refused_before_anything_listens(
    place: Place, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert cli.main(["--workspace", str(place.root), "ui", *words]) != 0
    assert said in capsys.readouterr().err


async def test_files_of_ours_are_sent_by_their_names_only(shared: Place) -> None:
    with page(shared.root) as there:
        good = await there.get("/static/x/page.css", signed_in=False)
        bad = [await there.get(f"/static/x/{name}") for name in ("..", "nothing.js", "%2e%2e%2fpages.py")]
    assert good.body == (STATIC / "page.css").read_bytes()
    assert [one.status for one in bad] == [404] * 3


async def test_a_person_s_answer_keeps_or_changes_the_type_that_the_director_decided_and_pages_show_it(
    place: Place,
) -> None:
    await to_thread.run_sync(story.failing, place)
    (report,) = place.reports()
    assert (report.error_type, report.owner) == ("data", "@data_engineer")
    words = ["answer", "1-r1", "RESTART", "--instructions", "Mend the merge.", "--error-type", "implementation"]
    await to_thread.run_sync(story.run, place, *words)
    told: list[str] = []
    with page(place.root) as there:
        text = (await there.get("/reports/1-r1")).body.decode()
        run = (await there.get("/runs/1-quick-1")).body.decode()
        for fields in ({}, {"error_type": "convergence"}, {"error_type": ""}):
            seen = str(place.reports()[0].last_seq)
            common = {"csrf": there.door.field(there.session), "seen": seen, "action": "RESTART"}
            await there.post("/reports/1-r1", {**common, "instructions": f"Now {fields}.", **fields})
            told.append(place.reports()[0].decided_type)
        wrong = await there.post("/reports/1-r1", {**common, "instructions": "No.", "error_type": "weather"})
    assert "implementation, recognised as data, mended by @code_translator" in text
    assert '<option value="implementation" selected>' in text
    assert "implementation, answered" in run
    assert told == ["implementation", "convergence", "data"]
    assert wrong.status == 409


async def test_the_tables_of_models_say_how_a_run_that_goes_on_really_is(place: Place) -> None:
    troubled = script("""
import traceback
try:
    raise ValueError("a row is blank")
except ValueError:
    traceback.print_exc()
print("it goes on", flush=True)
wait_for("go")
""")
    place.script(troubled)
    await to_thread.run_sync(story.run, place, "start", "1", "quick")
    place.says("output/implementation/logs/training_quick_1.log", "it goes on")
    await to_thread.run_sync(story.run, place, "poll", "1-quick-1", "--wait", "0")
    assert [one.level for one in place.findings()] != []
    with page(place.root) as there:
        texts = [(await there.get(path)).body.decode() for path in ("/", "/models", "/models/1")]
    place.go()
    place.ends("1-quick-1")
    assert [("in trouble" in one or "look at it" in one, "healthy" in one) for one in texts] == [(True, False)] * 3


def always(answer: object) -> Callable[..., object]:
    """Return what answers so, whatever it is asked."""

    def answered(*_: object) -> object:
        return answer

    return answered


async def test_the_chains_of_a_run_are_those_that_it_left_by_the_seal_or_else_by_time_and_damage_is_said(
    shared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = shared.root / "output/implementation/models/model_3_full.nc"
    kept, about = trace.read_bytes(), trace.stat()

    async def told(by: Page) -> str:
        return (await by.get("/runs/3-full-1/chains")).body.decode()

    with page(shared.root) as one, page(shared.root) as other:
        slow = NotInspected(reason="Reading it took more than 20 s of CPU time.", cause="time")
        monkeypatch.setattr(chains, "draw_chains", always(slow))
        assert "took more than 20 s" in await told(one)
        monkeypatch.undo()
        whole = await told(one)
        assert "tau: draws, R-hat" in whole
        assert "240 of 1000 draws of each chain are drawn; ranks count all." in whole
        try:
            trace.write_bytes(kept[: len(kept) // 3])
            os.utime(trace, ns=(about.st_atime_ns, about.st_mtime_ns))
            changed = await told(one)
            monkeypatch.setattr(witness_files, "seal", always(None))
            damaged = await told(other)
            os.utime(trace)
            later = await told(other)
            monkeypatch.undo()
        finally:
            trace.write_bytes(kept)
            os.utime(trace, ns=(about.st_atime_ns, about.st_mtime_ns))
        for text in (changed, damaged, later):
            assert "read in a confined process" not in text
        assert "is not the file that this run left: it has not the digest that the keeper sealed" in changed
        assert "by the time of its last change: it could not be held against a seal. Not inspected" in damaged
        assert "is not the file that this run left: it was written after its end" in later
        os.utime(trace)
        touched = await told(one)
        assert "tau: draws, R-hat" in touched
        assert "As the keeper sealed it at the run" in touched
        os.utime(trace, ns=(about.st_atime_ns, about.st_mtime_ns))
        assert "The run left no trace" in (await one.get("/runs/1-quick-1/chains")).body.decode()
