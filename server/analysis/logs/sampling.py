"""Makes incidents of a sampler's own diagnostics, one for each aspect."""

from __future__ import annotations

from ...vocabulary.mcmc_levels import McmcLevels
from ...vocabulary.runs import ErrorType, Level
from .incident import MESSAGE_LIMIT, TEXT_LIMIT, Before, Incident, lines_before
from .mcmc import Diagnosis, Mcmc, counted, share_of
from .register import Register
from .text import cap

_DIVERGENCES = "mcmc divergences"


class Sampling:
    """Divergences, R-hat, tree depth and effective sample size, as the log tells of them."""

    def __init__(self, levels: McmcLevels, register: Register, state: dict[str, int]) -> None:
        self.mcmc = Mcmc(**state)
        self._levels = levels
        self._register = register

    def read(self, number: int, text: str, before: Before) -> bool:
        """Take a line that may diagnose something; return whether it does."""
        found = self.mcmc.read(number, text, self._levels)
        if found is None:
            return False
        mark = f"mcmc {found.aspect}"
        incident = self._register.known(mark, mark)
        if incident is None:
            self._register.add(_incident(found, mark, number, text, before), mark)
        else:
            self._update(incident, found, number, text, before)
        if found.aspect != "divergences":
            self._doubts()
        return True

    def again(self, number: int, line: bytes) -> bool:
        """Count a line that states divergences without being news; whether that was all there is to do."""
        stated = counted(line)
        incident = self._register.known(_DIVERGENCES, _DIVERGENCES)
        if stated is None or incident is None:
            return False
        count, draws = stated
        share = share_of(count, draws, sentence=False)
        rises = share > self._levels.divergent_share_failure and incident.level is not Level.FAILURE
        worse = share > self._levels.divergent_share_emergency and not incident.emergency
        if rises or worse:
            return False
        if count:
            incident.last = number
            incident.count += 1
            if not incident.stated:
                _restate(incident, count, draws)
            self._register.count(incident)
        return True

    def _update(self, incident: Incident, found: Diagnosis, number: int, text: str, before: Before) -> None:
        rises = found.level is Level.FAILURE and incident.level is not Level.FAILURE
        worse = found.emergency and not incident.emergency
        corrects = found.sentence and not incident.stated
        incident.last = number
        incident.count += 1
        if corrects or (rises and (found.sentence or not incident.stated)):
            incident.line, incident.text = number, cap(text, TEXT_LIMIT)
            incident.before = lines_before(before, number)
        if found.divergent and (rises or worse or found.sentence or not incident.stated):
            _restate(incident, found.divergent, found.draws, corrects=corrects)
        if rises or worse or corrects or found.rhat > incident.rhat:
            incident.message = cap(found.text, MESSAGE_LIMIT)
            incident.rhat = max(found.rhat, incident.rhat)
        lowered = corrects and found.aspect == "divergences" and found.level is not incident.level and not rises
        if rises or lowered:
            incident.level = found.level
        incident.emergency = found.emergency if lowered else incident.emergency or found.emergency
        incident.stated = incident.stated or found.sentence
        if rises or worse:
            self._register.tell("seen", incident)
        else:
            self._register.count(incident)

    def _doubts(self) -> None:
        """Chains cut short at every draw whose R-hat or ESS is bad too did not explore the posterior."""
        by_root = {i.root: i for i in self._register.incidents.values() if i.kind == "mcmc"}
        deep = by_root.get("treedepth")
        if deep and deep.level is Level.FLAG and ("rhat" in by_root or "ess" in by_root):
            deep.level = Level.FAILURE
            self._register.tell("seen", deep)


def _restate(incident: Incident, divergent: int, draws: int, *, corrects: bool = False) -> None:
    """Let a finding say what was stated last: of the same sampling, or of another one that went worse."""
    goes_on = divergent >= incident.divergent and draws >= incident.draws
    if corrects or goes_on or divergent * incident.draws > incident.divergent * draws:
        incident.divergent, incident.draws = divergent, draws


def _incident(found: Diagnosis, mark: str, number: int, text: str, before: Before) -> Incident:
    return Incident(
        key=f"L{number}",
        kind="mcmc",
        line=number,
        last=number,
        newest=number,
        type=ErrorType.CONVERGENCE,
        level=found.level,
        message=cap(found.text, MESSAGE_LIMIT),
        divergent=found.divergent,
        draws=found.draws,
        rhat=found.rhat,
        root=found.aspect,
        fingerprint=mark,
        text=cap(text, TEXT_LIMIT),
        before=lines_before(before, number),
        emergency=found.emergency,
        stated=found.sentence,
    )
