"""The prompts: one Markdown file each, headed by a TOML block with its description and arguments."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib import resources

_MARK = "+++\n"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that a client can offer to its user.

    :ivar arguments: name and meaning of each argument; all are required.
    """

    name: str
    description: str
    text: str
    arguments: dict[str, str] = field(default_factory=dict[str, str])

    def filled(self, values: dict[str, str]) -> str:
        """Return the text with each `{argument}` replaced by its value, capped at 200 characters.

        :raises KeyError: if a value is missing.
        """
        text = self.text
        for name in self.arguments:
            text = text.replace("{" + name + "}", values[name][:200])
        return text


def load() -> tuple[Prompt, ...]:
    """Return all prompts, by name."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda one: one.name)
    return tuple(_parsed(one.name[:-3], one.read_text("utf-8")) for one in files if one.name.endswith(".md"))


def _parsed(name: str, content: str) -> Prompt:
    _, head, text = content.split(_MARK, 2)
    about = tomllib.loads(head)
    return Prompt(name, about["description"], text.strip() + "\n", dict(about.get("arguments", {})))
