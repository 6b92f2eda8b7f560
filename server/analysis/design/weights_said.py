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
