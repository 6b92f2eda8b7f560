"""Which findings were reported already: none is reported twice, and one that was reported too early is corrected.

The recogniser reads complete lines only. When the log is quiet it looks ahead with a copy of itself that takes the
unfinished line as written and the run as over, tells what that amounts to, and forgets it. So what is found in the
end never depends on when it was quiet; what was told of a line that then went on otherwise is taken back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter

from ...vocabulary.runs import Finding, Level
from .incident import Incident
from .judge import so_far
from .register import Change

_WORDS = ("message", "frame", "text", "before", "after")
"""What is left out of a finding once it was reported and is kept no longer."""
_words = attrgetter(*_WORDS)
_facts = attrgetter(*(field.name for field in fields(Finding) if field.name not in _WORDS))
_WITHDRAWN = "withdrawn: the line was not finished when it was read, and says something else"


@dataclass(slots=True)
class _Told:
    """What was reported last of one finding."""

    facts: str
    words: str
    kind: str
    about: str
    """The kind of the finding."""
    level: str
    emergency: bool
    settled: bool
    """Whether it was ever reported as settled at this level."""
    ahead: bool = False
    """Told by a look ahead, and nothing was read since."""
    own: bool = True
    """Whether the log itself holds it, not only an unfinished line."""


class Telling:
    """Passes on what is news.

    :param state: what `state()` returned.
    """

    def __init__(self, state: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self._told = {key: _Told(**item) for key, item in (state or {}).items()}  # pyright: ignore[reportArgumentType] our own asdict

    def state(self) -> dict[str, dict[str, object]]:
        """Return what a new one continues from."""
        return {key: asdict(told) for key, told in self._told.items()}

    def of_log(self, changes: Iterable[Change], incidents: Mapping[str, Incident]) -> list[Change]:
        """Return those changes that are news.

        :param incidents: all that the log holds so far.
        """
        news: list[Change] = []
        for change in changes:
            if self._is_news(change):
                self._note(change)
                news.append(change)
        self._told = {key: told for key, told in self._told.items() if key in incidents or not told.own}
        return news

    def ahead(self, changes: Iterable[Change], incidents: Mapping[str, Incident]) -> list[Change]:
        """Return what a look ahead tells that is news.

        :param incidents: all that the log holds so far, without what only the look ahead saw.
        """
        news: list[Change] = []
        seen: set[str] = set()
        for change in changes:
            seen.add(change.key)
            if self._is_news(change):
                news.append(self._again(change))
                self._note(change, ahead=True, own=change.key in incidents)
        return [*news, *self._withdrawn(lambda key: key not in seen and key not in incidents)]

    def caught_up(self, incidents: Mapping[str, Incident]) -> list[Change]:
        """The unfinished line is complete now: return what was told of it too early, as it is."""
        news = self._withdrawn(lambda key: key not in incidents)
        for key, told in self._told.items():
            incident = incidents.get(key)
            if incident is None or not told.ahead:
                continue
            told.ahead, told.own = False, True
            finding = _now(incident)
            if (told.level, told.emergency) != (finding.level, finding.emergency):
                news.append(Change("seen", key, finding))
        for change in news:
            if change.key in self._told:
                self._note(change)
        return news

    def rest(self, incidents: Mapping[str, Incident]) -> list[Change]:
        """The log is over: return what was not told, or only as a repetition, which need not be recorded each time."""
        rest = [Change("settled", key, incident.finding()) for key, incident in incidents.items()]
        return [change for change in rest if self._told[change.key].kind == "repeated" or self._is_news(change)]

    def _is_news(self, change: Change) -> bool:
        told = self._told.get(change.key)
        if told is None or (change.kind == "settled" and not told.settled):
            return True
        facts, words = _digests(change.finding)
        return told.facts != facts or words not in ("", told.words)

    def _again(self, change: Change) -> Change:
        told = self._told.get(change.key)
        same = told is not None and told.settled and told.level == change.finding.level
        return replace(change, kind="repeated") if same and change.kind == "settled" else change

    def _note(self, change: Change, *, ahead: bool = False, own: bool = True) -> None:
        facts, words = _digests(change.finding)
        old = self._told.get(change.key)
        level, emergency = change.finding.level, change.finding.emergency
        settled = change.kind == "settled" or (old is not None and old.settled and old.level == level)
        self._told[change.key] = _Told(
            facts=facts,
            words=words or (old.words if old else ""),
            kind=change.kind,
            about=change.finding.kind,
            level=level,
            emergency=emergency,
            settled=settled,
            ahead=ahead,
            own=own,
        )

    def _withdrawn(self, gone: Callable[[str], bool]) -> list[Change]:
        keys = [key for key, told in self._told.items() if not told.own and gone(key)]
        return [Change("settled", key, _withdrawal(self._told.pop(key))) for key in keys]


def _withdrawal(told: _Told) -> Finding:
    return Finding(kind=told.about, level=Level.NOTICED, message=_WITHDRAWN, count=0)


def _now(incident: Incident) -> Finding:
    return replace(incident.finding(), level=so_far(incident))


def _digests(finding: Finding) -> tuple[str, str]:
    """Return what tells the facts of a finding from others, and its words; those are empty where it has none."""
    words = _words(finding)
    return _digest(_facts(finding)), _digest(words) if any(words) else ""


def _digest(content: object) -> str:
    return hashlib.blake2s(repr(content).encode("utf-8", "replace"), digest_size=8).hexdigest()
