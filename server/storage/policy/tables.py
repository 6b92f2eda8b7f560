"""Tables of the policy whose numbers and rules have their home elsewhere, beside the judgement that uses them."""

from __future__ import annotations

import ast
import dataclasses
import itertools
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar, cast

from pydantic import AfterValidator, ConfigDict, Field, create_model, model_validator

from ...analysis.curves.silence import StallRule
from ...analysis.curves.thresholds import Thresholds
from ...analysis.design.quantities import quantity
from ...analysis.logs.rules import DEFAULT_RULES, Rule, Weight
from ...vocabulary.diary_rule import DiaryRule
from ...vocabulary.errors import PolicyInvalid
from ...vocabulary.estimators import LINEAR
from ...vocabulary.mcmc_levels import McmcLevels
from ...vocabulary.runs import ErrorType
from .toml_text import Described

_T = TypeVar("_T")


class Table(Described):
    """A table of the policy: frozen, no unknown keys, a number is a number (no string, no bool, no NaN)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Rhat = Annotated[float, Field(ge=1, le=1000)]
Count = Annotated[int, Field(ge=0, le=10**9)]


def value_range(value: str) -> str:
    """Refuse what is no `column: range`.

    :raises ValueError: saying what is expected.
    """
    column, colon, bounds = value.partition(":")
    found = quantity(bounds)
    if not colon or not column.strip() or (found.minimum is None and found.maximum is None):
        raise ValueError('expected "column: 0 .. 50", "column: >= 0" or "column: <= 1"')
    return value


def absolute_path(value: str) -> str:
    """Refuse a path that depends on where somebody stands; empty stands for none.

    :raises ValueError: saying what is expected.
    """
    if (value and not value.startswith("/")) or "\0" in value or ".." in value.split("/"):
        raise ValueError("expected an absolute path without ..")
    return value


def ascending(**values: float) -> None:
    """Refuse values that do not rise from the first named to the last.

    :raises ValueError: naming the two that stand the wrong way round.
    """
    for (lower, low), (upper, high) in itertools.pairwise(values.items()):
        if low > high:
            raise ValueError(f"{lower} ({low:g}) must not be above {upper} ({high:g})")


class Mcmc(Table):
    """Levels of MCMC diagnostics. R-hat and ESS are rank-normalised (Vehtari et al. 2021, doi:10.1214/20-BA1221)."""

    divergent_share_failure: Share = Field(
        default=0.01,
        description="Share of divergent draws above which a run has failed. Any divergence is a flag (Stan).",
    )
    divergent_share_emergency: Share = Field(
        default=0.10,
        description="Share of divergent draws above which the failure is an emergency (error report's rule).",
    )
    rhat_flag: Rhat = Field(default=1.01, description="R-hat above which a run is flagged (Vehtari et al. 2021).")
    rhat_failure: Rhat = Field(
        default=1.1, description="R-hat above which a run has failed (Gelman and Rubin's customary limit)."
    )
    rhat_investigate: Rhat = Field(
        default=1.05, description="R-hat above which a full run is not approved but investigated (the validators)."
    )
    rhat_emergency: Rhat = Field(
        default=1.3, description="R-hat above which the failure is an emergency (error report's rule)."
    )
    min_ess: Count = Field(
        default=400, description="Effective sample size, bulk and tail, that a full run needs (Vehtari et al. 2021)."
    )
    min_chains: Count = Field(default=4, description="Chains that a full run needs (Vehtari et al. 2021).")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ascending(
            divergent_share_failure=self.divergent_share_failure,
            divergent_share_emergency=self.divergent_share_emergency,
        )
        ascending(
            rhat_flag=self.rhat_flag,
            rhat_failure=self.rhat_failure,
            rhat_emergency=self.rhat_emergency,
        )
        return self

    def sampler_levels(self, base: McmcLevels) -> McmcLevels:
        """Return the levels that weigh a sampler's own statistics; `base` says what its phase judges."""
        return dataclasses.replace(
            base,
            divergent_share_failure=self.divergent_share_failure,
            divergent_share_emergency=self.divergent_share_emergency,
            rhat_flag=self.rhat_flag,
            rhat_failure=self.rhat_failure,
            rhat_emergency=self.rhat_emergency,
            min_ess=self.min_ess,
            min_chains=self.min_chains,
        )


class Compute(Table):
    """What the keeper must have measured before a full run counts as computed."""

    max_idle_share: Share = Field(default=0.5, description="Share of the wall time that a run may be idle.")
    idle_below_cores: Annotated[float, Field(ge=0, le=100_000)] = Field(
        default=0.02,
        description="CPU seconds per second between two samples below which the run was idle in between (measured:"
        " a stalled tree uses less than that).",
    )
    max_silent_share: Share = Field(
        default=0.8,
        description="Share of the time that a run may be busy on end without a line in its log, when nothing beside the"
        " log tells its iterations; above it the run is called spinning, or is to be investigated.",
    )
    min_cores: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1,
        description="Mean cores in use below which a full run is to be investigated: most of its time it waited.",
    )
    ranges: Annotated[tuple[Annotated[str, AfterValidator(value_range)], ...], Field(strict=False)] = Field(
        default=(),
        description="Values that a column of the results may have, beside what the design says:"
        ' "medals: 0 .. 50", "share: 0 .. 1", "rmse: >= 0".',
    )
    may_be_constant: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(
            *("r_hat", "rhat", "mcse_mean", "mcse_sd", "chain", "chains", "model", "phase", "seed", "fold", "year"),
            *("split", "repeat", "horizon", "level", "alpha", "quantile", "threshold", "n", "n_train", "n_test"),
        ),
        description="Columns of the results that may hold one number in every row; summaries round R-hat to 1.0.",
    )
    may_be_blank: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=("actual", "actuals", "observed", "truth", "error", "residual", "std", "sd", "se", "sem", "stderr"),
        description="Columns of the results that may have blank or NaN cells, by their name or one word of it:"
        " actual_total is blank in the future, std of a group of one is NaN. What is blank in the data too, or is no"
        " estimate beside whole ones, asks nothing. A design names its own in a line"
        " `Columns that may be blank: ...`. A column is never excused for an infinite number.",
    )
    read_memory_mb: Annotated[int, Field(ge=256, le=1_000_000)] = Field(
        default=2048, description="Megabytes that the confined process may use which looks into an artefact."
    )
    read_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=60.0,
        description="Seconds of CPU that it may take for one artefact, and twice that in all.",
    )


class Method(Table):
    """Which methods count for a full run. The minima and what is forbidden are the requirement document's.

    A default that nobody changed yields to a design that speaks of the figure in any words (a number, a bound, an early
    stop); where it speaks of its length otherwise, or cannot be read, the default asks and rejects nothing. `min_cv`
    and `min_bootstraps` yield to a design whose own iterations of its ensemble were seen to be kept as well. Those that
    are among `binding_minima` do not yield to words.
    """

    forbidden: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)] = Field(
        default=tuple(sorted(LINEAR)),
        description="Fits that a full run's results may not come from, as their library calls them: linear regressions"
        " and solutions in closed form (requirement document, Forbidden Training Methods). A baseline that is not"
        " written to the results is fine.",
    )
    min_draws: Count = Field(
        default=2000, description="Draws per chain of an approved MCMC run (requirement document)."
    )
    min_tune: Count = Field(default=1000, description="Tuning steps per chain of such a run (requirement document).")
    min_chains: Count = Field(default=4, description="Chains of such a run (requirement document).")
    min_epochs: Count = Field(
        default=5000, description="Epochs of an approved training of a neural network (requirement document)."
    )
    min_cv: Count = Field(default=5, description="Folds of an approved grid search (requirement document).")
    min_bootstraps: Count = Field(
        default=1000, description="Bootstraps that go with such a search (requirement document)."
    )
    binding_minima: Annotated[tuple[Annotated[str, Field(pattern="^min_")], ...], Field(strict=False)] = Field(
        default=(),
        description="Minima that bind also where a design names the iterations of its ensemble itself. Where a file"
        " does not say, those that it sets; in any case those that it changes.",
    )

    @model_validator(mode="before")
    @classmethod
    def _binding(cls, said: object) -> object:
        """What a file sets itself binds; a kept policy has all its values written out, and which of them did."""
        if not isinstance(said, dict):
            return said
        values = cast("dict[str, object]", said)
        given = [one for one in values if one.startswith("min_") and values[one]]
        listed = values.get("binding_minima", given)
        if isinstance(listed, list):  # in a file with every value, what was changed there binds as well
            names = cast("list[object]", listed)
            other = [one for one in given if one in cls.model_fields and values[one] != cls.model_fields[one].default]
            return {**values, "binding_minima": [*names, *(one for one in other if one not in names)]}
        return values

    def minima(self) -> dict[str, dict[str, int]]:
        """Return the minima by kind of method and name of the figure."""
        return {
            "Bayesian MCMC": {"draws": self.min_draws, "tune": self.min_tune, "chains": self.min_chains},
            "Deep Learning": {"epochs": self.min_epochs},
            "Ensemble": {"cv": self.min_cv, "bootstraps": self.min_bootstraps},
        }


class Convergence(Table):
    """When a history of epochs counts as converged; chains are judged by [mcmc]."""

    stable_epochs: Annotated[int, Field(ge=2, le=100_000)] = Field(
        default=10, description="Epochs for which the loss must have been stable (the requirement document)."
    )
    stable_change: Share = Field(
        default=0.05,
        description="How far the median loss may move between the last two such stretches, as a share of all that it"
        " improved by; a run that moved more is to be investigated. Of 25 healthy trainings 18 moved less at their"
        " end, none more than 0.14.",
    )
    unstable_change: Share = Field(default=0.25, description="Such a change above which a run has not converged.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ascending(stable_change=self.stable_change, unstable_change=self.unstable_change)
        return self


class Integrity(Table):
    """How the record is guarded against who can edit it."""

    head_copy: Annotated[str, AfterValidator(absolute_path)] = Field(
        default="",
        description="Empty, or the absolute path of a file outside the project in which each verdict keeps the head"
        " of the record's chain and with which the next one compares it; best where the agents' account may not write.",
    )


class Diary(Table):
    """What a diary entry must say; the rules and their reasons stand in server/documents/diary_rules.py."""

    strict: Annotated[tuple[Annotated[DiaryRule, Field(strict=False)], ...], Field(strict=False)] = Field(
        default=(DiaryRule.EMPTY_SECTIONS,),
        description="Rules without which an entry is refused; the others give advice. They are heuristics:"
        f" {', '.join(DiaryRule)}.",
    )


class _Numbers(Table):
    """A table of a dataclass's numbers. Their texts stand in its source and are read when a person asks for them."""

    numbers: ClassVar[type[Any]]

    @classmethod
    def texts(cls) -> dict[str, str]:
        """Return what each key means.

        :raises KeyError: if a number has no text below it: a person could not know what the key means.
        """
        texts = _attribute_texts(cls.numbers)
        return {name: texts[name] for name in cls.model_fields}


def table_of(numbers: type[Any], about: str) -> type[Table]:
    """Return a table with a key for each number of a dataclass: the same name, default and text."""
    fields: dict[str, Any] = {one.name: (float, one.default) for one in dataclasses.fields(numbers)}
    table = create_model(numbers.__name__, __base__=_Numbers, __doc__=about, **fields)
    table.numbers = numbers
    return table


def numbers_from(table: Table, numbers: type[_T]) -> _T:
    """Return the dataclass with the table's values; counts stay whole numbers."""
    default: Any = numbers()
    values: dict[str, Any] = table.model_dump()
    return numbers(**{name: type(getattr(default, name))(value) for name, value in values.items()})


def _attribute_texts(numbers: type[Any]) -> dict[str, str]:
    """Return the text that stands below each field in the source."""
    import inspect  # noqa: PLC0415 (a server starts without it: only who reads the policy's text needs it)

    body = ast.parse(inspect.getsource(numbers)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    texts: dict[str, str] = {}
    for before, after in itertools.pairwise(statements):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(after, ast.Expr):
            text: object = ast.literal_eval(after.value)
            texts[before.target.id] = " ".join(str(text).split())
    return texts


class LogRule(Table):
    """One kind of line that a project's logs have and ours do not know."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    words: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    pattern: str = ""
    type: Annotated[ErrorType, Field(strict=False)] = ErrorType.IMPLEMENTATION
    weight: Annotated[Weight, Field(strict=False)] = Weight.ERROR
    exception: str | None = None
    advice: str = ""


class Logs(Table):
    """What to look for in logs besides the rules that are built in."""

    rules: Annotated[tuple[LogRule, ...], Field(strict=False)] = Field(
        default=(),
        description="The project's own rules, before all others: [[logs.rules]] with name, words (literals of which one"
        " stands in every such line), and optionally pattern, type, weight (fatal, error, word, harmless), exception,"
        " advice. Try them with `watchkeeper scan LOG --policy FILE`.",
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            DEFAULT_RULES.extended(self.made())
        except PolicyInvalid as error:
            raise ValueError(str(error)) from None
        return self

    def made(self) -> tuple[Rule, ...]:
        """Return the rules as the recogniser takes them."""
        return tuple(Rule(**one.model_dump()) for one in self.rules)


if TYPE_CHECKING:
    Curves = Stalls = Table
else:
    Curves = table_of(Thresholds, "Red flags of training curves. Shares are of 1; evaluations are rows with a value.")
    Stalls = table_of(StallRule, "When the silence of a running training is called a stall.")
