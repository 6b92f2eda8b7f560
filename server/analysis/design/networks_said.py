"""What a design says of its networks: fixed parts, forecasts that run freely, outcomes that are inputs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworksSaid:
    """What stands in the text.

    :ivar fixed: that a part of a network is not trained, or at another time.
    :ivar free_running: that forecasts are made of forecasts, and not of what was measured since.
    :ivar given_back: that what is predicted may be what was given.
    :ivar updates: that something is done to the updates of an optimiser before they are added.
    """

    fixed: bool = False
    free_running: bool = False
    given_back: bool = False
    updates: bool = False


def read_networks(text: str) -> NetworksSaid:
    """Return what a design says of its networks."""
    return NetworksSaid(
        speaks_of_fixed(text), speaks_of_free_running(text), speaks_of_reconstruction(text), speaks_of_updates(text)
    )


_FIXED = re.compile(
    r"\bfrozen\b|freez|pre[\s_-]{0,3}train|fine[\s_-]{0,3}tun|transfer[\s_-]{0,3}learn|adapter|\blora\b|distil|teacher"
    r"|linear[\s_-]prob|feature[\s_-]extract|stop[\s_-]gradient|detach|reservoir|echo[\s_-]state|extreme[\s_-]learning"
    r"|random[\s_-](?:\S{1,20}\s)?(?:features?|projections?|fourier)|\bprun|\bsurger|unfreez|layer[\s_-]?wise"
    r"|(?:held|kept|stays?|remains?|left)\s(?:\S{1,20}\s)?(?:fixed|constant|unchanged|as\sthey)"
    r"|fixed\s(?:\S{1,20}\s)?(?:weights?|embeddings?|encoders?|encodings?|features?|basis|projections?|layers?|networks?)"
    r"|untrained|second\sstage|stage\s(?:two|2)|(?:from|with|of)\s(?:\S{1,40}\s){0,3}?check[\s_-]?point",
    re.IGNORECASE,
)
_NOT_UPDATED = re.compile(
    r"\b(?:not|never)\s(?:be\s|being\s)?(?:trained|updated|learned|learnt|optimi[sz]ed)\b(?!\s(?:on|with|by)\b)",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:no|not|nothing|none|never|neither|nor|without)\b[^.,;:|\n]{0,200}", re.IGNORECASE)
_FREE = re.compile(
    r"recursiv\w{0,4}(?!\s(?:feature|partition|least|binary))|free[\s-]running|closed[\s-]loop|open[\s-]loop"
    r"|(?:fed|feeds?|feeding)\s(?:\S{1,20}\s){0,3}?back|\bown\s(?:\S{1,20}\s)?(?:predictions?|forecasts?|outputs?)"
    r"|roll(?:s|ed|ing)?[\s-]?out|autoregressive\sroll|iterated\s(?:\S{1,20}\s)?forecast"
    r"|(?:no|never|not|without)\s(?:\S{1,20}\s){0,2}?(?:measured|observed|true|actual|real)\s(?:\S{1,20}\s){0,2}?"
    r"(?:values?|data|outcomes?|observations?)\s(?:\S{1,20}\s){0,2}?(?:of|from|in|after|during)\b",
    re.IGNORECASE,
)
_ONE_STEP = re.compile(r"one[\s-](?:step|hour|day|week|month)[\s-]ahead", re.IGNORECASE)


def speaks_of_free_running(text: str) -> bool:
    """Whether forecasts are to be made of forecasts, and nothing is said of single steps."""
    return _FREE.search(text) is not None and _ONE_STEP.search(_DENIED.sub(" ", text)) is None


_GIVEN_BACK = re.compile(
    r"auto[\s-]?encod|reconstruct|denois|inpaint|imput|anomal|super[\s-]?resol|compress|identity|smooth|filter|decompos"
    r"|self[\s-]supervis|masked|nowcast|calibrat|correct(?:s|ion|ing)\b|downscal|normali[sz]ing\sflow|\bflows?\b|density"
    r"|discriminat|\bcritic\b|\bc?w?gans?\b|adversar|energy[\s-]based|diffusion|score[\s-]match|neural\sprocess|teacher[\s-]forc",
    re.IGNORECASE,
)


def speaks_of_reconstruction(text: str) -> bool:
    """Whether what is predicted may be what was given, as of an autoencoder or a correction of measurements."""
    return _GIVEN_BACK.search(text) is not None


_NOT_FINITE = re.compile(r"no[nt][\s-]?finite|\bnan\b", re.IGNORECASE)
_UPDATES = re.compile(
    r"mask|early[\s-]stop|patience|look[\s-]?ahead|project|skip|finite|\bnan\b|noise|langevin|\bema\b|averag|symplectic"
    r"|gradients?\s(?:\S{1,20}\s){0,4}?(?:scaled|multiplied|clipped|summed|accumulat|normali[sz]|penal|centred|centered)"
    r"|(?:scal|clip|accumul|normali[sz])\w{0,6}\s(?:\S{1,20}\s){0,3}?gradients?|accumulat|clipp|micro-?batch|devices|penalt"
    r"|updates?\s(?:\S{1,20}\s){0,3}?(?:scaled|multiplied|clipped|averaged|shared)|(?:scal|clip|multipl)\w{0,6}\supdates?",
    re.IGNORECASE,
)


def speaks_of_updates(text: str) -> bool:
    """Whether it speaks of what may be done to updates before they are added, other than to deny it."""
    return _NOT_FINITE.search(text) is not None or _UPDATES.search(_DENIED.sub(" ", text)) is not None


def speaks_of_fixed(text: str) -> bool:
    """Whether it speaks of a part of a network that is not trained, or not at this time, other than to deny it."""
    return _NOT_UPDATED.search(text) is not None or _FIXED.search(_DENIED.sub(" ", text)) is not None
