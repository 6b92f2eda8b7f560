"""A report: what the director sees, and the form for a person's answer, recorded as the page records it."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Footer, Input, Label, RadioSet, Static, TextArea

from ...acts.desk import Desk, in_thread
from ...vocabulary.errors import WatchkeeperError
from ..views import answering, report_page
from ..views.answering import ACTIONS, LONGEST_INSTRUCTIONS, Given
from ..views.hub import Hub
from ..views.report_page import ReportPage
from ..views.words import block, said, when
from . import drawing
from .asking import Asking
from .following import Following
from .ticking import Choice, Instructions, Tick

EXCERPT = 6_000
CLOSED = "A closed report takes no further answer."


class ReportScreen(Following[ReportPage]):
    """A report and its form.

    :ivar seen_seq: what of the report had been read when the form was drawn: an answer that crosses another is refused.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Back"), ("ctrl+s", "answer", "Answer")]

    def __init__(self, hub: Hub, report: str) -> None:
        super().__init__(hub)
        self._report = report
        self.seen_seq: int | None = None

    def compose(self) -> ComposeResult:
        """Return what it is made of."""
        yield Static(id="head")
        with Horizontal(id="body"):
            with VerticalScroll(id="story", can_focus=True):
                yield Static("…", id="document")
            with VerticalScroll(id="form", can_focus=False):
                yield Static("", id="answered")
                yield Label("What shall happen")
                with RadioSet(id="action"):
                    for action in ACTIONS:
                        yield Choice(Content(str(action)))
                yield Static(id="about")
                yield VerticalScroll(id="changes", can_focus=False)
                yield Label("Instructions: what the trainer shall do, and why")
                yield Instructions(id="instructions", tab_behavior="focus")
                yield Label("Your name, for the record")
                yield Input(id="name", max_length=60, compact=True)
                yield Button("Answer", id="answer", compact=True)
        yield Static(id="refused")
        yield Static(id="trouble")
        yield Footer()

    def read(self, desk: Desk) -> ReportPage:  # noqa: D102
        return report_page.gather(desk, self._report)

    def show(self, facts: ReportPage) -> None:  # noqa: D102
        self.query_one("#head", Static).update(_head(facts, self.hub.desk.clock()))
        self.query_one("#document", Static).update(_document(facts))
        self.query_one("#answered", Static).update(_answered(facts))
        if self.seen_seq is None:
            self.seen_seq = facts.report.last_seq
            self._offer(facts)

    def _offer(self, facts: ReportPage) -> None:
        """Offer what can be answered: each change by its name, nothing where the report is closed."""
        place = self.query_one("#changes")
        asked = facts.changes if facts.report.about_changes else ()
        place.display = bool(asked)
        if [one.name for one in asked] != [one.name for one in self.query(Tick)]:  # else the boxes stay as ticked
            place.remove_children()
            place.mount(Label("Approve, each by its name; the rest has to be taken back"))
            place.mount_all(
                Tick(Content(f"{said(one.name, 120)}: {said(one.text, 200)}"), name=one.name) for one in asked
            )
        if facts.report.status == "closed":
            self.query_one("#form").disabled = True
            self._refuse(CLOSED)

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """Say what the action means."""
        self.query_one("#about", Static).update(Text(list(ACTIONS.values())[event.index], style=drawing.DIM))

    def on_button_pressed(self) -> None:
        """Answer."""
        self.action_answer()

    def on_instructions_too_long(self, event: Instructions.TooLong) -> None:
        """Say that something was not pasted."""
        self._refuse(f"Not pasted: it would be {event.length:,} characters; {LONGEST_INSTRUCTIONS:,} are the most.")

    def action_leave(self) -> None:
        """Go back; where an answer was begun, ask before it is lost."""
        if self.begun:
            self.run_worker(self._leave, group="leave", exclusive=True)
        else:
            self.app.pop_screen()

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(Asking("Leave without recording what you wrote?")):
            self.app.pop_screen()

    def action_answer(self) -> None:
        """Ask once more, then record the answer."""
        self.run_worker(self._answer, group="answer", exclusive=True)

    @property
    def begun(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] # read only, everywhere
        """Whether an answer was begun that leaving would lose."""
        return self._drawn and bool(self.given.instructions or self.given.approve)

    @property
    def given(self) -> Given:
        """What the form holds."""
        place = self.query_one("#action", RadioSet).pressed_index
        return Given(
            action=str(list(ACTIONS)[place]) if place >= 0 else "",
            instructions=self.query_one("#instructions", TextArea).text.strip(),
            approve=tuple(one.name or "" for one in self.query(Tick) if one.value),
            name=self.query_one("#name", Input).value,
            seen_seq=self.seen_seq,
        )

    async def _answer(self) -> None:
        given = self.given
        if self.facts is not None and self.facts.report.status == "closed":
            self._refuse(CLOSED)
            return
        if not given.action or not given.instructions:
            self._refuse("An answer needs an action and instructions.")
            return
        self._refuse("")
        if not await self.app.push_screen_wait(Asking(_question(self._report, given))):
            return
        try:
            await in_thread(answering.record, self.hub.desk, self._report, given)
        except (WatchkeeperError, OSError) as error:
            self.seen_seq = None  # what came meanwhile is shown now: the next answer is one to that
            await self._reread()
            self._refuse(str(error))
            return
        self.notify(f"{given.action} is on record; the trainer was woken.", markup=False)
        self.app.pop_screen()

    def _refuse(self, why: str) -> None:
        """Say why an answer was not recorded; it stays until the next one."""
        line = self.query_one("#refused", Static)
        line.update(drawing.marked("bad", said(why, 500)) if why else "")
        line.display = bool(why)


def _question(report: str, given: Given) -> str:
    approved = f"\nApproved: {', '.join(said(one, 80) for one in given.approve)}" if given.approve else ""
    return f"{given.action} to {report}, recorded as a person's answer?\n{said(given.instructions, 300)}{approved}"


def _head(facts: ReportPage, now: float) -> Text:
    report = facts.report
    waits = report.status == "open"
    state = drawing.marked("ask" if waits else "idle", "waits for an answer" if waits else report.status)
    about = f"model {report.model}, {report.phase}" + (f", run {report.run}" if report.run else "")
    return Text.assemble(
        (report.id, "bold"), "  ", state, "  ", drawing.deadline(report, now) if waits else "", f"\n{about}, "
        f"{report.decided_type}, mended by {report.decided_owner}"
    )  # fmt: skip


def _document(facts: ReportPage) -> Text:
    """Return what the director sees."""
    report = facts.report
    where = f"line {report.line} of the log" if report.line else ""
    told = (
        ("Exception", f"{report.exception}: {report.message}" if report.exception else ""),
        ("Where", ", ".join(filter(None, [where, report.frame]))),
        ("What happened", report.what_happened), ("The trainer thinks", report.hypothesis),
        ("Recommended", report.recommended_action), ("Seen before", report.seen_before),
    )  # fmt: skip
    facts_ = [Text.assemble((f"{name}: ", "bold"), said(text, 1200)) for name, text in told if text]
    asked = [Text.assemble((f"{said(one.name, 120)}: ", "bold"), said(one.text, 240)) for one in facts.changes]
    course = [Text.assemble((f"{when(one.at)} ", drawing.DIM), line.what) for one, line in facts.course]
    return drawing.lines(
        [
            *facts_,
            *(["", drawing.heading("Changes that wait for approval"), *asked] if asked else []),
            *(["", drawing.heading("Lines of the log"), *_quoted(report.excerpt)] if report.excerpt else []),
            *(["", drawing.heading("What was changed"), *_quoted(report.difference)] if report.difference else []),
            *("", drawing.heading("Its course"), *course),
        ]
    )


_LINES = {"+": "good", "-": "bad", ">": "bad"}


def _quoted(text: str) -> list[Text]:
    """Return a difference or an excerpt; the signs in front of its lines are its own."""
    return [
        Text(one, style=drawing.COLOURS.get(_LINES.get(one[:1], ""), "")) for one in block(text, EXCERPT).split("\n")
    ]


def _answered(facts: ReportPage) -> Text:
    answer = facts.report.answer
    if answer is None:
        return Text("")
    approved = f"\nApproved: {', '.join(said(one, 80) for one in answer.approve)}" if answer.approve else ""
    return Text.assemble(
        (f"{answer.action} by {said(answer.who, 120)}\n", "bold"), said(answer.instructions, 600), approved,
        ("\nA further answer replaces this one.\n", drawing.DIM),
    )  # fmt: skip
