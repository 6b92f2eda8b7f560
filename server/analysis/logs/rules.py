"""What the recogniser knows of single lines: the form of a rule, the numeric levels, and the set of both.

The table itself is `rule_table.py`. A policy adds its own with `DEFAULT_RULES.extended([...])`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from ...vocabulary.errors import PolicyInvalid
from ...vocabulary.mcmc_levels import FULL_LEVELS, McmcLevels
from ...vocabulary.runs import ErrorType
from . import rule_table
from .linear import SIMPLER, reach_chars, trouble
from .text import SHAPELESS

_REPEATS = re.compile(r"\{[\d,]*\}")


class Weight(StrEnum):
    """What a matching line says about the process that wrote it."""

    FATAL = "fatal"
    """It is ending or should be: a failure, unless the run demonstrably went on."""
    ERROR = "error"
    """It reports an error: a failure only if it is among the last words and the exit agrees."""
    WORD = "word"
    """A bare word such as "Killed": counts only near the end and with a matching exit."""
    LEAD = "lead"
    """It announces the traceback that follows, and is nothing by itself."""
    HARMLESS = "harmless"
    """It announces something handled: what follows in the same breath is noticed only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of line.

    `words` are literals, at least one of which stands in every line that can match (they make the scan fast);
    `pattern` is a regular expression searched in the line without colours and control characters, and without a
    pattern the words alone decide. Groups named `exception` and `message` are taken over.
    """

    name: str
    words: tuple[str, ...]
    pattern: str = ""
    type: ErrorType = ErrorType.IMPLEMENTATION
    weight: Weight = Weight.ERROR
    exception: str | None = None
    """What to call the cause where no exception class exists, for example SIGABRT."""
    advice: str = ""


@dataclass(frozen=True)
class Rules:
    """All rules in force. Earlier rules win over later ones."""

    rules: tuple[Rule, ...]
    levels: McmcLevels = FULL_LEVELS
    own: int = 0
    """How many of the first ones are a project's."""

    def extended(self, rules: Iterable[Rule], levels: McmcLevels | None = None) -> Rules:
        """Return these rules with a project's own in front.

        :raises PolicyInvalid: if a pattern is no regular expression or a word is too common to look for.
        """
        added = tuple(rules)
        for rule in added:
            _check(rule)
        return replace(self, rules=added + self.rules, levels=levels or self.levels, own=self.own + len(added))

    @cached_property
    def triggers(self) -> tuple[str, ...]:
        """Return the literals that make a line worth reading; none contains a digit, a dot or a sign."""
        words = [_longest_part(word) for rule in self.rules for word in rule.words]
        found = dict.fromkeys((*rule_table.CONSTRUCTS, *words))
        return tuple(word for word in found if not any(part in word for part in found if part != word))

    @cached_property
    def _compiled(self) -> tuple[tuple[Rule, re.Pattern[str]], ...]:
        return tuple((rule, re.compile(rule.pattern or "|".join(map(re.escape, rule.words)))) for rule in self.rules)

    def among(self, form: bytes) -> tuple[int, ...]:
        """Return the numbers of the rules whose words may stand in a line of this shape."""
        return tuple(number for number, parts in enumerate(self._parts) if any(part in form for part in parts))

    @cached_property
    def _parts(self) -> tuple[tuple[bytes, ...], ...]:
        return tuple(tuple(_longest_part(word).encode() for word in rule.words) for rule in self.rules)

    def name_digits(self, among: Iterable[int]) -> bool:
        """Whether one of these rules asks for certain digits, so that lines that differ in digits differ for it."""
        return any(self._name_digits[number] for number in among)

    @cached_property
    def _name_digits(self) -> tuple[bool, ...]:
        asked = (_REPEATS.sub("", rule.pattern) + "".join(rule.words) for rule in self.rules)
        return tuple(any(map(str.isdigit, text)) for text in asked)

    def match(self, text: str, among: Iterable[int]) -> tuple[Rule, re.Match[str]] | None:
        """Return the first of these rules that a line (without its end, stripped of colours) matches."""
        for number in among:
            rule, pattern = self._compiled[number]
            word = next((one for one in rule.words if one in text), None)
            if word is not None and (found := pattern.search(text, *self._window(number, text, word))):
                return rule, found
        return None

    def _window(self, number: int, text: str, word: str) -> tuple[int, int]:
        """Return from where to where a rule looks at a line: a project's pattern may take for ever on the whole."""
        reach = self._reach_chars[number] if number < self.own else len(text)
        begin = max(0, text.index(word) - reach // 2) if reach < len(text) else 0
        return begin, min(len(text), begin + reach)

    @cached_property
    def _reach_chars(self) -> tuple[int, ...]:
        return tuple(reach_chars(one.pattern) for one in self.rules[: self.own])


def _longest_part(word: str) -> str:
    parts = re.split("[" + re.escape(SHAPELESS.decode()) + "]", word)
    return max(parts, key=len)


def _check(rule: Rule) -> None:
    if not rule.words or any(len(_longest_part(word)) < 3 for word in rule.words):
        raise PolicyInvalid(
            f"Rule {rule.name!r} has no word of three letters to look for.",
            "Give it words: literals that stand in every line it is meant for.",
        )
    try:
        re.compile(rule.pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise PolicyInvalid(f"Rule {rule.name!r}: {rule.pattern!r} is no regular expression ({error}).") from error
    if slow := trouble(rule.pattern):
        raise PolicyInvalid(f"Rule {rule.name!r}: {rule.pattern!r} {slow}.", SIMPLER)


_TABLE = tuple(
    Rule(
        name=name,
        words=tuple(words.split("|")),
        pattern=pattern,
        type=ErrorType(kind),
        weight=Weight(weight),
        exception=exception or None,
    )
    for name, kind, weight, exception, words, pattern in rule_table.RULES
)
DEFAULT_RULES = Rules(_TABLE)
