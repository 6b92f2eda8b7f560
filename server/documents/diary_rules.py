"""What a diary entry must say, one rule after another, with the reason for each. Pure.

The reasons are the anti-patterns of the requirement document. A rule is a heuristic: it can be wrong in both
directions, so all but the first give advice, unless the policy makes them strict (`[diary] strict`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..vocabulary.diary_rule import DiaryRule

LEAST_DOMAIN_WORDS = 5
"""Distinct words about the domain that The Why needs; the shortest good one that we were shown has eight."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule exists, and what keeping it looks like (examples from the requirement document)."""

    why: str
    example: str


REASONS: Mapping[DiaryRule, Reason] = {
    DiaryRule.EMPTY_SECTIONS: Reason(
        "Silent failures: what is not written down, nobody can learn from.",
        "Tell what broke, each test with its result, what mended it, and why that is so in the domain",
    ),
    DiaryRule.WHY_ABOUT_DOMAIN: Reason(
        "No physical connection: numbers without meaning tell a reader nothing.",
        "infection rates vary 100× across cities, so standard SGD is unstable and adaptive methods are required",
    ),
    DiaryRule.CAUSE_NAMED: Reason(
        "'Fixed by adjusting hyperparameters' names no cause, so it can come back unnoticed.",
        "Root cause: sparse edges have few infection events, therefore edge-specific transmission cannot be estimated",
    ),
    DiaryRule.NUMBERS_EXPLAINED: Reason(
        "Magic numbers look like random tuning.",
        "learning rate 0.002 balances gradient scale (10^2 for hubs) with stability (Lipschitz constant about 500)",
    ),
    DiaryRule.FAILURES_TOLD: Reason(
        "Hiding failures: readers want to see how the method evolved.",
        "We tried A (failed), B (partial), C (success). Insight: the data needs X",
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the agent tells it."""

    struggle: str
    investigation: tuple[str, ...]
    fix: str
    why: str
    next_steps: tuple[str, ...] = ()
    validation: str = ""
    narrative_value: str = ""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the record knows that an entry is held against.

    :ivar error_text: the exception as the log has it.
    :ivar untold: failed attempts that no entry mentions, such as `1-quick-2 (ValueError)`.
    """

    error_text: str = ""
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that an entry does not keep, and what is missing."""

    rule: DiaryRule
    what: str

    @property
    def advice(self) -> str:
        """The breach with its reason and an example, in one line."""
        reason = REASONS[self.rule]
        return f"{self.what} {reason.why} Example: {reason.example}."


def breaches(entry: Entry, record: OnRecord) -> tuple[Breach, ...]:
    """Return the rules that an entry does not keep, in the order of `DiaryRule`."""
    found = ((rule, judge(entry, record)) for rule, judge in _JUDGES.items())
    return tuple(Breach(rule, what) for rule, what in found if what)


_NO_LETTER = re.compile(r"\W+")
_PLACEHOLDERS = frozenset({"", "todo", "tbd", "pending", "na", "none", "pendingtraining", "fixme", "xxx"})


def empty(text: str) -> bool:
    """Whether a text says nothing: no letter or digit, or a placeholder such as TODO."""
    return _NO_LETTER.sub("", text).lower() in _PLACEHOLDERS


def _empty_sections(entry: Entry, _: OnRecord) -> str:
    sections = {
        "struggle": entry.struggle,
        "investigation": " ".join(entry.investigation),
        "fix": entry.fix,
        "why": entry.why,
    }
    names = [name for name, text in sections.items() if empty(text)]
    return f"The diary entry has nothing under {', '.join(names)}." if names else ""


_WORD = re.compile(r"[^\W\d_]{4,}")
# Words of training itself: a Why made of these speaks of the symptom. Plurals are cut before they are compared.
_OF_TRAINING = frozenset(
    _WORD.findall("""
    adjust adjusted adjusting better broke broken cause caused causing change changed code converge converged
    convergence crash crashed decreased diverge diverged divergence domain draw epoch error exception explode exploded
    exploding failed failing failure fixed fixe gradient high higher hyperparameter implication increased infinite
    insight issue iteration learning line loss lower model number overflow parameter param problem rate reason reduced
    root script setting singular start step stopped train trained training traceback trial tuned tuning unstable update
    updated using value warning wrong worked working work
    """)
)
_EVERYDAY = frozenset(
    _WORD.findall("""
    about after again also because been before being between both could does done down each even every from have hence
    here into just like made make many more most much need needed only other over should since some such than that their
    them then there therefore these they thing this those thus under until very well were what when where which while
    will with without would
    """)
)
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _words(text: str) -> set[str]:
    return {word.lower().removesuffix("s") for word in _WORD.findall(text)}


def domain_words(why: str, fix: str, error_text: str) -> int:
    """Return how many distinct words of The Why speak of something else than error, fix and training as such.

    Words of four letters and more; two characters of Chinese, Japanese or Korean count as one word.
    """
    new = _words(why) - _words(fix) - _words(error_text) - _OF_TRAINING - _EVERYDAY
    return len(new) + len(set(_IDEOGRAPHS.findall(why)) - set(_IDEOGRAPHS.findall(fix))) // 2


def _why_about_domain(entry: Entry, record: OnRecord) -> str:
    if empty(entry.why) or domain_words(entry.why, entry.fix, record.error_text) >= LEAST_DOMAIN_WORDS:
        return ""
    return "The Why says little beyond the error and the fix: say what in the domain makes it so, not the symptom."


_CAUSE = re.compile(
    r"(?i)\b(?:because|since|so|therefore|hence|thus|due to|owing to|root cause|caus(?:e[sd]?|ing)|leads? to|led to"
    r"|results? (?:in|from)|reason|explains?|comes? from|forces?|impl(?:y|ies))\b"
    r"|→|->|=>|⇒|因为|由于|导致|所以|原因|因此"
)


def _cause_named(entry: Entry, _: OnRecord) -> str:
    if empty(entry.why) or _CAUSE.search(entry.why):
        return ""
    return "The Why names no cause: no 'because', 'so', 'due to', 'leads to' or arrow stands in it."


_NUMBER = re.compile(r"(?<![\w.])(?:(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")
_STRUCTURAL = frozenset({"0", "1", "2"})
"""Indices, exponents and list numbers; written so they explain themselves. `1.0` does not."""


def numbers(text: str) -> dict[float, str]:
    """Return the numbers of a text that ask for an explanation, each as it is first written."""
    found: dict[float, str] = {}
    for written in _NUMBER.findall(text):
        if written not in _STRUCTURAL:
            found.setdefault(float(written.replace(",", "").replace("_", "")), written)
    return found


_OF_RESULTS = (
    r"results?|outcome|afterwards|converge[sd]?|convergence|estimates?|rmse|mae|mse|mape|r2|r²|loss|acc(?:uracy)?|auc|f1"
    r"|scores?|errors?|r-?hat|ess|n_eff|log-?likelihood|elbo|perplexity|divergen\w+|divergences|bfmi|validation|val|took|lasted"
    r"|improved|fell|rose|dropped to|residuals?|metrics?|precision|recall|coverage"
)
_RESULT_LINE = re.compile(
    r"(?i)[-*+>\s#]*(?:[0-9]{1,2}[.)]\s+)?\**(?:final |parameter )?(?:results?|outcome|estimates?|metrics?)\**\s*:"
)
_RESULT_NAME = re.compile(rf"(?i)(?:^|[_\W])(?:{_OF_RESULTS})(?:$|[_\W])")
_SETTING = re.compile(r"([\w.-]+)\s*(?:=|:|≈|→|->|\bto\b|\bof\b|\bat\b|\bis\b|\bwas\b)\s*$")


_LONGEST_CLAUSE = 200
"""Characters before a number that can name it; a longer look would cost the square of the text."""


def _settings(fix: str) -> str:
    """Return what of The Fix speaks of settings: figures that came of it need no reason, they are its proof."""
    kept: list[str] = []
    fence, results = "", False
    for line in fix.split("\n"):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif fence:
            kept.append(line)
        else:
            results = bool(line.strip()) and (
                bool(_RESULT_LINE.match(line)) or (results and line.lstrip()[:1] in "-*+")
            )
            kept += [] if results else [_NUMBER.sub(lambda found: "" if _is_result(found) else found[0], line)]
    return "\n".join(kept)


def _is_result(found: re.Match[str]) -> bool:
    """Whether a number is a figure that came of a fix, by the words of its clause before it."""
    near = found.string[max(0, found.start() - _LONGEST_CLAUSE) : found.start()]
    before = re.split(r"[;,()]|\.\s", near)[-1]
    name = _SETTING.search(before)
    if name is not None and _RESULT_NAME.search(name[1]):
        return True
    if name is not None and re.search(r"[=:≈]\s*$", before):
        return False  # the name of a setting stands right before it
    return bool(_RESULT_NAME.search(before))


def _numbers_explained(entry: Entry, _: OnRecord) -> str:
    explained = numbers(" \n ".join([entry.why, entry.validation, *entry.investigation]))
    magic = [written for number, written in numbers(_settings(entry.fix)).items() if number not in explained]
    if not magic:
        return ""
    return f"{_some(magic)} in The Fix stands neither in The Why nor in The Investigation: say why this value."


def _failures_told(_: Entry, record: OnRecord) -> str:
    if not record.untold:
        return ""
    return f"{_some(record.untold)} failed and no entry mentions it: tell it under investigation."


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(items[:5])
    return f"{shown} (and {len(items) - 5} more)" if len(items) > 5 else shown


_JUDGES: Mapping[DiaryRule, Callable[[Entry, OnRecord], str]] = {
    DiaryRule.EMPTY_SECTIONS: _empty_sections,
    DiaryRule.WHY_ABOUT_DOMAIN: _why_about_domain,
    DiaryRule.CAUSE_NAMED: _cause_named,
    DiaryRule.NUMBERS_EXPLAINED: _numbers_explained,
    DiaryRule.FAILURES_TOLD: _failures_told,
}
