"""How the attempts of a model compare, in words and as facts of an answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..analysis.curves.attempts import Comparison

MOST_SHOWN = 20
_NOISE = {"seeds": "between seeds", "epochs": "of the curves; other seeds were not run"}
_NOTHING = "No full attempt has told numbers yet that could be compared."


def text(found: Comparison, verdicts: Mapping[str, str]) -> str:
    """Return a comparison in words, the best attempt first.

    :param verdicts: the newest verdict's word by run.
    """
    return "\n".join(_lines(found, verdicts)) if found.ranked else _NOTHING


def _lines(found: Comparison, verdicts: Mapping[str, str]) -> Iterator[str]:
    yield measure(found)
    for one in found.ranked[:MOST_SHOWN]:
        word = verdicts.get(one.run)
        yield f"  {one.run}  {one.level:.6g}  ({one.values} values{f'; verdict {word}' if word else ''})"
    if found.left_out:
        yield f"not compared, their last value is no number or there is none: {', '.join(found.left_out[:MOST_SHOWN])}"
    yield conclusion(found)


def measure(found: Comparison) -> str:
    """Return what was compared and which way is better."""
    return f"{found.column.replace('_', ' ')}, {_better(found)} is better; median of the last values"


def conclusion(found: Comparison) -> str:
    """Return which attempt is best, by how much, and whether that is more than noise; that none can be told."""
    if not found.ranked:
        return _NOTHING
    best = found.ranked[0].run
    if not found.rival:
        return f"best: {best}; no attempt with other settings to hold it against"
    by = f"best: {best}, {found.gap:.3g} {_better(found)} than {found.rival}"
    if not found.gap:
        return f"best: {best}, as good as {found.rival}"
    if found.noise == "seeds":
        over = f"{found.ahead}'s settings are {found.gap:.3g} {_better(found)} than {found.rival}'s"
        by = f"best: {best}; over seeds {over}"
    if not found.noise:
        return f"{by}; too few independent values to tell that from noise"
    word = "more than the noise" if found.is_more_than_noise else "NOT more than the noise"
    return f"{by} (95 % interval {found.low:.3g} to {found.high:.3g}): {word} {_NOISE[found.noise]}"


def _better(found: Comparison) -> str:
    return "higher" if found.rises else "lower"
