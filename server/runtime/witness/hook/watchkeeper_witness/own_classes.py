"""Classes of the person's that are called as a library's are: whose fit is it that ran?"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
from typing import Any

from . import places


def is_persons(cls: Any) -> bool:
    """Whether a class was defined in the person's own code."""
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    return cls.__module__ in ("__main__", "__mp_main__") or bool(path and places.places and places.places.person(path))


def base_of(estimator: Any, key: str) -> dict[str, Any]:
    """Return for an object of a class of the person's that it is one, and whose method ran where that is a library's.

    :param key: under which the call is told: those of the person's own methods begin with `own_`.
    """
    cls = type(estimator)
    if not is_persons(cls):
        return {}
    base = next((each for each in cls.__mro__ if not is_persons(each) and callable(getattr(each, "fit", None))), None)
    return {"own": True, **({"base": base.__name__} if base is not None and not key.startswith("own_") else {})}
