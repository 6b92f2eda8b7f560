"""`watchkeeper top` as somebody at a terminal uses it, on the record of trainings that really ran."""

from __future__ import annotations

import ast
import re
import threading
from contextlib import closing
from pathlib import Path
from typing import cast

import anyio
import pytest
from textual.events import Paste
from textual.widgets import RadioSet, TextArea
from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.commands import top as command
from watchkeeper.server.interfaces.terminal.app import Top
from watchkeeper.server.interfaces.terminal.following import Following
from watchkeeper.server.interfaces.terminal.log_view import LogView
from watchkeeper.server.interfaces.terminal.overview_screen import OverviewScreen
from watchkeeper.server.interfaces.terminal.report_screen import ReportScreen
from watchkeeper.server.interfaces.terminal.ticking import Tick
from watchkeeper.server.interfaces.views import overview
from watchkeeper.server.interfaces.views.answering import LONGEST_INSTRUCTIONS
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role

from ...limits import HANG_S
from ...play import Place, script
from .. import story
from .helpers import NARROW, WHO, WIDE, top

pytestmark = pytest.mark.anyio


async def test_what_waits_leads_by_keys_to_the_failing_line_and_to_why_the_verdict_rejected(shared: Place) -> None:
    async with top(shared.root) as terminal:
        await terminal.sees("3-r2", "answer due in", "2-quick-1", "▸ healthy", "▇▆", "✕ failed", "1 waiting")
        await terminal.sees("epoch 43/120 (36%)", "report 3-r2 (implementation) waits")
        terminal.photographed("top-overview")
        await terminal.press("j", "j", "k", "down", "down", "enter")
        await terminal.sees("3-full-1  ✕ failed", "✕ failure line 26 AttributeError", "rejected: incomplete training")
        await terminal.sees("✕ ending failed", "report 3-r2 waits for an answer")
        await terminal.press("enter")
        await terminal.sees("Log at line 26, f follows", "26 ✕ Traceback", "has no attribute 'cuont'")
        terminal.photographed("top-run")
        await terminal.press("f")
        await terminal.sees("Log followed")
        await terminal.press("r")
        await terminal.sees("-DRAWS = 20000", "+DRAWS = 1000", "What shall happen", "( ) RESTART")
        terminal.photographed("top-report")
        screen = terminal.app.screen
        assert isinstance(screen, ReportScreen)
        screen.query_one(Tick).focus()
        await terminal.press("space")
        assert screen.given.approve == ("DRAWS",)
        await terminal.sees("[x] DRAWS")
        screen.seen_seq = None  # as after an answer that was refused
        screen.reread()
        await terminal.until(lambda: screen.seen_seq is not None)
        assert (len(screen.query(Tick)), screen.given.approve) == (1, ("DRAWS",))
        await terminal.press("escape")
        await terminal.sees("Leave without recording")  # a tick is the beginning of an answer
        await terminal.press("y", "escape", "?")
        await terminal.sees("quit; no run ends by that")
        await terminal.press("escape", "q")
    assert terminal.app.return_code == 0


async def test_a_narrow_terminal_without_colours_shows_the_same_by_words_and_signs(shared: Place) -> None:
    async with top(shared.root, NARROW, colour=False) as terminal:
        await terminal.sees("? approval", "▸ healthy", "✓ approved", "✕ failed")
        await terminal.press("j", "j", "j", "enter")
        await terminal.sees("✕ failure line 26", "✕ rejected: incomplete training")
        assert terminal.app.screen.size.width == NARROW[0]


async def test_a_terminal_may_be_as_small_as_it_likes_and_what_was_typed_stays(shared: Place) -> None:
    async with top(shared.root, (80, 10)) as terminal:
        await terminal.sees("? approval", "▸ healthy", "3-quick-2", "✕ failed")  # on ten lines the table alone
        await terminal.press("j", "j", "j", "enter")
        await terminal.sees("3-full-1  ✕ failed", "✕ failure line 26")
        await terminal.becomes(1, 1)
        await terminal.becomes(*WIDE)
        await terminal.sees("✕ failure line 26")
        assert not ReportScreen(terminal.app.hub, "3-r2").begun  # `q` may be pressed before it is drawn
        await terminal.press("r")
        await terminal.sees("What shall happen")
        terminal.app.screen.query_one("#instructions", TextArea).focus()
        await terminal.press(*"Wait")
        await terminal.becomes(3, 2)
        await terminal.becomes(*WIDE)
        await terminal.sees("What shall happen", "Wait")


SPEAKS = script(r"""
for number in range(1, 101):
    print("before", number)
print("[red]a line[/red] [@click=app.quit]of[/] \x1b]0;title\x07\x1b[2Jmarkup", flush=True)
wait_for("more")
print("a second line", flush=True)
raise ValueError("[bold]no[/bold] \x1b[31mnumber")
""")


async def test_a_log_is_followed_and_what_it_says_to_terminals_and_to_the_drawing_stays_text(place: Place) -> None:
    place.script(SPEAKS, model="2")
    story.run(place, "start", "2", "quick")
    async with top(place.root) as terminal:
        await terminal.sees("2-quick-1")
        await terminal.press("enter")
        await terminal.sees("[red]a line[/red] [@click=app.quit]of[/] markup")
        log = terminal.app.screen.query_one(LogView)
        log.focus()
        await terminal.press("home")
        await terminal.sees("  1   before 1")
        (place.root / "more").touch()
        await terminal.sees("ValueError: [bold]no[/bold] number", "✕ failed")
        await terminal.until(lambda: log.lines[-1].text.startswith("ValueError"))
        await terminal.sees("  1   before 1")  # whoever scrolled reads on
        await terminal.press("f")
        await terminal.sees("a second line")
        assert "\x1b" not in terminal.text


async def test_an_answer_is_asked_for_once_more_and_one_that_crosses_another_is_refused_and_kept(place: Place) -> None:
    story.failing(place)
    async with top(place.root) as terminal:
        await terminal.sees("1-r1")
        await terminal.press("r")
        await terminal.sees("Input X contains NaN", "The trainer thinks", "( ) RESTART", "waits for an answer")
        await terminal.press("ctrl+s")
        await terminal.sees("needs an action and instructions")
        screen = terminal.app.screen
        screen.query_one(RadioSet).focus()
        await terminal.press("enter")
        await terminal.sees("(●) RESTART", "stop it if it goes on")
        screen.query_one("#instructions", TextArea).focus()
        await terminal.press(*"Drop q?")
        await terminal.press("ctrl+s")
        await terminal.sees("RESTART to 1-r1, recorded as a person's answer?", "Drop q?")
        await terminal.press("n", "escape")
        await terminal.sees("Leave without recording")
        await terminal.press("n")
        screen.query_one("#instructions").post_message(Paste("x" * LONGEST_INSTRUCTIONS))
        await terminal.sees("Not pasted: it would be 8,007 characters")
        screen.query_one(RadioSet).focus()
        await terminal.press("q")
        await terminal.sees("Quit without recording")
        await terminal.press("n", "ctrl+s")
        await terminal.sees("RESTART to 1-r1")
        assert [one.answer for one in place.reports()] == [None]
        story.run(place, "answer", "1-r1", "TERMINATE", "--instructions", "Leave it.")
        await terminal.press("y")
        await terminal.sees("has changed since you read it", "TERMINATE by director", "Drop q?")
        await terminal.press("ctrl+s")
        await terminal.sees("RESTART to 1-r1")
        await terminal.press("y")
        await terminal.until(lambda: terminal.app.screen is not screen)
    (report,) = place.reports()
    assert report.answer is not None
    assert (report.answer.action, report.answer.instructions, report.answer.who) == ("RESTART", "Drop q?", WHO)


async def test_keys_are_heard_while_the_record_lets_wait_and_what_cannot_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, begun = threading.Event(), list[None]()

    def slow(*_: object) -> overview.Overview:
        begun.append(None)
        assert released.wait(HANG_S)
        raise OSError("the disk is away")

    monkeypatch.setattr(overview, "gather", slow)
    async with top(tmp_path) as terminal:
        await terminal.sees("Reading the record")
        await terminal.press("?")
        await terminal.sees("quit; no run ends by that")
        await terminal.press("escape")
        for _ in range(3):  # as often as news may come
            cast("Following[overview.Overview]", terminal.app.screen).reread()
            await terminal.until(lambda: begun)
        assert len(begun) == 1  # it is waited for, and not begun anew
        released.set()
        await terminal.sees("✕ the disk is away")
        monkeypatch.undo()
        await terminal.sees("No run yet. Start one")
        await terminal.press("enter", "r")
        await terminal.sees("No run yet. Start one", "nothing waits for an answer")
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 (a look)


async def test_what_breaks_is_told_without_the_values_of_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        of_somebody = "open " + "sesame"
        raise LookupError(f"password={len(of_somebody)}hunter2hunter2")

    monkeypatch.setattr(OverviewScreen, "show", broken)
    with closing((desk := open_desk(Workspace(tmp_path), Role.PERSON, who=WHO)).ledger), anyio.fail_after(HANG_S):
        app = Top(desk)
        await app.run_async(headless=True)
    said = capsys.readouterr().err
    assert app.return_code == 1
    assert "LookupError" in said
    assert "defect of watchkeeper" in said
    assert "open sesame" not in said
    assert "hunter2" not in said


def test_without_its_extra_or_a_terminal_it_says_what_to_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--workspace", str(tmp_path), "top"]
    assert cli.main(words) == 1
    assert "watchkeeper status --follow" in capsys.readouterr().err
    monkeypatch.setattr(command, "find_spec", dict[str, None]().get)
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert "pip install 'watchkeeper[tui]'" in said
    assert "watchkeeper status --follow" in said


ROOT = Path(__file__).parents[3]


def test_only_the_room_of_the_terminal_imports_what_the_extra_installs_and_only_its_command_enters_the_room() -> None:
    for path in [*(ROOT / "server").rglob("*.py"), *(ROOT / "tools").glob("*.py")]:
        text = path.read_text("utf-8")
        if path.parent.name == "terminal" or not re.search("textual|rich|terminal", text):
            continue  # parsing each of them takes a hundred times as long
        for node in ast.walk(ast.parse(text)):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops = {name.split(".")[0] for name in names}
            assert not tops & {"textual", "rich"}, path
            assert path.name == "top.py" or not any("terminal" in name.split(".") for name in names), path
