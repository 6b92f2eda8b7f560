"""What a model's design document requires of its training, read from both layouts that are in use.

A heading `Computational Requirements` with lines such as `- **Minimum Training Time**: 2-6 hours per model`, and tables
`Parameter | Design Specification | Minimum Acceptable | Maximum Acceptable | Unit | Must Not Simplify`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from . import markdown
from .columns import in_requirements, says_kept, stated
from .described import described
from .distributions import Stated
from .distributions import stated as stated_priors
from .fitted_anew import fitted_anew
from .in_english import in_english
from .length import Length, read_length, says_when_to_stop
from .model import ModelSaid, Said, read_model
from .networks_said import NetworksSaid, read_networks
from .parameters import ALSO_METHOD, METHOD, SAMPLER, TIME, is_expectation, is_expected_time, name_of, names_blanks
from .quantities import Quantity, count, duration, hours_in, plain, quantity
from .training_said import TrainingSaid, read_training
from .weights_said import speaks_of_snapshots, speaks_of_weights, tells_test_from_validation

COUNTED = frozenset(
    {"draws", "total_draws", "tune", "chains"}
    | {"epochs", "iterations", "total_iterations", "updates"}
    | {"cv", "bootstraps", "candidates"}
)
"""Requirements that are counted in what a run left."""
COUNTS = COUNTED | {TIME, "features", "ess"}
"""Requirements of which more is harder: raising their maximum relaxes nothing."""
_CEILINGS = frozenset({"rhat"})
"""Requirements of which less is harder: a bare number is the most that is acceptable."""

STOPPED = frozenset({"epochs", "iterations", "total_iterations", "updates"})
"""Counts that an early stop makes smaller."""

_STATEMENT = re.compile(
    r"\s{0,12}(?:[-*+]\s{1,12}|\d{1,3}[.)]\s{1,12})?(\*\*|__)?\s{0,3}([^:|*\s][^:|*]{0,79}?)(?:\1)?\s{0,12}:"
    r"\s*(?:\*\*|__)?\s*(.+)$"
)
_OF_TRAINING = re.compile(r"train|comput|sampling|run ?time|wall", re.IGNORECASE)
_REMARK = re.compile(r"(\w.{1,60}?)\s*[(\[,;–—](.+?)[)\]]?\s*$")
_OF_DATA = re.compile(r"\W*(?:n[_ ]|num[_ ]|number of |total )?samples?\W*$", re.IGNORECASE)
"""Samples are rows of the data as well: where nothing says what they are of, they are no draws."""
_DATA = re.compile(r"\b(?:train\w*|test\w*|valid\w*|data\w*|rows?|observ\w*|cases|patients)\b", re.IGNORECASE)
_BARE_TIME = re.compile(r"time|duration|minutes|seconds", re.IGNORECASE)
_MOST_OF = re.compile(
    r"\b(?:max(?:imum)?|at most|upper (?:bound|limit)|limit|cap|capped|ceiling|up to|budget|early[- ]?stop\w*"
    r"|patience)\b",
    re.IGNORECASE,
)
_LEAST_OF = re.compile(r"\b(?:min(?:imum)?|at least|lower (?:bound|limit)|or more)\b", re.IGNORECASE)
_BOUND_INSIDE = re.compile(
    r"(?<!\d)(?<!\d )\b(?:min(?:imum)?|at least|(?:never|not) (?:below|under|less than)|no less than)\b.{0,20}?\d.*"
    r"|[≥>]=?\s?\d.*",
    re.IGNORECASE,
)
_MOST_NAMES_CHARACTERS = 2_000
_MOST_PROSE = 20_000
_PERMUTES = re.compile(r"permut|shuffl", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of a design. Training time is in hours whatever unit the document uses.

    :ivar value: what the design specifies; of a range its lower end. None where it is no number.
    :ivar minimum: what is acceptable at least, None where the design does not say.
    :ivar maximum: what is acceptable at most, None where the design does not say.
    :ivar line: where it stands in the document, counted from 1.
    :ivar ceiling: whether its name says that it is the most there may be.
    :ivar text: the specification as it is written.
    :ivar anew: of permutations: whether the document says that a model is fitted for each of them.
    """

    value: float | None
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    must_not_simplify: bool = False
    line: int
    text: str = ""
    ceiling: bool = False
    anew: bool = False

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
    :ivar length: what it says of the training's length anywhere, in any words.
    :ivar speaks_of_weights: whether it says anywhere that a training begins with weights from before.
    :ivar tells_test_from_validation: whether it speaks of both.
    :ivar speaks_of_snapshots: whether members of an ensemble may be states of one training.
    :ivar priors: what it says of the priors of variables, anywhere.
    :ivar model: what it says of its statistical model and of held-out data, anywhere.
    :ivar networks: what it says of networks, anywhere.
    :ivar described: the lines in which it describes its model.
    :ivar training: what it says of how a network is trained, anywhere.
    :ivar prose: all of its words, for what no row says; cut where it is long.
    """

    path: str = ""
    requirements: Mapping[str, Requirement] = field(default_factory=dict[str, Requirement])
    length: Length = field(default_factory=Length)
    speaks_of_weights: bool = False
    tells_test_from_validation: bool = False
    speaks_of_snapshots: bool = False
    priors: tuple[Stated, ...] = ()
    model: ModelSaid = field(default_factory=ModelSaid)
    prose: str = ""
    networks: NetworksSaid = field(default_factory=NetworksSaid)
    described: tuple[Said, ...] = ()
    training: TrainingSaid = field(default_factory=TrainingSaid)

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
    document = markdown.lines(in_english(text))
    found: dict[str, Requirement] = {}
    loose = not any(in_requirements(line.headings) for line in document)
    for name, requirement in (*_from_tables(document, loose), *_from_statements(document, loose)):
        found[name] = _joined(name, found[name], requirement) if name in found else requirement
    for other in ALSO_METHOD:
        if METHOD not in found and other in found and not found[other].text[:1].isdigit():
            found[METHOD] = replace(found.pop(other), value=None, minimum=None, maximum=None)
    rows = {name: one.line for name, one in found.items() if name in COUNTED}
    length = read_length(document, rows)
    bound = {name: _until_it_stops(name, one, length) for name, one in found.items()}
    bound |= _of_permutations(bound, [line.text for line in document])
    counts = "\n".join(line.text for line in document)
    said = speaks_of_weights(counts), tells_test_from_validation(counts), speaks_of_snapshots(counts)
    told = tuple(stated_priors(document)), read_model(document), counts[:_MOST_PROSE], read_networks(counts)
    return Design(path, bound, length, *said, *told, described(document), read_training(document))


def _of_permutations(found: Mapping[str, Requirement], lines: list[str]) -> dict[str, Requirement]:
    anew = fitted_anew(lines, _PERMUTES)
    return {name: replace(one, anew=True) for name, one in found.items() if anew and _PERMUTES.search(name)}


def _until_it_stops(name: str, one: Requirement, length: Length) -> Requirement:
    """Take a bare number of epochs for the most there are, where the document says when the training stops before.

    A row that is marked as one that must not be simplified has to say so itself.
    """
    if name not in STOPPED or one.value is None:
        return one
    if one.ceiling and length.stops and one.minimum in (None, one.value):
        return replace(one, minimum=None, maximum=one.value)  # a ceiling that may not be lowered is no floor
    if one.minimum is not None or one.maximum is not None:
        return one
    ends = says_when_to_stop(one.text) or (length.stops and not one.must_not_simplify)
    return replace(one, maximum=one.value) if ends else one


def _joined(name: str, one: Requirement, other: Requirement) -> Requirement:
    if names_blanks(name):
        return replace(one, text=f"{one.text}, {other.text}"[:_MOST_NAMES_CHARACTERS])
    return _stricter(one, other)


def _from_tables(document: list[markdown.Line], loose: bool) -> Iterator[tuple[str, Requirement]]:
    for row in markdown.rows(document):
        one = stated(row)
        words, unit = one.name, one.unit
        if not words or not (one.binds or (loose and _known(words))):
            continue
        rest, bound = _without_bound(words)
        rest = _of_training(rest, f"{unit} {one.specified} {one.least}", row.headings)
        words, bound = (rest, bound) if name_of(rest) in COUNTS | _CEILINGS else (words, "")
        amount = _amount_of(words, unit, one.specified)
        low, high = amount(one.least), amount(one.most)
        low = Quantity() if bound == "max" and low.value == high.value else low  # `Max epochs | 80 | 80 | 80`: a cap
        given = _limits(_bounded(amount(one.specified), bound), low, high)
        if is_expected_time(words) or (name_of(words) == TIME and is_expectation(one.specified)):
            inside = _BOUND_INSIDE.search(one.specified)
            least = _bounded(amount(inside[0]), "min") if inside else Quantity()
            given = _limits(least, low, high)  # what is expected is no limit; what is acceptable is one
            if given == Quantity():
                continue
            words = "training time"
        yield _requirement(words, one.specified, given, unit, row.number, one.kept, ceiling=bound == "max")


def _known(words: str) -> bool:
    """Whether a name is one that requires something wherever it stands, where a document has no section for it."""
    rest = _without_bound(words)[0]
    name = name_of(rest)
    if _OF_DATA.match(rest):
        return False
    return name in COUNTED | {METHOD, *ALSO_METHOD} or (name == TIME and _OF_TRAINING.search(words) is not None)


def _limits(given: Quantity, low: Quantity, high: Quantity) -> Quantity:
    """Join the cells of a row. `2-6` as a minimum is a minimum of 2 and a maximum of 6; as a maximum it is 6."""
    least = given.minimum if low.value is None else low.value
    above = low.maximum if low.minimum is not None and given.maximum is None else given.maximum
    most = above if high.value is None else high.maximum if high.maximum is not None else high.value
    return Quantity(given.value if given.value is not None else least, least, most)


def _from_statements(document: list[markdown.Line], loose: bool) -> Iterator[tuple[str, Requirement]]:
    for line in document:
        if line.is_heading or line.text.count("|") > 1:
            continue
        if found := _STATEMENT.match(line.text):
            name, bound = _without_bound(markdown.bare(found[2]))
            anywhere = names_blanks(name_of(name)) or (loose and _known(name))
            if not in_requirements(line.headings) and not anywhere:
                continue
            said = markdown.bare(found[3])
            name = _of_training(name, said, line.headings)
            if is_expected_time(name) or (name_of(name) == TIME and is_expectation(said)):
                inside = _BOUND_INSIDE.search(said)
                if inside is None:
                    continue
                name, bound, said = "training time", "min", inside[0]
            parts = _bounded(_amount_of(name)(said), bound)
            yield _requirement(name, said, parts, said, line.number, says_kept(line.text), ceiling=bound == "max")


def _of_training(name: str, said: str, headings: tuple[str, ...]) -> str:
    """Take a bare `time` for that of the training, in the section that requires it and with a unit: not 2015-2020."""
    bare = _BARE_TIME.fullmatch(name) and in_requirements(headings) and (hours_in(name) or hours_in(said))
    return f"training {name}" if bare else name


def _amount_of(name: str, *units: str) -> Callable[[str], Quantity]:
    """Return what reads a cell: of the training's time in hours, each number by its own unit, else the first told."""
    if name_of(name) != TIME and not is_expected_time(name):
        return count if name_of(name) in COUNTED else quantity
    otherwise = next((hours for one in (*units, name) if (hours := hours_in(one))), None)
    return functools.partial(duration, otherwise_hours=otherwise)


def _without_bound(name: str) -> tuple[str, str]:
    """Take `Minimum` or `Maximum` off a name, also behind it: `Epochs (upper bound, early stopping)`."""
    bound = ""
    found = re.match(r"(min|max)(?:imum|\.)?([\s_]+)(?:required\s+)?(.+)$", name, re.IGNORECASE)
    if found and ("_" not in found[2] or _may_be_bounded(found[3])):  # `min_samples_leaf` is a name
        bound, name = found[1].lower(), found[3]
    if found := _REMARK.match(name):
        told = "max" if _MOST_OF.search(found[2]) else "min" if _LEAST_OF.search(found[2]) else ""
        if told or (name_of(found[1]) in COUNTED and not (_OF_DATA.match(found[1]) and _DATA.search(found[2]))):
            return found[1], bound or told
    return name, bound


def _may_be_bounded(name: str) -> bool:
    return name_of(name) in COUNTED | _CEILINGS | {TIME, "ess"} and _OF_DATA.match(name) is None


def _bounded(found: Quantity, bound: str) -> Quantity:
    """Apply what the name says: a minimum of `2-6` is 2, and 6 is where the warning begins; a maximum of `4-6` is 6."""
    if found.value is None or not bound:
        return found
    if found.minimum is not None and found.maximum is not None:
        return found if bound == "min" else Quantity(found.maximum, None, found.maximum)
    return Quantity(found.value, *((found.value, None) if bound == "min" else (None, found.value)))


def _requirement(
    words: str, said: str, parts: Quantity, unit: str, line: int, must_not_simplify: bool = False, *, ceiling: bool
) -> tuple[str, Requirement]:
    name = name_of(words)
    shown = unit if len(unit) <= 20 and unit != said else ""
    shown = "hours" if name == TIME else shown
    parts = Quantity() if name in (METHOD, SAMPLER) else parts  # the 4 of `NUTS, 4 chains` bounds no method
    if name in _CEILINGS and parts.minimum is None and parts.maximum is None:
        parts = Quantity(parts.value, None, parts.value)
    return name, Requirement(
        value=parts.value, minimum=parts.minimum, maximum=parts.maximum, unit=shown,
        must_not_simplify=must_not_simplify, line=line, ceiling=ceiling,
        text=said[: _MOST_NAMES_CHARACTERS if names_blanks(name) else 200],
    )  # fmt: skip


def blank_columns(design: Design) -> tuple[str, ...]:
    """Return the columns of the results that a design lets be blank: `Columns that may be blank: actual, std`."""
    said = (one.text for name, one in design.requirements.items() if names_blanks(name))
    return tuple(one.strip(" `'\"") for text in said for one in re.split(r"[,;]| and ", text) if one.strip(" `'\""))


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


def lowered(before: Design, after: Design, policy: Mapping[str, float] | None = None) -> list[Change]:
    """Return every requirement that is weaker in `after`; whoever starts a run shows this list to the director.

    :param policy: what the policy asks for at least, by name of the requirement; it bound where `before` was silent.
    """
    changes: list[Change] = []
    for name, old in before.requirements.items():
        changes.extend(_weaker(name.replace("_", " "), old, after.requirements.get(name)))
    for name, least in (policy or {}).items():
        new = None if name in before.requirements else after.requirements.get(name)
        silent = name == TIME and new is not None and new.floor is None
        if new is not None and not silent and (new.floor or 0.0) < least:
            changes.append(Change(name.replace("_", " "), f"{plain(least)} (policy)", _shown(new, new.floor)))
    return changes


def _weaker(what: str, old: Requirement, new: Requirement | None) -> Iterator[Change]:
    if new is None:
        yield Change(what, _shown(old, old.floor), "none")
        return
    if old.floor is not None and (new.floor is None or new.floor < old.floor):
        yield Change(what, _shown(old, old.floor), _shown(new, new.floor))
    elif _specifies_less(name_of(what), old, new):
        yield Change(f"{what} specification", _shown(old, None), _shown(new, None))
    elif old.value is None and new.text != old.text:
        yield Change(what, old.text or "none", new.text or "none")
    if old.maximum is not None and name_of(what) not in COUNTS and (new.maximum is None or new.maximum > old.maximum):
        yield Change(f"{what} maximum", plain(old.maximum), _number(new.maximum))
    if old.must_not_simplify and not new.must_not_simplify:
        yield Change(f"{what} must not simplify", "yes", "no")


def _specifies_less(name: str, old: Requirement, new: Requirement) -> bool:
    """Whether the specification is lower; of a ceiling that matters where it is all that is said of the work."""
    if old.value is None or new.value is None or new.value >= old.value:
        return False
    return old.value != old.maximum or (name in COUNTED and old.floor is None)


def _shown(requirement: Requirement, number: float | None) -> str:
    bound = "at most " if number is None and requirement.value == requirement.maximum else ""
    if number is None:
        number = requirement.value if requirement.value is not None else requirement.maximum
    if number is None:
        return requirement.text or "none"
    unit = f" {requirement.unit}" if requirement.unit else ""
    return f"{bound}{plain(number)}{unit}"


def _number(value: float | None) -> str:
    return "none" if value is None else plain(value)
