"""Is the model that was sampled of the kind that the design names: its likelihood, its groups, its priors? Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ..design.design import Design
from ..design.distributions import distribution
from ..design.model import Said
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Sampling
from ..witness.seen import Seen, place
from .components import without_component

_PLAIN = {
    "normal": "normal",
    "mvnormal": "normal",
    "multivariatenormal": "normal",
    "poisson": "poisson",
    "negativebinomial": "negativebinomial",
    "studentt": "studentt",
    "laplace": "laplace",
    "bernoulli": "bernoulli",
    "bernoullilogits": "bernoulli",
    "bernoulliprobs": "bernoulli",
    "binomial": "binomial",
    "binomiallogits": "binomial",
    "binomialprobs": "binomial",
}
"""What libraries call likelihoods that are of one family for sure, each under the name that a design's words have."""
_MORE_THAN_IT_SAYS = frozenset({"studentt", "negativebinomial", "zeroinflated", "laplace", "skewnormal"})
"""Families that a design names because a simpler one would not do."""
_FAMILY = re.compile(r"(?:.*~\s*)?([A-Za-z]\w*)\(")
_HALF = frozenset({"halfnormal", "halfcauchy", "halfstudentt", "exponential", "inversegamma", "gamma"})
SCALE = re.compile(
    r"sigma|sd|std|scale|noise|tau|s|sigma_?(?:y|obs|e|eps)|eps(?:ilon)?|residual|error|standard|deviation"
)
_SLOPE = re.compile(r"(?:z_?|raw_|delta_?)?(?:b\d?|beta\w*|coef\w*|slopes?\w*|effects?\w*)(?:_\w+)?", re.IGNORECASE)
_FAR = 10.0
"""A prior so many of its deviations away from 0 was put where somebody knew the answer to be."""
_NORMAL_FROM = 100.0
_DECIDES = 0.5
"""Share of its prior's deviation that a parameter keeps when the data tell less than the prior."""


def model_otherwise(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Yield what the design says of the model and all samplings of the run do not bear out."""
    samplings = [one for one in seen.samplings if one.free]
    if not samplings:
        return
    yield from _likelihood(design, samplings)
    yield from without_component(design, samplings)
    yield from _groups(design, samplings)
    yield from _scale(design, samplings)
    yield from _prior_decides(design, samplings)


def _likelihood(design: Design, samplings: Sequence[Sampling]) -> Iterator[Suspicion]:
    """Every likelihood is of a plain family, none of which the design names; it names one that is more.

    Where a parameter stands for each observation, a plain family with it may be the other one (a mixture of scales).
    """
    said = dict(reversed(design.model.families))
    told = {name: _family(text) for one in samplings for name, text in one.likelihoods.items()}
    ran = {_PLAIN.get(each, "") for each in told.values()}
    if any(map(_is_as_good_as_normal, (text for one in samplings for text in one.likelihoods.values()))):
        ran = {"normal" if each == "studentt" else each for each in ran}
    by_hand = any(one.line.facts.get("potentials") or (one.held and not one.observed) for one in samplings)
    rows = min((each.size for one in samplings for each in one.observed.values() if each.size > 1), default=0)
    each_row = any(len(shape) and max(shape) >= rows for one in samplings for shape in one.shapes.values())
    if not ran or "" in ran or by_hand or each_row or not said or ran & said.keys():
        return
    named = next((name for name in said if name in _MORE_THAN_IT_SAYS), None)
    if named is None:
        return
    one, (name, text) = samplings[-1], next(iter(samplings[-1].likelihoods.items()), ("", ""))
    what = f"{name} of the model at {place(one.line)} is {text[:80]}; {_says(design, said[named])}"
    action = "Sample with the likelihood of the design, or name in the design the one that is used."
    yield Suspicion(what, Word.INVESTIGATE, "likelihood_otherwise", action)


def _is_as_good_as_normal(text: str) -> bool:
    """Whether it is a Student-t of so many fixed degrees of freedom that its tails are a normal's."""
    found = re.search(r"StudentT\((\d+(?:\.\d*)?)\b", text)
    return found is not None and float(found[1]) >= _NORMAL_FROM


def _family(text: str) -> str:
    found = _FAMILY.match(text)
    return re.sub(r"(?:logits|probs)?$", "", found[1].lower()) if found else ""


def _groups(design: Design, samplings: Sequence[Sampling]) -> Iterator[Suspicion]:
    """No variable of any model has a part for each group, or depends on another one, though groups are spoken of."""
    grouped, slopes = design.model.grouped, design.model.slopes
    one = samplings[-1]
    if (grouped or slopes) and not any(map(_has_groups, samplings)):
        names = ", ".join([*one.free][:6])
        what = (
            f"each variable of the model at {place(one.line)} is one number ({names}), none has a part for each group"
        )
        what = f"{what} or depends on another one; {_says(design, grouped or slopes)}"
        action = "Give each group its own parameter, drawn from a common distribution, or call the model a pooled one."
        yield Suspicion(what, Word.INVESTIGATE, "no_parameters_by_group", action)
    elif slopes and not any(_has_two_by_group(one) or _has_slopes(one) for one in samplings):
        shaped = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in one.shapes.items() if shape)
        what = f"of the variables of the model at {place(one.line)} one alone has a part for each group ({shaped});"
        what = f"{what} {_says(design, slopes)}"
        action = "Give each group a slope of its own beside its intercept, or say in the design that slopes are shared."
        yield Suspicion(what, Word.INVESTIGATE, "no_slopes_by_group", action)


def _has_groups(one: Sampling) -> bool:
    """Whether a variable has several parts, or depends on others; what a likelihood integrates out is in its scale."""
    several = any(max(shape, default=1) > 1 for shape in one.shapes.values()) or not one.shapes
    drawn = any(len(each.shape) > 1 for chains in one.variables.values() for each in chains)
    depends = any(text and distribution(text) is None for text in one.free.values())
    computed = (text.rpartition(",")[2] for text in one.likelihoods.values() if one.library != "numpyro")
    integrated = any("f(" in each for each in computed) or not one.likelihoods
    return several or drawn or depends or integrated


def _has_two_by_group(one: Sampling) -> bool:
    sides = Counter(side for shape in one.shapes.values() for side in set(shape) if side > 1)
    tables = any(len(shape) > 1 for shape in one.shapes.values())
    return tables or any(count > 1 for count in sides.values())


def _has_slopes(one: Sampling) -> bool:
    """Whether what has several parts calls itself slopes: these may vary by another group than intercepts, or alone.

    Coefficients of several columns have a prior of plain numbers, those of groups a common one.
    """
    several = [name for name, shape in one.shapes.items() if max(shape, default=1) > 1]
    by_group = [name for name in several if distribution(one.free.get(name, "")) is None or name[:1] in "zr"]
    alone = bool(by_group) and len(by_group) == len(several) and all(map(_SLOPE.fullmatch, by_group))
    return alone or any("slope" in name.lower() for name in several)


def _scale(design: Design, samplings: Sequence[Sampling]) -> Iterator[Suspicion]:
    """The design has a prior for the scale of the errors; no such variable was sampled, and the scale is a number."""
    sampled = {word for one in samplings for name in one.free for word in re.findall(r"[a-z]+", name.lower())}
    for said in design.priors:
        if said.prior[0] not in _HALF or said.words & sampled or not all(map(SCALE.fullmatch, said.words)):
            continue
        fixed = [
            (one, name, text)
            for one in samplings
            for name, text in one.likelihoods.items()
            if _family(text) in ("normal", "studentt", "laplace") and _last_number(text) is not None
        ]
        if fixed and all(one.likelihoods for one in samplings):
            one, name, text = fixed[-1]
            what = f"{name} of the model at {place(one.line)} is {text[:80]}: its scale is a fixed number;"
            what = f"{what} {design.path}:{said.line} has {said.said} for it"
            action = "Sample the scale with the prior of the design, or say in the design at what it is fixed and why."
            yield Suspicion(what, Word.INVESTIGATE, "scale_not_sampled", action)
            return


def _last_number(text: str) -> float | None:
    inside = text.rpartition(")")[0].rpartition(",")[2].strip()
    try:
        return float(inside)
    except ValueError:
        return None


def _prior_decides(design: Design, samplings: Sequence[Sampling]) -> Iterator[Suspicion]:
    """A prior that lies far from 0 in its own deviations hardly changes by the data, and the design calls it weak."""
    for one in samplings if design.model.vague else ():
        for name, text in one.free.items():
            prior, chains = distribution(text), one.variables.get(name, ())
            if prior is None or prior[0] != "normal" or len(prior[1]) != 2 or not chains:
                continue
            (mean, sd), left = prior[1], [each.sd for each in chains if each.sd is not None and len(each.shape) == 1]
            if sd > 0 and abs(mean) >= _FAR * sd and left and min(left) >= _DECIDES * sd:
                what = f"the prior of {name} was {text} at {place(one.line)}, and its draws have a deviation of"
                what = f"{what} {min(left):.3g}: the prior says more than the data; {_says(design, design.model.vague)}"
                action = "Use a prior as wide as the design says, or state this one in the design and where it is from."
                yield Suspicion(what, Word.INVESTIGATE, "prior_decides", action)
                return


def _says(design: Design, said: Said) -> str:
    return f"{design.path}:{said.line} says {said.words!r}"
