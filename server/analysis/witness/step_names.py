"""The names that a script gives to the parts of a Pipeline, taken for those of their classes.

`Pipeline([("fill", SimpleImputer())])` and `make_pipeline(SimpleImputer())` do the same. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

_LISTS = ("steps", "transformers", "estimators", "transformer_list")


def named_by_class(facts: Mapping[str, object]) -> dict[str, object]:
    """Return parameters and the space of a search in which each part has the name of its class."""
    names = _names(facts)
    return _renamed_keys(facts, names) if names else dict(facts)


def _names(facts: Mapping[str, object]) -> dict[str, str]:
    """Return by name of a part what it is called here; nothing of a name that stands for two classes."""
    found: dict[str, set[str]] = {}
    for key, value in facts.items():
        if key.rpartition("__")[2] not in _LISTS or not isinstance(value, list):
            continue
        seen: dict[str, int] = {}
        for name, kind in map(_pair, cast("list[object]", value)):
            seen[kind] = seen.get(kind, 0) + 1
            found.setdefault(name, set()).add(kind if seen[kind] == 1 else f"{kind}-{seen[kind]}")
    return {name: min(kinds) for name, kinds in found.items() if name and len(kinds) == 1}


def _pair(value: object) -> tuple[str, str]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    name, kind = listed[:2] if len(listed) > 1 else ("", "")
    return (name, kind.strip("<>").lower()) if isinstance(name, str) and isinstance(kind, str) else ("", "")


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        return _renamed_keys(cast("Mapping[str, object]", value), names)
    if not isinstance(value, list):
        return value
    listed = cast("list[object]", value)
    name, _ = _pair(listed)
    return [names.get(name, listed[0]), *listed[1:]] if name else [_renamed(one, names) for one in listed]


def _renamed_keys(facts: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {
        "__".join(names.get(part, part) for part in name.split("__")): _renamed(value, names)
        for name, value in facts.items()
    }
