"""Numbers for estimators, optimisers and loaders, so that what one of them does later can be put together."""

from __future__ import annotations

import weakref
from typing import Any

from .state import next_number

_known: dict[int, tuple[Any, int]] = {}
_last_fit: dict[int, int] = {}
_MOST = 20_000


def number_of(thing: Any) -> int:
    """Return the number of an object, the same for as long as it lives."""
    known = _known.get(id(thing))
    if known is not None and (known[0] is None or known[0]() is thing):
        return known[1]
    number = next_number("object")
    if len(_known) >= _MOST:
        _known.clear()
    try:
        _known[id(thing)] = (weakref.ref(thing), number)
    except TypeError:
        _known[id(thing)] = (None, number)
    return number


def fitted(thing: Any, fit: int) -> int:
    """Remember that an object was fitted by the fit of this id; return the object's number."""
    number = number_of(thing)
    _last_fit[number] = fit
    return number


def of_fit(thing: Any) -> int | None:
    """Return the id of the latest fit of an object, None where it was not fitted in this process."""
    known = _known.get(id(thing))
    if known is None or (known[0] is not None and known[0]() is not thing):
        return None
    return _last_fit.get(known[1])


def owner(thing: Any) -> dict[str, int]:
    """Return the keys `object` and `of` of an object, as far as they are known."""
    fit = of_fit(thing)
    return {"object": number_of(thing), **({"of": fit} if fit is not None else {})}


def is_known(thing: Any) -> bool:
    """Whether the object was fitted in this process."""
    return of_fit(thing) is not None
