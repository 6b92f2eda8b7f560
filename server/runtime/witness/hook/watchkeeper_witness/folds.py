"""Which rows do folds train on and test, where a splitter of the person's makes them, or a list says so?"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .own_classes import is_persons
from .state import can_afford, numpy, ours_at_length
from .trouble import trouble

_MOST_GROUPED = 200_000
_MOST_FOLDS = 50
_USUAL_FOLDS = 5
_MOST_ROWS = 1 << 20


class Folds:
    """What was seen of the folds that one splitter made."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self.told = {"folds": 0, "shared": 0, "tested": 0}

    def split(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Yield what the splitter does, and look at it."""
        for pair in self._make(*args, **kwargs):
            try:
                with ours_at_length():
                    look(pair, self.told)
            except Exception as error:
                trouble("folds", error)
            yield pair


def look(pair: Any, told: dict[str, int]) -> None:
    """Count the rows of a fold that are tested, and those of them that are trained on too."""
    np = numpy()
    train, test = pair
    many = told["folds"] >= _MOST_FOLDS or max(len(train), len(test)) > _MOST_ROWS
    if np is None or many or not can_afford():
        return
    train, test = np.asarray(train), np.asarray(test)
    if train.dtype == bool:
        train, test = np.flatnonzero(train), np.flatnonzero(test)
    told["folds"] += 1
    told["tested"] += len(test)
    told["shared"] += int(np.isin(test, train).sum())


def watched(cv: Any) -> Folds | None:
    """Look at the folds of a splitter of the person's from now on, by this object only; None for any other."""
    make = getattr(cv, "split", None)
    if cv is None or isinstance(cv, (str, type)) or not callable(make) or not is_persons(type(cv)):
        return None
    if "split" in getattr(cv, "__dict__", {}):
        return None  # its own, which `told` would take away
    try:
        folds = Folds(make)
        cv.split = folds.split
        return folds
    except Exception:  # no attribute can be set
        return None


def told(cv: Any, folds: Any) -> dict[str, Any]:
    """Return what was seen of the folds where some test what they train on, and leave the splitter as it was."""
    if isinstance(folds, Folds):
        with contextlib.suppress(AttributeError):
            del cv.split
        found = folds.told
    else:
        found = {"folds": 0, "shared": 0, "tested": 0}
        for pair in cv if isinstance(cv, (list, tuple)) else ():
            look(pair, found)
    return {"folds_seen": found} if found["shared"] else {}


def inside(estimator: Any) -> dict[str, int]:
    """Return in how many folds the fit of an estimator divides its rows itself: a calibration, a stack, `LassoCV`.

    `None` is scikit-learn's five, except where a ridge leaves out each row without dividing any.
    """
    own = getattr(estimator, "__dict__", {})
    if "cv" not in own or (own["cv"] is None and type(estimator).__name__.startswith("Ridge")):
        return {}
    count = _USUAL_FOLDS if own["cv"] is None else own["cv"]
    count = count if isinstance(count, int) else getattr(count, "n_splits", None)
    return {"folds": count} if isinstance(count, int) and count > 1 else {}


def grouped(given: Any) -> dict[str, Any]:
    """Return how many groups there are among how many rows, where rows are to be kept together by them."""
    try:
        count = len(given)
        values = given.tolist() if hasattr(given, "tolist") else list(given)
        return {"groups": {"rows": count, "distinct": len(set(values))}} if 0 < count <= _MOST_GROUPED else {}
    except Exception:
        return {}
