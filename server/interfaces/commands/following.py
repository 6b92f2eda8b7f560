"""`watchkeeper poll --follow`: the record as it grows, one line an event, for pipes and for clients' monitors.

It only watches: an answer that it shows is still told to the trainer by the trainer's own poll. It may be killed and
called again at any time; with a run it tells that run's whole story, without one what stands and then what comes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import anyio

from ...acts.desk import Desk, in_thread
from ...acts.poll import next_step, poll, status_line
from ...documents.error_report import clock_time
from ...storage.record import Event, Finding, Kind
from ...vocabulary.errors import PolicyInvalid, StorageFailed
from ...vocabulary.runs import Level, RunState
from ...vocabulary.sanitize import mask_secrets, one_line

COMPLETED, ENDED_OTHERWISE = 0, 4
"""Exit status: how the run ended."""
ROUND_S = 15.0
"""How long one look waits for what wakes its role; other events are told after so long at the latest."""
AT_THE_END_S = 2.0
TRY_AGAIN_S = 5.0
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is told.

    :ivar at: unix time. :ivar run: empty for what is about no run. :ivar event: the record's word for it.
    :ivar what: what happened, in our words. :ivar untrusted: what a training or an agent wrote of it.
    """

    at: float
    run: str
    event: str
    what: str
    untrusted: str = ""

    def text(self) -> str:
        """Return it for people and agents; what is quoted behind `untrusted` is data."""
        time = datetime.fromtimestamp(self.at, UTC).strftime("%H:%M:%SZ")
        quoted = f" | untrusted: {json.dumps(self.untrusted, ensure_ascii=False)}" if self.untrusted else ""
        return mask_secrets(f"{time} {self.run or '-'} {self.what}{quoted}")

    def json(self) -> str:
        """Return it for programs."""
        told = {name: value for name, value in asdict(self).items() if value}
        return mask_secrets(json.dumps(told, ensure_ascii=False))


async def follow(desk: Desk, run: str | None, tell: Callable[[Line], None]) -> int:
    """Tell what happens until the run has ended and all of it is known; without a run until it is ended.

    :param tell: is handed each line, in order.
    :return: the exit status, by how the run ended.
    :raises NotFound: there is no such run.
    """
    seen, cursor = 0 if run else desk.ledger.head()[0], ""
    if run is None:
        for line in await in_thread(standing, desk):
            tell(line)
    wait_s, known = 0.0, set[str]()
    while True:
        desk = _current(desk)
        try:
            round_ = await poll.poll(desk, run, cursor, wait_s, include_text=False)
            events = await in_thread(_since, desk, seen, run)
            checked_in = await in_thread(_checked_in, desk, round_) if run else []
        except StorageFailed as error:  # a full disk passes; whoever follows has nothing else to do meanwhile
            sys.stderr.write(f"watchkeeper: {error}\n")
            await anyio.sleep(TRY_AGAIN_S)
            continue
        for line in [*_lines(desk, events, known), *checked_in]:
            tell(line)
        seen, cursor = (events[-1].seq if events else seen), round_.cursor
        state = round_.looks[0].status.state if run and round_.looks else None
        if state and state.final and _all_known(round_):
            return COMPLETED if state is RunState.COMPLETED else ENDED_OTHERWISE
        wait_s = AT_THE_END_S if state and state.final else ROUND_S


def _lines(desk: Desk, events: Sequence[Event], known: set[str]) -> Iterator[Line]:
    """Yield what to tell of events; a finding that settles as what it was told to be is not told again."""
    for event in events:
        line = line_of(desk, event)
        if line and not (event.kind is Kind.SETTLED and line.what in known):
            known.add(line.what)
            yield line


def _all_known(seen: poll.Seen) -> bool:
    look = seen.looks[0]
    return look.status.settled and not look.behind_bytes and not seen.news.findings


def _checked_in(desk: Desk, seen: poll.Seen) -> list[Line]:
    """Return the status line of a run where one is due, which counts as told."""
    look = seen.looks[0]
    if not status_line.due(desk, look.run, look.status):
        return []
    status_line.told(desk, look.run)
    what = f"status: {status_line.line(desk, look.run, look.status)}"
    return [Line(desk.clock(), look.run.id, "status", what, status_line.last_line(desk, look.run))]


def _current(desk: Desk) -> Desk:
    """Return the desk with the policy as it is now; a broken policy file keeps nobody from watching."""
    try:
        return desk.current().patient(ROUND_S)
    except PolicyInvalid:
        return desk


def _since(desk: Desk, seen: int, run: str | None) -> list[Event]:
    found: list[Event] = []
    while batch := desk.ledger.events(after=found[-1].seq if found else seen, run=run):
        found.extend(batch)
    return found


def standing(desk: Desk) -> list[Line]:
    """Return what is not settled: active runs, failures nobody answered for, reports and answers that wait."""
    active = desk.ledger.runs(open_only=True)
    runs = [Line(one.at, one.id, Kind.START, f"goes on, {one.phase} run of model {one.model}") for one in active]
    found = [_finding(one.at, Kind.SEEN, one) for one in desk.ledger.findings(open_only=True)]
    reports = [one for one in desk.ledger.reports(open_only=True) if one.status in ("open", "answered")]
    waiting = [Line(one.at, one.run, Kind.REPORT, f"report {one.id} is {one.status}") for one in reports]
    return [*runs, *found, *waiting]


def line_of(desk: Desk, event: Event) -> Line | None:
    """Return what to tell of an event; None for those that nobody has to know at once."""
    said = _WORDS.get(event.kind)
    return said(desk, event) if said else None


def _started(_desk: Desk, event: Event) -> Line:
    phase = one_line(str(event.body.get("phase", "")), 20)
    return Line(event.at, event.run, event.kind, f"started, {phase} run of model {event.model}")


def _stopped(_desk: Desk, event: Event) -> Line:
    return Line(event.at, event.run, event.kind, "is to be stopped", _plain(event.body.get("reason")))


def _ended(desk: Desk, event: Event) -> Line:
    run = desk.ledger.run(event.subject)
    end = run.end if run else None
    if end is None:
        return Line(event.at, event.run, event.kind, "ended")
    how = [f"exit status {end.exit_code}"] if end.exit_code is not None else []
    how += [f"signal {end.signal}"] if end.signal is not None else []
    return Line(event.at, event.run, event.kind, ", ".join([f"{end.state} after {clock_time(end.wall_s)}", *how]))


def _found(desk: Desk, event: Event) -> Line | None:
    finding = desk.ledger.finding(event.subject)
    level = str(event.body.get("level", ""))
    if finding is None or (event.kind is Kind.SETTLED and level == Level.NOTICED):
        return None
    return _finding(event.at, event.kind, finding, level)


def _finding(at: float, event: str, finding: Finding, level: str = "") -> Line:
    """Return the line of a finding at a level that it had; it may have another one since."""
    kind = " ".join(filter(None, [level or str(finding.level), str(finding.type or ""), finding.kind]))
    said = ": ".join(filter(None, [finding.exception, finding.message]))
    return Line(at, finding.run, event, f"{one_line(kind, 80)}: {finding.id}", _plain(said))


def _reported(desk: Desk, event: Event) -> Line:
    report = desk.ledger.report(event.subject)
    kind = f" ({report.decided_type})" if report else ""
    again = " again" if event.kind is Kind.REPORT_AGAIN else ""
    said = _plain(report.what_happened) if report else ""
    return Line(event.at, event.run, event.kind, f"report {event.subject}{kind} waits{again} for the director", said)


def _answered(_desk: Desk, event: Event) -> Line:
    action = one_line(str(event.body.get("action", "")), 40)
    said = _plain(event.body.get("instructions"))
    return Line(event.at, event.run, event.kind, f"report {event.subject} is answered: {action}", said)


def _judged(desk: Desk, event: Event) -> Line:
    verdicts = [one for one in desk.ledger.verdicts(run=event.run) if one.id == event.subject]
    word = next_step.verdict_words(verdicts[0]) if verdicts else str(event.body.get("word", ""))
    return Line(event.at, event.run, event.kind, f"verdict {event.subject}: {one_line(word, 120)}")


def _plain(text: object) -> str:
    return one_line(mask_secrets(str(text or "")), LONGEST_TEXT)


_WORDS: dict[Kind, Callable[[Desk, Event], Line | None]] = {
    Kind.START: _started,
    Kind.STOP: _stopped,
    Kind.ENDED: _ended,
    Kind.SEEN: _found,
    Kind.SETTLED: _found,
    Kind.REPORT: _reported,
    Kind.REPORT_AGAIN: _reported,
    Kind.ANSWER: _answered,
    Kind.VERDICT: _judged,
    Kind.OVERRIDDEN: _judged,
}
