"""Read a transcript from its text, or refuse it with the line and the reason. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError

from . import expectations, names
from .lines import decoded, numbered, parsed, refuse
from .schema import FORMS, Call, Header, KillKeeper, KillProcess, KillServer, Parallel, Placed, Plain, Read, Transcript

MOST_STEPS = 20_000

_Form = TypeVar("_Form", bound=BaseModel)


def read_transcript(data: bytes, source: str) -> Transcript:
    """Return the transcript in a file's bytes.

    A last line without its end that is no JSON was cut off when its writer was killed; it is left out and noted.

    :param source: the file's name, for messages.
    :raises InvalidArgument: naming the line and what is wrong with it.
    """
    text = decoded(data, source)
    values, notes = _values(text, source)
    if not values:
        raise refuse(source, "line 1", "a transcript begins by its header, and this file is empty")
    first, head = values[0]
    if not isinstance(head, dict) or "transcript" not in head:
        raise refuse(source, f"line {first}", 'a transcript begins by its header: {"transcript": 1, …}')
    header = _formed(Header, head, source, f"line {first}")
    if len(values) > MOST_STEPS:
        raise refuse(source, f"line {first}", f"more than {MOST_STEPS} steps")
    steps = tuple(_placed(value, source, f"line {number}") for number, value in values[1:])
    _check_names(steps, source, header)
    return Transcript(source=source, header=header, steps=steps, notes=notes)


def _values(text: str, source: str) -> tuple[list[tuple[int, JsonValue]], tuple[str, ...]]:
    found: list[tuple[int, JsonValue]] = []
    lines = list(numbered(text))
    for number, line in lines:
        try:
            found.append((number, parsed(line)))
        except ValueError as error:
            if found and number == lines[-1][0] and not text.endswith("\n") and str(error).startswith("is no JSON"):
                return found, (f"line {number} was cut off and is left out",)
            raise refuse(source, f"line {number}", str(error)) from None
    return found, ()


def _placed(value: JsonValue, source: str, at: str) -> Placed:
    if not isinstance(value, dict):
        raise refuse(source, at, "a step is a JSON object")
    if "parallel" in value:
        return Placed(at=at, step=_parallel(value, source, at))
    markers = {form.marker: form for form in FORMS}
    form = next((form for marker, form in markers.items() if marker in value), None)
    if form is None:
        raise refuse(source, at, f"no step: it needs one of the keys {', '.join([*markers, 'parallel'])}")
    return Placed(at=at, step=_formed(form, value, source, at))


def _parallel(value: Mapping[str, JsonValue], source: str, at: str) -> Parallel:
    branches = value["parallel"]
    if set(value) != {"parallel"} or not isinstance(branches, list) or not branches:
        raise refuse(source, at, "parallel stands alone and takes a list of lists of steps")
    made: list[tuple[Placed, ...]] = []
    for number, branch in enumerate(branches, 1):
        if not isinstance(branch, list):
            raise refuse(source, at, f"branch {number} of parallel is no list of steps")
        places = [f"{at}, branch {number}, step {place}" for place in range(1, len(branch) + 1)]
        made.append(tuple(_placed(step, source, place) for step, place in zip(branch, places, strict=True)))
    return Parallel(branches=tuple(made))


def _formed(form: type[_Form], value: Mapping[str, JsonValue], source: str, at: str) -> _Form:
    try:
        return form.model_validate(dict(value))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise refuse(source, at, _problem(form, first["type"], first["loc"], first["msg"])) from None


def _problem(form: type[BaseModel], kind: str, place: Sequence[int | str], message: str) -> str:
    name = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, form.model_fields, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(form.model_fields)}"
        return f"{name[:60]!r} is no key here; {hint}"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _check_names(steps: Sequence[Placed], source: str, header: Header) -> None:
    """Refuse a step of an agent that is not named in the header, or with a name that nothing before it captures."""
    _checked(steps, frozenset({names.WORKSPACE}), source, header)


def _checked(steps: Sequence[Placed], known: frozenset[str], source: str, header: Header) -> frozenset[str]:
    for placed in steps:
        step = placed.step
        if isinstance(step, Parallel):
            after = [_checked(branch, known, source, header) for branch in step.branches]
            known = known.union(*after)
            continue
        agent = step.agent if isinstance(step, Call) else step.kill_server if isinstance(step, KillServer) else None
        if agent is not None and agent not in header.agents:
            raise refuse(source, placed.at, f"agent {agent[:60]!r} is none of {', '.join(header.agents)}")
        own = known.union(_captured(step))
        unknown = [name for name in _used(step) if name not in known]
        unknown += [name for name in _expected(step) if name not in own]
        if unknown:
            raise refuse(source, placed.at, f"${unknown[0]} is used before anything was captured under that name")
        known = own
    return known


def _used(step: Plain) -> Iterator[str]:
    if isinstance(step, Call):
        yield from names.used(cast("JsonValue", step.arguments))
        yield from names.used_in_pattern(step.refused or "")
    elif isinstance(step, KillKeeper):
        yield from names.used(step.kill_keeper)
    elif isinstance(step, KillProcess):
        yield from names.used(step.kill_process)
    elif isinstance(step, Read):
        yield from names.used(step.read)


def _expected(step: Plain) -> Iterator[str]:
    """Give the names that a step's expectations refer to; they may be captured in the same step, further in front."""
    if isinstance(step, Call | Read):
        yield from expectations.references(step.until)
        yield from expectations.references(step.expect)
    if isinstance(step, Call):
        yield from expectations.references(step.text)


def _captured(step: Plain) -> list[str]:
    if not isinstance(step, Call | Read):
        return []
    text = expectations.captures(step.text) if isinstance(step, Call) else []
    return [*expectations.captures(step.expect), *expectations.captures(step.until), *text]
