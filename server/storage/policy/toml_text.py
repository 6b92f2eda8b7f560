"""The text side of the policy: where a key stands in a TOML file, what is wrong there, and TOML made from models.

Knows nothing of the policy's tables; it works on any model whose fields are tables (models) or plain values.
"""

from __future__ import annotations

import difflib
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast, get_origin  # the first is what tomllib returns

import tomli_w
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ...vocabulary.errors import PolicyInvalid

_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*)"
    r'|(?P<string>"""(?s:\\.|[^\\])*?"{3,5}|\'\'\'(?s:.)*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<bare>[A-Za-z0-9_+:-]+)"
    r"|(?P<sign>[\[\]{}=.,\n])"
)
_AT_LINE = re.compile(r" ?\(at line (\d+), column (\d+)\)$")

MOST_PROBLEMS = 20
"""So many are named: a file of 60,000 wrong keys is answered as fast as one of twenty."""
LONGEST_LINE = 2000
"""Characters; what reads TOML takes the square of the length of a dotted key."""

Key = tuple[str, ...]


class Described(BaseModel):
    """A table whose keys can say what they mean."""

    @classmethod
    def texts(cls) -> dict[str, str]:
        """Return what each key means."""
        return {name: field.description or "" for name, field in cls.model_fields.items()}


def parsed(text: str, source: str) -> dict[str, Any]:
    """Return TOML as `tomllib` reads it.

    :raises PolicyInvalid: naming `source:line`, when it is no TOML.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            what = f"{source}:{number}: the line is longer than {LONGEST_LINE} characters."
            raise PolicyInvalid(what, "Divide it and repeat the call; nothing was changed.")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib lets both out for numbers of 5,000 digits and deep nesting
        what = str(error) or type(error).__name__
        at = _AT_LINE.search(what)
        line = int(at[1]) if at else text.count("\n") + 1 if "end of document" in what else 1
        what = _AT_LINE.sub("", what).replace(" (at end of document)", "")
    raise PolicyInvalid(f"{source}:{line}: {what}.", "Correct this line and repeat the call; nothing was changed.")


def key_lines(text: str) -> dict[Key, int]:
    """Return the line, counted from 1, on which each table and key of valid TOML is first named."""
    return dict(reversed(list(_named(text))))


def line_of(lines: Mapping[Key, int], key: Key) -> int:
    """Return the line of `key`, else of the nearest table around it that has one, else 1."""
    return next((lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in lines), 1)


def problems(error: ValidationError, text: str, source: str, model: type[BaseModel]) -> list[str]:
    """Return one line for each thing that is wrong, in the order of the file: `source:line: [table] key: …`."""
    lines = key_lines(text)
    found = sorted(error.errors(include_url=False), key=lambda each: line_of(lines, _key(each)))
    said = [
        f"{source}:{line_of(lines, _key(each))}: {_title(_key(each), model)}: {_complaint(each, model)}"
        for each in found[:MOST_PROBLEMS]
    ]
    more = [f"{source}: and {len(found) - MOST_PROBLEMS} more."] if len(found) > MOST_PROBLEMS else []
    return [one if one.endswith(("?", ".")) else f"{one}." for one in said] + more


def dumped(model: BaseModel) -> str:
    """Return the model's values as TOML; a value None, which TOML cannot say, is left out."""
    return tomli_w.dumps(model.model_dump(exclude_none=True))


def explained(model: BaseModel, why: Callable[[Key], str]) -> str:
    """Return every key of `model` with its value, below what it means and, where `why` has an answer, where it is from.

    TOML cannot say that a value is none: such a key stands there commented out.
    """
    fields = type(model).model_fields
    scalars = (_explained(model, (name,), fields[name].description, why) for name in fields if not _holds(model, name))
    tables = (_table((name,), model, why) for name in fields if _holds(model, name))
    return "\n\n".join([*scalars, *tables]) + "\n"


def _holds(model: BaseModel, name: str) -> bool:
    return isinstance(getattr(model, name), Described | Mapping)


def _table(path: Key, model: BaseModel, why: Callable[[Key], str]) -> str:
    name, header = path[-1], ".".join(path)
    value: Any = getattr(model, name)
    if not isinstance(value, Described):
        pairs = [_setting(key, one) for key, one in value.items()]
        return "\n".join([_words(type(model).model_fields[name].description), f"[{header}]", *pairs])
    inner = [key for key in value.texts() if isinstance(getattr(value, key), Described)]
    keys = (_explained(value, (*path, key), text, why) for key, text in value.texts().items() if key not in inner)
    tables = (f"\n{_table((*path, key), value, why)}" for key in inner)
    return "\n".join([_words(type(value).__doc__), f"[{header}]", *keys, *tables])


def _explained(holder: BaseModel, key: Key, text: str | None, why: Callable[[Key], str]) -> str:
    reason = why(key)
    value = getattr(holder, key[-1])
    said = _tables(key, value) or _setting(key[-1], value)
    return "\n".join([_words(text), *([_words(f"-> {reason}")] if reason else []), said])


def _tables(key: Key, value: object) -> str:
    """Return a list of tables, such as the rules of logs, in the form that may stand behind a table's header."""
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    listed = [one.model_dump(exclude_none=True, mode="json") for one in items if isinstance(one, BaseModel)]
    return tomli_w.dumps({key[0]: {key[-1]: listed}}, indent=0).rstrip("\n") if listed else ""


def _words(text: str | None) -> str:
    return textwrap.fill(text or "", 110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _setting(key: str, value: object) -> str:
    if isinstance(value, Mapping):  # a header of its own would end the table that it stands in
        pairs = cast("Mapping[str, object]", value).items()
        return f"{key} = {{{', '.join(_setting(name, one) for name, one in pairs)}}}"
    toml = tomli_w.dumps({key: "" if value is None else value}, indent=0).rstrip("\n")
    return f"#{toml}" if value is None else toml


def _key(each: ErrorDetails) -> Key:
    """Return the dotted key that an error is about, without pydantic's own marks and positions in lists."""
    return tuple(part for part in each["loc"] if isinstance(part, str) and part != "[key]")


def _title(key: Key, model: type[BaseModel]) -> str:
    """Return `[table] key` as a person would look for it in the file."""
    *tables, last = (part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else ascii(part) for part in key)
    if not tables and last in model.model_fields and get_origin(model.model_fields[last].annotation) is not Literal:
        return f"[{last}]"
    return f"[{'.'.join(tables)}] {last}" if tables else last


def _complaint(each: ErrorDetails, model: type[BaseModel]) -> str:
    if each["type"] == "extra_forbidden":
        return f"there is no such key{_nearest(_key(each), model)}"
    if each["type"] in {"model_type", "dict_type"}:
        return f"expected a table, got {_shown(each['input'])}"
    message = each["msg"].removeprefix("Value error, ")
    if isinstance(each["input"], BaseModel | dict):
        return message
    return f"{message.replace('Input should be', 'expected').replace('tuple', 'list')}, got {_shown(each['input'])}"


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _nearest(key: Key, model: type[BaseModel]) -> str:
    """Return the hint to the key that was probably meant: in this table, else a table, else in another table."""
    tables = {name: field.annotation for name, field in model.model_fields.items()}
    fields = {
        name: list(table.model_fields)
        for name, table in tables.items()
        if isinstance(table, type) and issubclass(table, BaseModel)
    }
    *table, last = key
    here = _known(model, table)
    if near := difflib.get_close_matches(last, here, 1):
        return f"; did you mean {near[0]}?"
    elsewhere = {name: table for table, names in fields.items() for name in names}
    if near := difflib.get_close_matches(last, elsewhere, 1):
        return f"; did you mean {near[0]} in [{elsewhere[near[0]]}]?"
    return f"; known here: {', '.join(here)}" if here else ""


def _known(model: type[BaseModel], table: list[str]) -> list[str]:
    """Return the keys of a table, also of one that lies in another."""
    inner: object = model
    for name in table:
        field = inner.model_fields.get(name) if isinstance(inner, type) and issubclass(inner, BaseModel) else None
        inner = field.annotation if field is not None else None
    return list(inner.model_fields) if isinstance(inner, type) and issubclass(inner, BaseModel) else []


def _named(text: str) -> Iterator[tuple[Key, int]]:
    """Yield every table and key of valid TOML with the line of its name."""
    tokens = _Tokens(text)
    table: Key = ()
    while tokens.kind:
        if tokens.text == "\n":
            tokens.advance()
        elif tokens.text == "[":
            tokens.skip("[")
            line = tokens.line
            table = tokens.key()
            yield table, line
            tokens.skip("]")
        else:
            yield from _pair(tokens, table)


def _pair(tokens: _Tokens, table: Key) -> Iterator[tuple[Key, int]]:
    line = tokens.line
    key = table + tokens.key()
    yield key, line
    tokens.skip("=")
    yield from _value(tokens, key)


def _value(tokens: _Tokens, key: Key) -> Iterator[tuple[Key, int]]:
    """Pass over one value, yielding what inline tables inside it name."""
    opened: list[str] = []
    while tokens.kind:
        if opened and opened[-1] == "{" and tokens.kind in {"bare", "string"}:
            yield from _pair(tokens, key)
            continue
        if not opened and tokens.text in {"\n", ",", "}", "]"}:
            return
        if tokens.text in {"[", "{"}:
            opened.append(tokens.text)
        elif tokens.text in {"]", "}"}:
            opened.pop()
        tokens.advance()


class _Tokens:
    """The tokens of TOML one by one; `kind` is empty at the end. Comments are left out."""

    def __init__(self, text: str) -> None:
        self._matches = _TOKEN.finditer(text)
        self._source = text
        self._end = 0
        self._next_line = 1
        self.kind = self.text = ""
        self.line = 1
        self.advance()

    def advance(self) -> None:
        """Step to the next token."""
        match = next((each for each in self._matches if each.lastgroup != "comment"), None)
        self.kind, self.text = (match.lastgroup or "", match.group()) if match else ("", "")
        if match:
            self._next_line += self._source.count("\n", self._end, match.start())
            self._end = match.start()
            self.line = self._next_line

    def skip(self, sign: str) -> None:
        """Step over every `sign` that stands here."""
        while self.kind and self.text == sign:
            self.advance()

    def key(self) -> Key:
        """Take a dotted key, quoted or bare."""
        parts: list[str] = []
        while self.kind in {"bare", "string"} or self.text == ".":
            if self.text != ".":
                parts.append(_unquoted(self.text))
            self.advance()
        return tuple(parts)


def _unquoted(token: str) -> str:
    """Return the name that a bare or quoted key stands for."""
    return str(tomllib.loads(f"k = {token}")["k"]) if token[0] in "\"'" else token
