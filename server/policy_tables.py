"""Tables of the policy whose numbers and rules have their home elsewhere, beside the judgement that uses them."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from .diagnostics.mcmc import McmcLevels as SamplerLevels
from .diagnostics.silence import StallRule
from .diagnostics.thresholds import Thresholds
from .errors import PolicyInvalid
from .logs.rules import DEFAULT_RULES, McmcLevels, Rule, Weight
from .runs import ErrorType

_T = TypeVar("_T")


class Table(BaseModel):
    """A table of the policy: frozen, no unknown keys, a number is a number (no string, no bool, no NaN)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Rhat = Annotated[float, Field(ge=1, le=1000)]
Count = Annotated[int, Field(ge=0, le=10**9)]


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

    def sampler_levels(self, base: SamplerLevels) -> SamplerLevels:
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

    def log_levels(self) -> McmcLevels:
        """Return the levels that weigh what a log says of the sampler."""
        return McmcLevels(
            divergent_share_failure=self.divergent_share_failure,
            divergent_share_emergency=self.divergent_share_emergency,
            rhat_flag=self.rhat_flag,
            rhat_failure=self.rhat_failure,
            rhat_emergency=self.rhat_emergency,
        )


class Compute(Table):
    """What the keeper must have measured before a full run counts as computed."""

    max_idle_share: Share = Field(default=0.5, description="Share of the wall time that a run may be idle.")
    idle_below_cores: Annotated[float, Field(ge=0, le=100_000)] = Field(
        default=0.02,
        description="CPU seconds per second between two samples below which the run was idle in between (measured:"
        " a stalled tree uses less than that).",
    )


def table_of(numbers: type[Any], about: str) -> type[Table]:
    """Return a table with a key for each number of a dataclass: the same name, default and text."""
    texts = _attribute_texts(numbers)
    fields: dict[str, Any] = {
        one.name: (float, Field(default=one.default, description=texts.get(one.name, "See the key above.")))
        for one in dataclasses.fields(numbers)
    }
    return create_model(numbers.__name__, __base__=Table, __doc__=about, **fields)


def numbers_from(table: Table, numbers: type[_T]) -> _T:
    """Return the dataclass with the table's values; counts stay whole numbers."""
    default: Any = numbers()
    values: dict[str, Any] = table.model_dump()
    return numbers(**{name: type(getattr(default, name))(value) for name, value in values.items()})


def _attribute_texts(numbers: type[Any]) -> dict[str, str]:
    """Return the text that stands below each field in the source."""
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
        " advice. Try them with `watchkeeper scan LOG`.",
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
