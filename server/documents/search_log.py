"""The hyper-parameter search log: what was searched, what came out, what was chosen and why. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from ..vocabulary.errors import InvalidArgument
from ..vocabulary.json_values import JsonObject
from .diary_rules import empty
from .markdown import cell, inline, prose, table

MOST_ROWS = 100
MOST_COLUMNS = 30
EXAMPLE = "selected={'lr': 0.01}, reasons={'lr': 'balanced: converges without divergence'}"

_HEADING = re.compile(r"^## Hyperparameter Search Log(?: #(\d{1,9}))?[ \t\r]*$", re.MULTILINE)
_OURS = ("score", "note", "notes", "run", "diary")
"""Names in a trial that are no parameters."""
_INSIDE = ("parameters", "params", "hyperparameters", "config")
"""Names of an object that holds the parameters."""

_DIRECTIONS: tuple[tuple[re.Pattern[str], bool], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), lower)
    for pattern, lower in (
        (r"minimi[sz]e|\bmin\b|\blower\b(?! bound)", True),
        (r"maximi[sz]e|\bmax\b|\bhigher\b|\bneg_|mean_test_", False),
        (
            r"loss|error|rmse|mse|mae|mape|nll|neg(ative)? log|deviance|perplexity|crps|brier|\b[abd]ic\b|waic|looic",
            True,
        ),
        (r"r.?hat|diverg|runtime|latency", True),
        (r"accuracy|\bacc\b|\bauc|_auc|\broc|\bf1|precision|recall|\br2\b|r\^2|r²|elpd|elbo|likelihood|\bess\b", False),
    )
)
"""What a metric's name says of its direction, the surest words first; whether lower is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial.

    :ivar score: None when it has no finite one: it diverged, failed or was cut short.
    :ivar run: the run that it was, if it was one of its own.
    :ivar diary: the number of the diary entry that tells of it, 0 if none was named.
    """

    parameters: Mapping[str, object]
    score: float | None
    note: str = ""
    run: str = ""
    diary: int = 0

    @property
    def diverged(self) -> bool:
        """Whether the diary should tell of it."""
        return (self.score is None and "prun" not in self.note.lower()) or "diverg" in self.note.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as the agent reports it, and as its files show it.

    :ivar lower: whether a lower score is better; None when nobody said.
    """

    space: Mapping[str, object]
    trials: Sequence[Trial]
    selected: Mapping[str, object]
    reasons: Mapping[str, str]
    insight: str
    metric: str = ""
    lower: bool | None = None
    facts: tuple[str, ...] = field(default=())


def trial_of(given: Mapping[str, object], place: int) -> Trial:
    """Return a trial from the object that an agent gave; a score that is no finite number means it has none.

    :raises InvalidArgument: if it has no parameter, or its score is no number and no text.
    """
    parameters = _parameters(given)
    if not parameters:
        raise InvalidArgument(
            f"Trial {place} names no parameter.", "For example {'lr': 0.01, 'units': 64, 'score': 4.2}."
        )
    score, said = _score(given.get("score"), place)
    note = "; ".join(filter(None, (said, str(given.get("note") or given.get("notes") or ""))))
    diary = given.get("diary")
    number = int(diary) if isinstance(diary, int | float) and math.isfinite(diary) and 0 < diary < 10**9 else 0
    return Trial(parameters=parameters, score=score, note=note, run=str(given.get("run") or ""), diary=number)


def _parameters(given: Mapping[str, object]) -> dict[str, object]:
    """Return a trial's parameters, whether they stand beside its score or in an object of their own."""
    found: dict[str, object] = {}
    for name, value in given.items():
        if name in _INSIDE and isinstance(value, Mapping):
            found.update(cast(Mapping[str, object], value))
        elif name not in _OURS:
            found[name] = value
    return found


def _score(value: object, place: int) -> tuple[float | None, str]:
    """Return a finite score, or None and the words that stood in its place."""
    if isinstance(value, bool | list | dict):
        raise InvalidArgument(f"The score of trial {place} is no number.", "Leave it out or give NaN if it diverged.")
    if value is None:
        return None, ""
    try:
        number = float(str(value))
    except ValueError:
        return None, str(value)
    return (number, "") if math.isfinite(number) else (None, "")


def check(search: Search) -> None:
    """Refuse a search that does not say what a reader needs.

    :raises InvalidArgument: naming what is missing, with an example.
    """
    missing = [name for name in ("space", "trials", "selected") if not getattr(search, name)]
    if empty(search.insight):
        missing.append("insight")
    if missing:
        raise InvalidArgument(f"The search log has nothing under {', '.join(missing)}.", f"For example {EXAMPLE}.")
    silent = [name for name in search.selected if empty(str(search.reasons.get(name, "")))]
    if silent:
        names = ", ".join(inline(name, 60) for name in silent[:10])
        raise InvalidArgument(
            f"No reason is given for the selected {names}.", f"Say why each value was chosen: {EXAMPLE}."
        )
    if not any(one.score is not None for one in search.trials):
        raise InvalidArgument(
            "No trial has a score.", "Each trial carries its result: trials=[{'lr': 0.01, 'score': 4.2}, …]."
        )


def same_value(one: object, other: object) -> bool:
    """Whether two values are the same choice: numbers by value, also when one came as text; else by their text."""
    try:
        return math.isclose(float(str(one)), float(str(other)), rel_tol=1e-9)
    except ValueError:
        return str(one).strip() == str(other).strip()


def selected_trials(search: Search) -> list[int]:
    """Return the places of the trials that had the selected values; names that no trial has are left out."""
    known = {name for one in search.trials for name in one.parameters}
    wanted = {name: value for name, value in search.selected.items() if name in known}
    if not wanted:
        return []
    return [place for place, one in enumerate(search.trials) if _fits(one, wanted)]


def _fits(trial: Trial, wanted: Mapping[str, object]) -> bool:
    return all(name in trial.parameters and same_value(trial.parameters[name], value) for name, value in wanted.items())


def lower_is_better(search: Search) -> bool | None:
    """Return the direction: as a file says, as the metric's name says, else that in which the selection is best."""
    if search.lower is not None:
        return search.lower
    for pattern, lower in _DIRECTIONS:
        if pattern.search(search.metric):
            return lower
    scores = [one.score for one in search.trials if one.score is not None]
    chosen = [score for place in selected_trials(search) if (score := search.trials[place].score) is not None]
    if len(set(scores)) < 2 or not chosen:
        return None
    return True if min(chosen) == min(scores) else False if max(chosen) == max(scores) else None


def best(search: Search) -> int | None:
    """Return the place of the best trial, the first of equals; None when the direction is not known."""
    lower = lower_is_better(search)
    scored = [(one.score, place) for place, one in enumerate(search.trials) if one.score is not None]
    if not scored or (lower is None and len({score for score, _ in scored}) > 1):
        return None
    return min(scored, key=lambda pair: (pair[0] if lower else -pair[0], pair[1]))[1]


def advice(search: Search, links: Mapping[int, int]) -> tuple[str, ...]:
    """Return what would make the log worth more.

    :param links: diary entry by the place of the trial that it tells of.
    """
    found = best(search)
    return tuple(filter(None, (_of_direction(found), _of_selection(search, found), _of_links(search, links))))


def _of_direction(found: int | None) -> str:
    if found is not None:
        return ""
    return "Whether a lower or a higher score is better is not known: name the metric, for example 'Val RMSE (lower)'."


def _of_selection(search: Search, found: int | None) -> str:
    chosen = selected_trials(search)
    if not chosen:
        return "The selected configuration is not among the trials: its score was never measured; run it."
    if found is None or found in chosen:
        return ""
    was, top = search.trials[chosen[0]].score, search.trials[found].score
    if was == top:
        return ""
    return (
        f"The selected configuration ({_number(was)}) is not the best (trial {found + 1}: {_number(top)}): "
        "say under reasons what it is better at."
    )


def _of_links(search: Search, links: Mapping[int, int]) -> str:
    untold = [f"{place + 1}" for place, one in enumerate(search.trials) if one.diverged and place not in links]
    if not untold:
        return ""
    return (
        f"Trial {', '.join(untold[:5])} failed and no diary entry was found that tells of it: write_diary_entry, then "
        "name it in the trial, for example 'diary': 3."
    )


def title(model: str) -> str:
    """Return the line that opens a model's search log."""
    return f"# Hyperparameter Search: Model {model}\n"


def last_number(text: str) -> int:
    """Return the highest number of a search in a file; the first carries none."""
    return max((int(number or 1) for number in _HEADING.findall(text)), default=0)


def render(number: int, at: float, search: Search, links: Mapping[int, int]) -> str:
    """Return one search as Markdown.

    :param at: unix time of the log.
    :param links: diary entry by the place of the trial that it tells of.
    """
    parts = [
        "## Hyperparameter Search Log" + (f" #{number}" if number > 1 else ""),
        "\n".join([f"**Date**: {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}", *search.facts]),
        "### Search Space",
        "\n".join(f"- {inline(name, 100)}: {_plain(values, 400)}" for name, values in search.space.items()),
        "### Results",
        _results(search, links),
        "### Selected Configuration",
        "\n".join(_choice(name, value, search) for name, value in search.selected.items()),
        "### Insight for Paper",
        prose(search.insight),
    ]
    return "\n\n".join(parts) + "\n"


def _choice(name: str, value: object, search: Search) -> str:
    return f"- {inline(name, 100)} = {_plain(value, 200)} ({inline(search.reasons[name])})"


def _results(search: Search, links: Mapping[int, int]) -> str:
    names = dict.fromkeys([*search.space, *(name for one in search.trials for name in one.parameters)])
    tried = [name for name in names if any(name in one.parameters for one in search.trials)][:MOST_COLUMNS]
    found, lower = best(search), lower_is_better(search)
    heads = [*(cell(name, 60) for name in tried), cell(search.metric or "Score", 60), "Notes"]
    shown = _shown(search, lower)
    rows = [_row(search.trials[place], tried, links.get(place, 0), best=place == found) for place in shown]
    left_out = len(search.trials) - len(shown)
    more = [f"{left_out} more trials are left out; the best {MOST_ROWS} are shown."] if left_out else []
    return "\n\n".join([_direction(search, lower), table(heads, rows), *more])


def _shown(search: Search, lower: bool | None) -> list[int]:
    """Return the places of the trials that are shown, in their own order: of many, the best."""

    def rank(place: int) -> float:
        score = search.trials[place].score
        return math.inf if score is None else score if lower else -score

    places = range(len(search.trials))
    return sorted(sorted(places, key=rank)[:MOST_ROWS])


def _direction(search: Search, lower: bool | None) -> str:
    words = {True: "lower is better", False: "higher is better", None: "which way is better was not said"}
    return f"{len(search.trials)} trials; {words[lower]}."


def _row(trial: Trial, names: Sequence[str], link: int, *, best: bool) -> list[str]:
    values = [cell(_value(trial.parameters[name])) if name in trial.parameters else "" for name in names]
    cells = [*values, _number(trial.score), _notes(trial, link, best=best)]
    return [f"**{one}**" if one else one for one in cells] if best else cells


def _notes(trial: Trial, link: int, *, best: bool) -> str:
    note = cell(trial.note)
    if best:
        note = f"✅ Best: {note}" if note else "✅ Best"
    if trial.diverged and not note:
        note = "Diverged"
    return f"{note} (see diary #{link})" if link else note


def _number(score: float | None) -> str:
    return "NaN" if score is None else f"{score:.6g}"


def _plain(value: object, limit: int) -> str:
    return inline(_value(value), limit)


def _value(value: object) -> str:
    """Return a value as it would be written in a table: numbers short, lists in brackets."""
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, cast(list[object], value)))}]"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(inner)}" for name, inner in cast(JsonObject, value).items())
    return str(value)
