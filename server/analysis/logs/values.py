"""Makes the incident of metrics that are not finite: one for all of them."""

from __future__ import annotations

from ...vocabulary.runs import ErrorType, Level
from . import nonfinite
from .incident import CONTEXT_LIMIT, USUAL_LINES, Before, Incident, lines_before
from .register import Register
from .text import cap, fingerprint, plain


class Values:
    """Metrics that are or were not finite, and what was reported of them."""

    def __init__(self, register: Register, state: dict[str, dict[str, object]] | None) -> None:
        self.nonfinite = nonfinite.NonFinite(state)
        self._register = register
        self._metric = next((i for i in register.incidents.values() if i.kind == "metric"), None)

    @property
    def alarmed(self) -> bool:
        """Whether it was reported that one is."""
        return self._metric is not None and self._metric.level is Level.FAILURE

    def again(self, number: int, bad: tuple[str, ...]) -> bool:
        """Count names that were reported and still are not finite; whether that was all there is to do."""
        if self._metric is None or not self.nonfinite.again(number, bad):
            return False
        self._metric.last = number
        self._metric.count += 1
        self._register.count(self._metric)
        return True

    def passed(self) -> None:
        """A test has passed: what was not finite in it was meant to be."""
        self.nonfinite.clear()
        if self._metric and self._metric.level is Level.FAILURE:
            self._register.settle(self._metric, Level.NOTICED)

    def finish(self) -> None:
        """The log is over: what is not finite now stays so."""
        names = self.nonfinite.alarming(ended=True)
        if names:
            self._alarm(names, self.nonfinite.last(names))

    def read(self, number: int, clean: bytes, sight: nonfinite.Sight, before: Before) -> None:
        """Take what a line (without colours) shows of them."""
        metric = self._metric
        self.nonfinite.read(number, sight, lambda: _names_before(before), lambda: _excerpt(number, clean, before))
        if metric and metric.level is Level.FAILURE and not sight[1]:
            metric.last = number
            metric.count += 1
            self._register.count(metric)
            return
        names = self.nonfinite.alarming(ended=False)
        if names:
            self._alarm(names, number)
        elif metric and metric.level is Level.FAILURE:
            self._register.settle(metric, Level.NOTICED)
        if number % 1024 == 0:
            self.nonfinite.forget(number)

    def _alarm(self, names: list[str], number: int) -> None:
        incident = self._metric
        begun = self.nonfinite.since(names)
        since = begun.first
        if incident and incident.level is Level.FAILURE:
            incident.last = number
            incident.count += 1
            self._register.count(incident)
        elif incident:
            incident.level, incident.line, incident.last, incident.settled = Level.FAILURE, since, number, False
            incident.message = nonfinite.describe(names, begun.text)
            incident.text, incident.before = begun.text, begun.before
            self._register.tell("seen", incident)
        else:
            incident = Incident(
                key=f"L{since}",
                kind="metric",
                line=since,
                last=number,
                newest=since,
                type=ErrorType.CONVERGENCE,
                level=Level.FAILURE,
                message=nonfinite.describe(names, begun.text),
                root="NaN",
                fingerprint=fingerprint("metric", "not finite"),
                text=begun.text,
                before=begun.before,
            )
            self._register.add(incident, "metric")
            self._metric = incident


def _excerpt(number: int, clean: bytes, before: Before) -> nonfinite.Excerpt:
    return cap(plain(clean), CONTEXT_LIMIT), lines_before(before, number)


def _names_before(before: Before) -> set[str]:
    names: set[str] = set()
    for back in range(1, USUAL_LINES + 1):
        line = before(back)
        if line:
            names.update(nonfinite.sight(line[1])[1])
    return names
