"""Arguments of the command line, as argparse, click and typer would read them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from . import folding
from .values import Function, Instance, Items, Known, Made, Ref, Table, Unknown, Value, number_of, text_of, truth


def add_argument(parser: Made, args: list[Value], keywords: dict[str, Value]) -> None:
    """Remember an argument on its parser, under the name that it will have."""
    flags = [text_of(one) or "" for one in args]
    long = next((one for one in flags if one.startswith("--")), flags[0] if flags else "")
    name = text_of(keywords.get("dest")) or long.lstrip("-").replace("-", "_")
    words: list[Value] = [Known(one) for one in flags]
    parser.attributes[f"argument {name}"] = Table({"flags": Items("list", words, len(words)), **keywords})


def parse_arguments(parser: Made, words: Value | None, given: Sequence[str]) -> tuple[Instance, str]:
    """Return the namespace, and what could not be settled about it."""
    line: list[str] | None = list(given)
    if isinstance(words, Items):
        texts = [text_of(one) for one in words.items]
        line = [one for one in texts if one is not None]
        line = line if len(line) == len(texts) == words.count else None
    elif words is not None and not (isinstance(words, Known) and words.data is None):
        line = None
    space = Instance(None)
    arguments = _arguments(parser)
    for name, about in arguments.items():
        space.attributes[name] = _default(parser, name, about)
    if line is None:
        space.attributes = {name: Unknown("the command line is made at run time") for name in space.attributes}
        return space, ""
    return space, _read(line, arguments, space.attributes)


def _arguments(parser: Made) -> dict[str, Table]:
    head = "argument "
    found = {name[len(head) :]: value for name, value in parser.attributes.items() if name.startswith(head)}
    return {name: value for name, value in found.items() if isinstance(value, Table)}


def _default(parser: Made, name: str, about: Table) -> Value:
    later = parser.attributes.get(f"default {name}")
    if later is not None:
        return later
    action = text_of(about.items.get("action"))
    fallback: Value = Known(action == "store_false") if action in {"store_true", "store_false"} else Known(None)
    value = about.items.get("default", fallback)
    return _typed(value, about.items.get("type")) if text_of(value) is not None else value


def _typed(value: Value, kind: Value | None) -> Value:
    name = kind.name.removeprefix("builtins.") if isinstance(kind, Ref) else ""
    if name in {"int", "float", "str"}:
        return folding.converted(name, value)
    return value if kind is None or name == "pathlib.Path" else Unknown("converted by the script's own type")


def _flags(about: Table) -> list[str]:
    flags = about.items.get("flags")
    return [text_of(one) or "" for one in flags.items] if isinstance(flags, Items) else []


def _read(line: list[str], arguments: Mapping[str, Table], into: dict[str, Value]) -> str:
    """Apply the words of a command line; return what could not be applied."""
    by_flag = {flag: name for name, about in arguments.items() for flag in _flags(about) if flag.startswith("-")}
    places = [name for name, about in arguments.items() if not any(one.startswith("-") for one in _flags(about))]
    problem = ""
    words = list(line)
    while words:
        word, equals, value = words.pop(0).partition("=")
        if not word.startswith("-") or _is_number(word):
            if places:
                name = places.pop(0)
                into[name] = _typed(Known(word + equals + value), arguments[name].items.get("type"))
            else:
                problem = f"the argument {word!r} of the command line fits nothing that is read"
            continue
        name = by_flag.get(word) or _abbreviated(word, by_flag)
        if name is None:
            problem = f"the argument {word!r} of the command line fits nothing that is read"
            continue
        _apply(name, arguments[name], value if equals else None, words, into)
    return problem


def _apply(name: str, about: Table, value: str | None, words: list[str], into: dict[str, Value]) -> None:
    action = text_of(about.items.get("action"))
    if action in {"store_true", "store_false"}:
        into[name] = Known(action == "store_true")
    elif action not in {None, "store"} or "nargs" in about.items:
        into[name] = Unknown("given on the command line")
        while words and not words[0].startswith("-"):
            words.pop(0)
    elif value is not None or words:
        into[name] = _typed(Known(value if value is not None else words.pop(0)), about.items.get("type"))


def _abbreviated(word: str, by_flag: Mapping[str, str]) -> str | None:
    names = {name for flag, name in by_flag.items() if word.startswith("--") and flag.startswith(word)}
    return names.pop() if len(names) == 1 else None


def _is_number(word: str) -> bool:
    return number_of(folding.converted("float", Known(word))) is not None


# click and typer


def add_option(function: Function, decorator: Made) -> None:
    """Remember `@click.option("--draws", default=…)` on the function that it decorates."""
    parser = Made("argparse.ArgumentParser")
    add_argument(parser, [one for one in decorator.args if text_of(one)], dict(decorator.keywords))
    for name, about in parser.attributes.items():
        if isinstance(about, Table) and "is_flag" in about.items and truth(about.items["is_flag"]):
            about.items["action"] = Known("store_true")
        function.options[name] = about


def bind_options(function: Function, given: Sequence[str]) -> tuple[dict[str, Value], str]:
    """Return the arguments with which click, typer or fire call a function, and what could not be settled."""
    parser = Made("argparse.ArgumentParser")
    parser.attributes.update(function.options)
    if not function.options:
        for name, default in _named_arguments(function):
            kind = type(default.data).__name__ if isinstance(default, Known) and default.data is not None else "str"
            about: dict[str, Value] = {"default": default, "type": Ref(f"builtins.{kind}")}
            if kind == "bool":
                about["action"] = Known("store_true")
            add_argument(
                parser, [Known("--" + name.replace("_", "-")), Known("--" + name)], {"dest": Known(name), **about}
            )
    space, problem = parse_arguments(parser, None, given)
    return space.attributes, problem


def _named_arguments(function: Function) -> list[tuple[str, Value]]:
    if isinstance(function.node, ast.Lambda):
        return []
    spec = function.node.args
    return [
        (one.arg, function.defaults.get(one.arg, Unknown("an argument that must be given")))
        for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
    ]
