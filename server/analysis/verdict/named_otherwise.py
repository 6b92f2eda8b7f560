"""Is a class of the person's what its name says? By the fit that ran, not by the name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..evidence.checks import Check
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..witness import Fit
from ..witness.seen import Seen, kind_of_class, place

_OF_NO_KIND = re.compile("Sequential|Functional")
"""Keras calls networks so; in other names they say how something is done, as of functional regression."""
_BRIEF_S = 0.01
"""By so much a time that was told is rounded."""


def classes(seen: Seen) -> Check | None:
    """Is each class of the run's own what its name says? None where none is called otherwise."""
    found = first_of(named_otherwise(seen))
    return None if found is None else found.check("classes", "witnessed")


def named_otherwise(seen: Seen) -> Iterator[Suspicion]:
    """Yield that a class which is called as one kind of model is fitted as another.

    Several fits inside of one make a kind of their own, as of members that are put together, and are not asked about.
    """
    for one in (each for each in seen.fits if each.own):
        name = _OF_NO_KIND.sub("", one.called)
        called = kind_of_class(replace(one, name=name, estimator="", done={}))
        ran = [each for each in _that_ran(one, seen) if kind_of_class(each)] if called else []
        if len(ran) == 1 and kind_of_class(ran[0]) != called:
            fit = ran[0]
            what = f"{one.called} at {place(one.line)} is a class of the run's own code, and what fits it is"
            what = f"{what} {fit.name} at {place(fit.line)}: {kind_of_class(fit)}, not {called}"
            action = "Call the class what it is, and say in the design which method it is; or fit what its name says."
            yield Suspicion(what, Word.INVESTIGATE, "class_by_another_name", action)
            return


def _that_ran(one: Fit, seen: Seen) -> Sequence[Fit]:
    """Return the fits of libraries that make up a fit of a class of the person's: its own, or those inside of it."""
    if one.name != one.called:
        return (one,)
    begun = one.line.at - one.wall_s - _BRIEF_S
    return [
        each
        for each in seen.fits
        if each.line.file == one.line.file
        and each.line.n < one.line.n
        and each.line.at >= begun
        and (not each.own or each.name != each.called)
    ]
