"""The way back from JSON to facts, for the parent only: the child does without pydantic, which costs 90 ms."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from .facts import Container


@cache
def _adapter() -> TypeAdapter[Container]:
    return TypeAdapter(Annotated[Container, Field(discriminator="kind")])


def from_json(document: bytes | str) -> Container:
    """Return the facts that a JSON document holds.

    :raises ValueError: if it is none, or holds other fields or types than the facts have.
    """
    try:
        return _adapter().validate_json(document, strict=True)
    except ValidationError as error:
        raise ValueError(f"no facts: {error.error_count()} field(s) are wrong or missing") from error
