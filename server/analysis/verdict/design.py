"""What a model's design document requires of its training, read from both layouts of FORMATS.md.

A heading `Computational Requirements` with lines such as `- **Minimum Training Time**: 2-6 hours per model`, and tables
`Parameter | Design Specification | Minimum Acceptable | Maximum Acceptable | Unit | Must Not Simplify`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from . import markdown
from .quantities import Quantity, hours_in, plain, quantity

TIME = "training_time"
METHOD = "method"

_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (TIME, r"(total |expected |actual )?(training|compute|computation|run|wall)[ -]?(time|duration)( per model)?"),
        (METHOD, r"(training |approved |estimation |inference )?(method|algorithm)"),
        ("draws", r"(mcmc |posterior )?(draws|samples)( per chain)?"),
        ("tune", r"tune|tuning( steps| samples)?|warm-?up( steps| draws| iterations)?|burn-?in"),
        ("chains", r"(mcmc )?chains|number of chains|n chains"),
        ("target_accept", r"target accept(ance)?( rate)?"),
        ("epochs", r"(training )?epochs|number of epochs|n epochs"),
        ("cv", r"cv|(cv |cross-validation )?folds|cross-validation"),
        ("bootstraps", r"bootstraps?|bootstrap (iterations|samples|models|replicates)|n bootstraps?"),
        ("candidates", r"(grid |search )?candidates|grid size"),
        ("rhat", r"r-?hat|max(imum)? r-?hat"),
        ("ess", r"ess|effective sample size"),
        ("features", r"(total |number of |n )?features"),
    )
)
COUNTS = frozenset({TIME, "draws", "tune", "chains", "epochs", "cv", "bootstraps", "candidates", "features", "ess"})
"""Requirements of which more is harder: raising their maximum relaxes nothing."""

_SECTION = re.compile(r"comput\w* requirements?", re.IGNORECASE)
_STATEMENT = re.compile(
    r"\s{0,12}(?:[-*+]\s+|\d{1,3}[.)]\s+)?(\*\*|__)?([^:|*]{1,80}?)(?:\1)?\s*:\s*(?:\*\*|__)?\s*(.+)$"
)
_SPECIFICATION = ("design specification", "specification", "design", "value", "design value")
_MINIMUM = ("minimum acceptable", "min acceptable", "minimum", "min")
_MAXIMUM = ("maximum acceptable", "max acceptable", "maximum", "max")
_MAY_BE_BLANK = re.compile(r"(result_)?columns_(that_|which_)?(may|can)_be_(blank|empty|missing|nan)|may_be_blank")
_YES = re.compile(r"\b(yes|true|y)\b|✅", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of a design. Training time is in hours whatever unit the document uses.

    :ivar value: what the design specifies; of a range its lower end. None where it is no number.
    :ivar minimum: what is acceptable at least, None where the design does not say.
    :ivar maximum: what is acceptable at most, None where the design does not say.
    :ivar line: where it stands in the document, counted from 1.
    :ivar text: the specification as it is written.
    """

    value: float | None
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    must_not_simplify: bool = False
    line: int
    text: str = ""

    @property
    def floor(self) -> float | None:
        """What must be reached: the minimum acceptable, else the specification unless that is an upper bound."""
        if self.minimum is not None:
            return self.minimum
        return None if self.value == self.maximum else self.value


@dataclass(frozen=True, slots=True)
class Design:
    """A design document as far as it binds a training.

    :ivar path: the document, relative to the workspace; empty when there is none.
    :ivar requirements: by name: training_time, draws, tune, chains, epochs, cv, bootstraps, features …; any other
        parameter stands under its own words in lower case with underscores.
    """

    path: str = ""
    requirements: Mapping[str, Requirement] = field(default_factory=dict[str, Requirement])

    @property
    def method(self) -> str:
        """The method that is declared, empty when none is."""
        declared = self.requirements.get(METHOD)
        return declared.text if declared is not None else ""

    def source(self, name: str) -> str:
        """Return `path:line` of a requirement."""
        return f"{self.path}:{self.requirements[name].line}"


@dataclass(frozen=True, slots=True)
class Change:
    """A requirement that became weaker from one version of a design to another."""

    name: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.name} {self.before} -> {self.after}"


def read_design(text: str, path: str) -> Design:
    """Return what a design document requires; what cannot be understood requires nothing.

    Of two statements about one parameter the stricter counts, so that none is lowered by a second mention.
    """
    document = markdown.lines(text)
    found: dict[str, Requirement] = {}
    for name, requirement in (*_from_tables(document), *_from_statements(document)):
        found[name] = _stricter(found[name], requirement) if name in found else requirement
    return Design(path, found)


def _from_tables(document: list[markdown.Line]) -> Iterator[tuple[str, Requirement]]:
    for row in markdown.rows(document):
        bounded = any(name in row.cells for name in (*_MINIMUM, *_MAXIMUM, *_SPECIFICATION[:2]))
        if not bounded or not row.cells.get("parameter"):
            continue
        specified = markdown.bare(_cell(row, _SPECIFICATION))
        unit = markdown.bare(row.cells.get("unit", "")).strip("-–—")
        given = quantity(specified)
        low, high = (quantity(markdown.bare(_cell(row, names))).value for names in (_MINIMUM, _MAXIMUM))
        parts = Quantity(given.value, given.minimum if low is None else low, given.maximum if high is None else high)
        kept = bool(_YES.search(row.cells.get("must not simplify", "")))
        yield _requirement(markdown.bare(row.cells["parameter"]), specified, parts, unit, row.number, kept)


def _cell(row: markdown.Row, names: tuple[str, ...]) -> str:
    return next((row.cells[name] for name in names if row.cells.get(name)), "")


def _from_statements(document: list[markdown.Line]) -> Iterator[tuple[str, Requirement]]:
    for line in document:
        if not any(_SECTION.search(title) for title in line.headings) or line.is_heading or line.text.count("|") > 1:
            continue
        if found := _STATEMENT.match(line.text):
            name, bound = _without_bound(markdown.bare(found[2]))
            said = markdown.bare(found[3])
            parts = _bounded(quantity(said), bound)
            yield _requirement(name, said, parts, said, line.number)


def _without_bound(name: str) -> tuple[str, str]:
    """Take `Minimum` or `Maximum` off a name."""
    found = re.match(r"(min|max)(?:imum|\.)?\s+(.+)$", name, re.IGNORECASE)
    return (found[2], found[1].lower()) if found else (name, "")


def _bounded(found: Quantity, bound: str) -> Quantity:
    if found.value is None or not bound or (found.minimum is not None and found.maximum is not None):
        return found
    return Quantity(found.value, *((found.value, None) if bound == "min" else (None, found.value)))


def _requirement(
    words: str, said: str, parts: Quantity, unit: str, line: int, must_not_simplify: bool = False
) -> tuple[str, Requirement]:
    name = name_of(words)
    shown = unit if len(unit) <= 20 and unit != said else ""
    if name == TIME:
        hours = hours_in(unit) or hours_in(said) or hours_in(words) or 1.0
        parts = Quantity(*(_times(one, hours) for one in (parts.value, parts.minimum, parts.maximum)))
        shown = "hours"
    return name, Requirement(
        value=parts.value, minimum=parts.minimum, maximum=parts.maximum, unit=shown,
        must_not_simplify=must_not_simplify, line=line, text=said[:200],
    )  # fmt: skip


def blank_columns(design: Design) -> tuple[str, ...]:
    """Return the columns of the results that a design lets be blank: `Columns that may be blank: actual, std`."""
    said = (one.text for name, one in design.requirements.items() if _MAY_BE_BLANK.fullmatch(name))
    return tuple(one.strip(" `'\"") for text in said for one in re.split(r"[,;]| and ", text) if one.strip(" `'\""))


def _times(value: float | None, factor: float) -> float | None:
    product = None if value is None else value * factor
    return product if product is not None and math.isfinite(product) else None


def name_of(words: str) -> str:
    """Return the identifier of a parameter as people write it: `Total features` is `features`."""
    words = " ".join(re.sub(r"[_()\[\]]", " ", words.lower()).split())
    for name, pattern in _NAMES:
        if pattern.fullmatch(words):
            return name
    return re.sub(r"\W+", "_", words).strip("_")[:60] or "unnamed"


def _stricter(one: Requirement, other: Requirement) -> Requirement:
    """Join two statements about one parameter: the higher floor, the lower ceiling, the line of the higher floor."""
    floors = one.floor, other.floor
    base = other if floors[0] is None or (floors[1] is not None and floors[1] > floors[0]) else one
    if base.value is None and one.value is None:
        return one
    low = max((low for low in floors if low is not None), default=None)
    high = min((high for high in (one.maximum, other.maximum) if high is not None), default=None)
    return replace(
        base,
        minimum=low,
        maximum=base.maximum if low is not None and high is not None and high < low else high,
        must_not_simplify=one.must_not_simplify or other.must_not_simplify,
    )


def lowered(before: Design, after: Design) -> list[Change]:
    """Return every requirement that is weaker in `after`; whoever starts a run shows this list to the director."""
    changes: list[Change] = []
    for name, old in before.requirements.items():
        changes.extend(_weaker(name.replace("_", " "), old, after.requirements.get(name)))
    return changes


def _weaker(what: str, old: Requirement, new: Requirement | None) -> Iterator[Change]:
    if new is None:
        yield Change(what, _shown(old, old.floor), "none")
        return
    if old.floor is not None and (new.floor is None or new.floor < old.floor):
        yield Change(what, _shown(old, old.floor), _shown(new, new.floor))
    elif old.value is not None and new.value is not None and new.value < old.value and old.value != old.maximum:
        yield Change(f"{what} specification", plain(old.value), plain(new.value))
    elif old.value is None and new.text != old.text:
        yield Change(what, old.text or "none", new.text or "none")
    if old.maximum is not None and name_of(what) not in COUNTS and (new.maximum is None or new.maximum > old.maximum):
        yield Change(f"{what} maximum", plain(old.maximum), _number(new.maximum))
    if old.must_not_simplify and not new.must_not_simplify:
        yield Change(f"{what} must not simplify", "yes", "no")


def _shown(requirement: Requirement, number: float | None) -> str:
    if number is None:
        number = requirement.value if requirement.value is not None else requirement.maximum
    if number is None:
        return requirement.text or "none"
    unit = f" {requirement.unit}" if requirement.unit else ""
    return f"{plain(number)}{unit}"


def _number(value: float | None) -> str:
    return "none" if value is None else plain(value)
