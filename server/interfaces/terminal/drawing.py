"""Facts as lines for a terminal: a word and a sign beside each colour, and no text that could be taken for markup.

Every text is a Rich `Text` or a Textual `Content` made of plain characters; what others wrote is cleaned of escape
sequences before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from ...acts.plot import plot
from ...acts.plot.charts import LEVELS, Chart
from ...storage.record import Finding, Report
from ..views.health import SIGNS, Health
from ..views.logs import LogLine
from ..views.overview import Row
from ..views.run_page import Check, RunPage
from ..views.words import amount, clock, said, took

COLOURS = {"good": "green", "warn": "yellow", "bad": "red", "ask": "magenta", "idle": "grey62"}
"""Of a tone; the sign of `health.SIGNS` says the same without a colour."""
DIM = "grey62"
"""Not the terminal's own grey, which many themes make as dark as the ground."""
BLOCKS = 16
EVIDENCE = 300


def badge(health: Health) -> Text:
    """Return a health: its sign and its word."""
    return Text(f"{health.sign} {health.word}", style=COLOURS[health.tone])


def marked(tone: str, text: str) -> Text:
    """Return a line with the sign of its tone."""
    return Text.assemble((f"{SIGNS[tone]} ", COLOURS[tone]), text)


def heading(text: str) -> Text:
    """Return the heading of a part."""
    return Text(text, style="bold underline")


def lines(parts: Iterable[Text | str]) -> Text:
    """Return lines as one text."""
    return Text("\n").join([one if isinstance(one, Text) else Text(one) for one in parts])


def spark(values: Sequence[float | None]) -> Text:
    """Return a curve as blocks, as wide as a column of the table; the newest values where they are many."""
    return Text(plot.blocks(list(values), BLOCKS) if values else "", style="cyan")


def numbers(row: Row) -> str:
    """Return the newest numbers of a run that goes on."""
    return "  ".join(f"{said(name, 20)} {value:.4g}" for name, value in row.numbers.items() if "_total" not in name)


def found(row: Row) -> Text:
    """Return how many findings a run has, by their level."""
    failures = Text(f"✕ {row.failures} ", style=COLOURS["bad"]) if row.failures else Text()
    flags = Text(f"! {row.flags}", style=COLOURS["warn"]) if row.flags else Text()
    return Text.assemble(failures, flags) or Text("none", style=DIM)


def deadline(report: Report, now: float) -> Text:
    """Return how long there is to answer."""
    left_s = report.deadline_at - now
    late = left_s < 0
    words = f"answer was due {clock(-left_s)} ago" if late else f"answer due in {clock(left_s)}"
    return Text(words, style=COLOURS["bad" if late else "ask"])


def asked(report: Report) -> str:
    """Return what a report is about, on one line."""
    if report.changes:
        return f"{len(report.changes)} changes to approve: " + "; ".join(said(one, 80) for one in report.changes)
    return said(f"{report.exception}: {report.message}" if report.exception else report.what_happened, 200)


def head(page: RunPage) -> Text:
    """Return where a run stands."""
    status, run = page.status, page.run
    passed = status.elapsed_s if status else None
    facts = [f"model {run.model}, {run.phase}, attempt {run.attempt}"]
    facts.append(f"elapsed {clock(passed)}" if page.going_on else f"took {took(passed)}")
    facts += [page.progress] if page.progress and page.going_on else []
    facts += [f"CPU {took(status.cpu_s)}"] if status and status.cpu_s is not None else []
    facts += [f"memory {amount(status.max_rss_bytes)}"] if status and status.max_rss_bytes else []
    facts += [f"exit status {status.exit_code}"] if status and status.exit_code is not None else []
    facts += [f"signal {status.signal}"] if status and status.signal is not None else []
    open_ones = [one for one in page.reports if one.status == "open"]
    return lines(
        [
            Text.assemble((run.id, "bold"), "  ", badge(page.health)),
            Text(" · ".join(facts)),
            *([Text(said(page.trouble, 300), style=COLOURS["warn"])] if page.trouble else []),
            *(marked("ask", f"report {one.id} waits for an answer: press r") for one in open_ones[:3]),
        ]
    )


def finding(one: Finding, more: int) -> Text:
    """Return a finding on one line."""
    tone = LEVELS[one.level]
    where = f"line {one.line} " if one.line else ""
    again = f" ({one.count} times)" if one.count > 1 else ""
    crash = f" (and {more} more of the same crash)" if more else ""
    accepted = " accepted" if one.status == "accepted" else ""
    words = said(": ".join(filter(None, [one.exception or one.kind, one.message])), 240)
    return Text.assemble(
        (f"{SIGNS[tone]} {one.level}{accepted} ", COLOURS[tone]), (where, "bold"), words, (again + crash, DIM)
    )


def log_line(one: LogLine, width: int, *, here: bool) -> Text:
    """Return a line of a log behind its number; `here` is the one that was asked for."""
    style = "reverse" if here else ""
    colour = COLOURS.get(one.tone, "")
    sign = SIGNS.get(one.tone, " ")
    number = Text(f"{one.number:>{width}} ", style=colour or DIM)
    return Text.assemble(number, (f"{sign} ", colour), (one.text.replace("\t", "    "), f"{colour} {style}".strip()))


def drawn(charts: Sequence[Chart], nothing: str) -> list[Text | str]:
    """Return charts as lines of blocks, with the numbers that matter."""
    told = [line for one in charts for line in plot.text_of(one)]
    return list[Text | str](told) or [Text(nothing, style=DIM)]


def verdict(page: RunPage) -> list[Text | str]:
    """Return what was judged of a run: the word, why, and each check with its evidence."""
    if page.verdict is None or page.verdict_health is None:
        return [Text(f"No verdict yet; `watchkeeper verify {page.run.id}` computes one.", style=DIM)]
    return [badge(page.verdict_health), said(page.verdict.why, 700), *(check(one) for one in page.checks)]


def check(one: Check) -> Text:
    """Return a line of the verdict's list."""
    head_ = (f"{SIGNS[one.tone]} {one.name} ", COLOURS[one.tone])
    return Text.assemble(head_, (f"{one.outcome} ", DIM), said(one.evidence, EVIDENCE))


def side(page: RunPage) -> Text:
    """Return a run's verdict, its curves and what it used."""
    nothing = "No numbers were told yet." if page.going_on else "The run told no numbers."
    curves, usage = drawn(page.curves, nothing), drawn(page.usage, "Too few samples.")
    parts = {"Curves": curves, "Usage": usage}
    judged = {"Verdict": verdict(page)}
    order = {**parts, **judged} if page.verdict is None else {**judged, **parts}
    return lines(line for title, told in order.items() for line in (heading(title), *told, ""))
