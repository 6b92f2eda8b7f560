"""The incidents of one log: made once, counted when they come again, bounded in number and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from typing import Any, Literal, cast

from ...vocabulary.runs import ErrorType, Finding, Level
from .incident import CONTEXT_LINES, Fate, Incident
from .judge import so_far

INCIDENTS_LIMIT = 18
FULL_LIMIT = 3
DISTINCT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """Something to tell: `seen` at once with what is there, `settled` when its fate is known, `repeated`.

    `key` is the failure's own within the run and the same in all its changes. A further `seen` says that it weighs
    more than before or that more of it was read; a further `settled` that its fate was decided anew. The texts of a
    `repeated` finding may be empty: they stand in the earlier change.
    """

    kind: Literal["seen", "settled", "repeated"]
    key: str
    finding: Finding


class Register:
    """Holds the incidents in the order in which they were found."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.incidents: dict[str, Incident] = {}
        for item in cast("list[dict[str, Any]]", state.get("incidents", [])):
            read = {**item, "type": ErrorType(item["type"]), "level": Level(item["level"])}
            read["told"] = Level(item["told"]) if item["told"] else None
            read["earlier"] = Fate(*item["earlier"]) if item.get("earlier") else None
            self.incidents[read["key"]] = Incident(**cast("dict[str, Any]", read))
        self._keys: dict[str, str] = dict(state.get("keys", {}))
        self._distinct: int = state.get("distinct", 0)
        self.occurrences: int = state.get("occurrences", 0)
        self._changes: list[Change] = []
        self._repeated: dict[str, Incident] = {}
        self.pending = [i for i in self.incidents.values() if not i.settled and i.kind not in ("metric", "mcmc")]
        self.newest: Incident | None = self.incidents.get(state.get("newest", ""))

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return {
            "incidents": [_kept(incident) for incident in self.incidents.values()],
            "keys": self._keys,
            "distinct": self._distinct,
            "occurrences": self.occurrences,
            "newest": self.newest.key if self.newest else "",
        }

    def take_changes(self) -> list[Change]:
        """Return what there is to tell since the last call."""
        for incident in self._repeated.values():
            self.tell("repeated", incident)
        self._repeated.clear()
        changes, self._changes = self._changes, []
        return changes

    def tell(self, kind: Literal["seen", "settled", "repeated"], incident: Incident) -> None:
        """Note a change."""
        self._changes.append(Change(kind, incident.key, incident.finding()))

    def known(self, fingerprint: str, coarse: str) -> Incident | None:
        """Return the incident that this repeats; in a log of nothing but failures they are told apart coarsely."""
        if self._distinct >= DISTINCT_LIMIT and fingerprint not in self._keys:
            fingerprint = coarse
        return self.incidents.get(self._keys.get(fingerprint, ""))

    def add(self, incident: Incident, coarse: str) -> None:
        """Take a new incident and tell of it."""
        while incident.key in self.incidents:
            incident.key += "'"
        incident.level = so_far(incident)
        self.incidents[incident.key] = incident
        self._distinct += 1
        self.occurrences += 1
        self._keys[incident.fingerprint] = incident.key
        self._keys.setdefault(coarse, incident.key)
        if incident.kind not in ("metric", "mcmc"):
            self.pending.append(incident)
            self.newest = incident
        self.tell("seen", incident)
        self._bound()

    def of_metrics(self) -> Incident | None:
        """Return the failure that metrics are not finite, while it stands."""
        return next((i for i in self.incidents.values() if i.kind == "metric" and i.level is Level.FAILURE), None)

    def follow(self, number: int, lines: list[str]) -> None:
        """Take any lines, the first of them at `number`, behind the incidents whose fate is open."""
        for incident in self.pending:
            if number - incident.last <= CONTEXT_LINES:
                incident.follow(number, lines)

    def rename(self, incident: Incident, fingerprint: str) -> None:
        """More of an incident was read: it is known by another fingerprint too."""
        incident.fingerprint = fingerprint
        self._keys[fingerprint] = incident.key

    def repeat(self, incident: Incident, first: int, last: int) -> None:
        """Count another occurrence."""
        incident.happened_again(first, last)
        self.occurrences += 1
        if incident not in self.pending:
            self.pending.append(incident)
        self.newest = incident
        self._repeated[incident.key] = incident

    def take_back(self, incident: Incident, *, absorbed: bool) -> None:
        """Take the newest repetition of an incident back: it turned out to be another failure."""
        if absorbed:
            incident.absorbed -= 1
            return
        incident.did_not_happen_again()
        self.occurrences -= 1
        self._repeated[incident.key] = incident
        self.pending = [other for other in self.pending if other is not incident]
        if not incident.settled:
            self.pending.append(incident)

    def count(self, incident: Incident) -> None:
        """Note that an incident's count has grown; reported once per turn."""
        self._repeated[incident.key] = incident

    def reopen(self, incident: Incident) -> None:
        """More of an incident is being read: its fate is open."""
        incident.settled = False
        if incident not in self.pending:
            self.pending.append(incident)
        incident.level = so_far(incident)

    def settle(self, incident: Incident, level: Level | None = None) -> None:
        """Decide an incident's fate as far as it is known now."""
        incident.level = level or so_far(incident)
        incident.settled = True
        if incident.told is incident.level:
            self._repeated[incident.key] = incident
        else:
            incident.told = incident.level
            self._repeated.pop(incident.key, None)
            self.tell("settled", incident)
        self.pending = [other for other in self.pending if other is not incident]

    def _bound(self) -> None:
        full = [i for i in self.incidents.values() if i.text and i.kind not in ("metric", "mcmc")]
        for incident in full[:-FULL_LIMIT]:
            self.tell("repeated", incident)  # its words are reported for the last time
            incident.slim()
        if len(self.incidents) > INCIDENTS_LIMIT:
            others = [i for i in self.incidents.values() if i.kind not in ("metric", "mcmc")]
            victim = next((i for i in others if i.level is not Level.FAILURE), others[0])
            if victim.kind not in ("metric", "mcmc"):
                self._repeated.pop(victim.key, None)
                victim.told = None  # the last that is reported of it
                self.settle(victim)
            del self.incidents[victim.key]
            self._keys = {print_: key for print_, key in self._keys.items() if key != victim.key}
        while len(self._keys) > 3 * INCIDENTS_LIMIT:
            del self._keys[next(iter(self._keys))]


def _kept(incident: Incident) -> dict[str, object]:
    """Return an incident as JSON can carry it; the fate before its newest repetition in few bytes, by position."""
    return {**asdict(incident), "earlier": astuple(incident.earlier) if incident.earlier else ()}
