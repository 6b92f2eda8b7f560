"""What was done to the record itself and to what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .chain import Kind


@dataclass(frozen=True, kw_only=True)
class LedgerRebuilt:
    """The ledger was made anew from one that could not be read or did not hold.

    :ivar aside: the name under which the old one is kept. :ivar who: uid of who did it.
    :ivar kept: events that were taken over; at least `lost` were not, whose hash did not hold or whose page is gone.
    :ivar whole: whether these are all that there were; else the newest may be gone without a trace.
    """

    KIND: ClassVar = Kind.REBUILT

    aside: str
    kept: int
    lost: int = 0
    whole: bool = True
    who: str = ""
