"""Turn calls that happened into steps that can be played again: what changes from day to day is captured or left open.

What is stable is a short list (states, kinds, decisions, verdicts); whatever is not on it is not expected. So ids are
captured under names made of themselves (`1-quick-1` as `$run_1_quick_1`, also across recordings), cursors are counted,
and pids, times, hashes and the words of messages are left open. Polls that told nothing are left out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from ...vocabulary.runs import RunState
from ...vocabulary.sanitize import mask_secrets
from .lines import parsed
from .names import escaped

Facts = dict[str, JsonValue]

_KINDS = {
    **dict.fromkeys(("run", "follows"), "run"),
    **dict.fromkeys(("report", "closed_report"), "report"),
    **dict.fromkeys(("id", "finding", "accepted_finding"), "finding"),
    "verdict_id": "verdict",
    "cursor": "cursor",
}
"""Keys of answers and arguments whose values are ids, by what they name."""
_EXACT = frozenset(
    {
        *("phase", "existing", "error_type", "owner", "resume_point", "emergency", "exit_code"),
        *("signal", "level", "type", "exception", "root_exception", "action", "verdict"),
        *("met", "status", "entry", "script", "log", "results", "path"),
    }
)
_OPEN = frozenset(
    {
        *("elapsed_s", "script_sha256", "chain_head", "interpreter", "wall_s", "intensity", "text"),
        *("message", "next"),
    }
)
_LISTS = frozenset({"findings", "reports", "changes"})
_MOVING = frozenset(
    {RunState.STARTING.value, RunState.QUEUED.value, RunState.RUNNING.value, RunState.RUNNING_UNATTENDED.value}
)
"""States that a play may find further on, or not yet so far."""
_LONGEST_REFUSAL = 160
_LONGEST_PATTERN = 400
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")  # not \d: digits of other scripts are no numbers of ours
POLL = "poll_training"
POLL_WITHIN_S = 600.0
"""How long a poll with news may take at a play when nobody measured it."""


@dataclass(slots=True)
class Abstraction:
    """Makes steps of calls; remembers what was captured.

    :ivar defined: names that the transcript captures so far.
    :ivar workspace: the absolute path that was worked in, if it is known.
    """

    workspace: str = ""
    defined: set[str] = field(default_factory=set[str])
    _by_value: dict[str, str] = field(default_factory=dict[str, str])
    _names: set[str] = field(default_factory=set[str])
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def answered(
        self, agent: str, tool: str, arguments: Mapping[str, JsonValue], content: Facts, waited_s: float | None = None
    ) -> Facts | None:
        """Return the step for a call that was answered; None for a poll without news.

        :param waited_s: seconds since the step before; unknown in an import.
        """
        given = self._arguments(arguments)
        if tool == POLL:
            content = self._with_new_findings(content)
            if _quiet(arguments, content):
                self._same_cursor(arguments, content)
                return None
        expected = self._object(content)
        step: Facts = {"agent": agent, "tool": tool, "arguments": given}
        if tool != POLL:
            return {**step, "expect": expected}
        within_s = POLL_WITHIN_S if waited_s is None else min(20.0 + 5 * waited_s, 3600.0)
        return {**step, "until": expected, "within_s": round(within_s, 1)}

    def refused(self, agent: str, tool: str, arguments: Mapping[str, JsonValue], text: str) -> Facts:
        """Return the step for a call that was refused: the beginning of what was said, with numbers left open."""
        given = self._arguments(arguments)
        words = mask_secrets(text).split("\n")[0]
        sentence = words.split(". ")[0][:_LONGEST_REFUSAL]
        return {"agent": agent, "tool": tool, "arguments": given, "refused": self._pattern(sentence)}

    def _arguments(self, arguments: Mapping[str, JsonValue]) -> JsonValue:
        return {name: self._argument(name, value) for name, value in arguments.items()}

    def _argument(self, name: str, value: JsonValue) -> JsonValue:
        if name in _KINDS and isinstance(value, str):
            known = self._name(_KINDS[name], value)
            return f"${known}" if known in self.defined else self._text(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {mask_secrets(inner): self._argument("", item) for inner, item in value.items()}
        return [self._argument("", item) for item in value] if isinstance(value, list) else value

    def _object(self, content: Mapping[str, JsonValue]) -> Facts:
        found = {name: self._expected(name, value) for name, value in content.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _expected(self, name: str, value: JsonValue) -> JsonValue:
        """Return what to expect under a key, None for nothing."""
        match value:
            case str() if name in _KINDS:
                return self._id(_KINDS[name], value)
            case str() if name in _EXACT or (name == "state" and value not in _MOVING):
                return self._text(value)
            case list() if name in _LISTS and value:
                return {"$contains": [self._item(item) for item in value]}
            case dict() if name == "answer":
                return self._object(value)
            case int() if name in _EXACT:
                return value
            case _:
                return {"$any": True} if name in _OPEN or name == "state" else None

    def _item(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return {"$any": True}  # no list of ours holds lists
        return self._text(value) if isinstance(value, str) else value

    def _id(self, kind: str, value: str) -> JsonValue:
        name = self._name(kind, value)
        if name in self.defined:
            return f"${name}"
        self.defined.add(name)
        return {"$capture": name}

    def _name(self, kind: str, value: str) -> str:
        """Return the name for an id; cursors say nothing by themselves and are counted."""
        if value not in self._by_value:
            name = f"{kind}_{re.sub(r'[^A-Za-z0-9]', '_', mask_secrets(value))}"[:56]
            if kind == "cursor" or name in self._names:
                name = self._counted(kind)
            self._names.add(name)
            self._by_value[value] = name
        return self._by_value[value]

    def _counted(self, kind: str) -> str:
        """Return the next name of a kind that neither this recorder nor another one has given."""
        while True:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            name = f"{kind}_{count}"
            if name not in self.defined and name not in self._names:
                return name

    def _with_new_findings(self, content: Facts) -> Facts:
        """Return a poll's answer with what a play will see for certain of its findings.

        A finding is told again when it settles, together with its first news or later as it happens, so it is expected
        once; and what it amounts to is known for certain when its run has ended.
        """
        findings = content.get("findings")
        told = [one for one in findings if isinstance(one, dict)] if isinstance(findings, list) else []
        new = [one for one in told if self._name("finding", str(one.get("id"))) not in self.defined]
        if content.get("state") in _MOVING:
            new = [{"id": one.get("id")} for one in new]
        return {name: value for name, value in content.items() if name != "findings"} | (
            {"findings": cast("JsonValue", new)} if new else {}
        )

    def _same_cursor(self, arguments: Mapping[str, JsonValue], content: Facts) -> None:
        """Let the cursor of an answer that is left out stand for the one that was asked with: nothing lay between."""
        asked, given = arguments.get("cursor"), content.get("cursor")
        if isinstance(asked, str) and isinstance(given, str) and asked in self._by_value:
            self._by_value[given] = self._by_value[asked]

    def _text(self, text: str) -> str:
        """Return a text as it may stand in a transcript: secrets masked, ids and the workspace under their names."""
        found = escaped(mask_secrets(text))
        for value, name in self._known():
            if (plain := escaped(value)) in found:  # thousands are known after a night, and few stand in a text
                found = re.sub(rf"(?<![\w.-]){re.escape(plain)}(?![\w-])", f"${{{name}}}", found)
        return found

    def _pattern(self, text: str) -> str:
        """Return a pattern for a text: ids under their names, other numbers open."""
        known = {value: name for value, name in self._known() if value in text}
        parts = [rf"(?<![\w.-]){re.escape(value)}(?![\w-])" for value in known] or ["(?!)"]
        pieces: list[str] = []
        end = 0
        for found in re.finditer("|".join([*parts, _NUMBER.pattern]), text):
            pieces += [_plain(text[end : found.start()])]
            pieces += [f"${{{known[found[0]]}}}" if found[0] in known else "[0-9.]{1,20}"]
            end = found.end()
        kept, length = "", 0
        for piece in [*pieces, _plain(text[end:])]:
            length += len(piece)
            kept += piece if length <= _LONGEST_PATTERN else ""
        return kept

    def _known(self) -> list[tuple[str, str]]:
        """Return captured values with their names, the longest first."""
        found = [(value, name) for value, name in self._by_value.items() if name in self.defined and len(value) > 3]
        place = [(self.workspace, "workspace")] if self.workspace else []
        return sorted([*found, *place], key=lambda pair: -len(pair[0]))


def _plain(text: str) -> str:
    """Return a pattern for a text as it stands, with blanks and dashes left readable."""
    return re.escape(text).replace("\\ ", " ").replace("\\-", "-")


def _quiet(arguments: Mapping[str, JsonValue], content: Facts) -> bool:
    """Whether a poll brought nothing that a play could wait for."""
    if any(content.get(name) for name in ("findings", "answer", "reports")):
        return False
    if "run" in arguments:
        return content.get("state", "running") in _MOVING
    return "cursor" in arguments


def facts_of(text: str) -> Facts | None:
    """Return the facts in an answer's text, None when it is no answer of ours: an error, or another program's words.

    Both forms that clients show are read: the structured content as JSON, and the plain text, of which the facts at
    the top count.
    """
    try:
        value = parsed(text)
    except ValueError:
        value = {name: _scalar(said) for name, said in re.findall(r"^([a-z_]+): (.+)$", text, re.MULTILINE)}
    return cast("Facts", value) if isinstance(value, dict) and "next" in value else None


def _scalar(text: str) -> JsonValue:
    words: dict[str, JsonValue] = {"true": True, "false": False, "null": None, "none": None}
    if text in words:
        return words[text]
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else text
