"""What a design says anywhere in its text: weights from before, a validation part beside the test. Pure."""

from __future__ import annotations

import re

# What may repeat has a bound everywhere: a document of a megabyte of one word, or of one dash, is read in one go.
_SAID = re.compile(
    r"fine[\s_-]{0,3}tun|pre[\s_-]{0,3}train|transfer[\s_-]{0,3}learn|warm[\s_-]{0,3}start|\bresum"
    r"|backbone|foundation|adapter|\blora\b|distil|teacher|imagenet|hugging\s?face|continual|\bfrozen\b|freez"
    r"|(?:from|with|of)\s(?:\S{1,40}\s){0,3}?check[\s_-]?point"
    r"|(?:load|start|begin|initiali[sz]|seeded|reus)\w{0,9}\s(?:\S{1,40}\s){0,6}?(?:weights|parameters)\b"
    r"|(?:load|continu|reus)\w{0,9}\s(?:\S{1,40}\s){0,6}?(?:model|network)\b"
    r"|(?:weights|parameters)\s(?:\S{1,40}\s){0,3}?from\b"
    r"|glove\b|word2vec|fast[\s_-]?text|\bbert\b|roberta|distilbert|deberta|sentence[\s_-]?transformer|\bllama"
    r"|initiali[sz]\w{0,9}\s(?:with|from|by)\s(?:\S{1,40}\s){0,5}?(?:model|network|embeddings?|vectors)\b"
    r"|(?:start|begin|initiali[sz]|refin)\w{0,9}\s(?:\S{1,40}\s){0,3}?(?:from|with)\s(?:\S{1,40}\s){0,3}?"
    r"(?:last|previous|earlier|prior)\b\S{0,20}\s(?:\S{1,40}\s){0,3}?(?:model|network)\b"
    r"|(?:existing|earlier|published|released|stored)\s(?:\S{1,40}\s){0,2}?(?:weights|model|network)",
    re.IGNORECASE,
)
_ANEW = re.compile(
    r"(?:trained|training|train)\s{1,9}(?:\S{1,40}\s){0,3}?from\s{1,9}scratch|from\s{1,9}scratch"
    r"|(?:random(?:ly)?|fresh(?:ly)?)\W{1,5}(?:\S{1,40}\s){0,2}?(?:initial|weights)|(?:starts?|begins?)\s{1,9}anew"
    r"|(?:no|without|not)\s{1,9}(?:\S{1,40}\s){0,2}?(?:pre[\s_-]{0,3}train\w*|fine[\s_-]{0,3}tun\w*|warm[\s_-]{0,3}start\w*"
    r"|transfer\w*|checkpoints?|weights)",
    re.IGNORECASE,
)

_SNAPSHOTS = re.compile(
    r"snapshot|cyclic|\bswag?\b|\bema\b|trajectory|perturb|jitter|\bcop(?:y|ies)\b|dropout", re.IGNORECASE
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
_ONE_STEP = re.compile(r"one[\s-](?:step|hour|day|week|month)[\s-]ahead|teacher[\s-]forc", re.IGNORECASE)


def speaks_of_free_running(text: str) -> bool:
    """Whether forecasts are to be made of forecasts, and nothing is said of single steps."""
    return _FREE.search(text) is not None and _ONE_STEP.search(_DENIED.sub(" ", text)) is None


_GIVEN_BACK = re.compile(
    r"auto[\s-]?encod|reconstruct|denois|inpaint|imput|anomal|super[\s-]?resol|compress|identity|smooth|filter|decompos"
    r"|self[\s-]supervis|masked|nowcast|calibrat|correct(?:s|ion|ing)\b|downscal",
    re.IGNORECASE,
)


def speaks_of_reconstruction(text: str) -> bool:
    """Whether what is predicted may be what was given, as of an autoencoder or a correction of measurements."""
    return _GIVEN_BACK.search(text) is not None


def speaks_of_fixed(text: str) -> bool:
    """Whether it speaks of a part of a network that is not trained, or not at this time, other than to deny it."""
    return _NOT_UPDATED.search(text) is not None or _FIXED.search(_DENIED.sub(" ", text)) is not None


def speaks_of_weights(text: str) -> bool:
    """Whether it speaks of weights from before, other than to say that there are none."""
    return _SAID.search(_ANEW.sub(" ", text)) is not None


def tells_test_from_validation(text: str) -> bool:
    """Whether it speaks of a validation part and of a test part."""
    said = text.lower()
    return (
        re.search(r"\bvalid(?:ation)?\b", said) is not None and re.search(r"\btests?\b|held[\s-]?out", said) is not None
    )


def speaks_of_snapshots(text: str) -> bool:
    """Whether members of an ensemble may be states or copies of one training."""
    return _SNAPSHOTS.search(text) is not None
