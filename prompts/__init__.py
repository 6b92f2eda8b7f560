"""The prompts: one Markdown file each, headed by a TOML block.

The block has `role` (whose prompt it is), `description`, `[arguments]` (required ones and what they mean), `[optional]`
(the others) and `[without]` (what stands in the text where an optional one is not given).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources

_MARK = "+++\n"
LONGEST_VALUE = 200
_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that a client can offer to its user.

    :ivar role: `trainer`, `director` or `observer`; only their servers offer it.
    :ivar arguments: name and meaning of each required argument.
    :ivar optional: the same for the others; `without` says what stands in the text instead of one.
    """

    name: str
    description: str
    text: str
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    optional: dict[str, str] = field(default_factory=dict[str, str])
    without: dict[str, str] = field(default_factory=dict[str, str])
    role: str = "trainer"

    def filled(self, values: dict[str, str]) -> str:
        """Return the text with each `{argument}` replaced by its value, capped at 200 characters.

        :raises KeyError: if a required value is missing.
        """
        known = {name: values[name] for name in self.arguments}
        known |= {name: values.get(name) or self.without[name] for name in self.optional}
        return _PLACE.sub(lambda found: known.get(found[1], found[0])[:LONGEST_VALUE], self.text)


def load() -> tuple[Prompt, ...]:
    """Return all prompts, by name."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda one: one.name)
    return tuple(_parsed(one.name[:-3], one.read_text("utf-8")) for one in files if one.name.endswith(".md"))


def _parsed(name: str, content: str) -> Prompt:
    _, head, text = content.split(_MARK, 2)
    about = tomllib.loads(head)
    tables: list[dict[str, str]] = [about.get(table, {}) for table in ("arguments", "optional", "without")]
    return Prompt(name, about["description"], text.strip() + "\n", *tables, role=about["role"])
