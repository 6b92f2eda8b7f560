"""The words of a German design that its rows are read by, in English, each line in its place. Pure.

Only what the readers of a design know is put into English: names of parameters, bounds, units, the section that binds.
"""

from __future__ import annotations

import re

_IS_GERMAN = re.compile(
    r"\b(?:und|der|das|für|eine[rmns]?|werden|wird|nicht|auf|aus|bei|pro|modell|verfahren|methode|ketten|epochen|ziehungen"
    r"|sekunden|minuten|stunden|vorgabe|mindest\w*|höchst\w*|kreuzvalidierung|\w*anforderungen)\b",
    re.IGNORECASE,
)
_UMLAUT = re.compile(r"\w[äöüß]\w", re.IGNORECASE)
"""All of them together count as one word: places and persons of an English design may be written so."""
_LEAST = 3
"""So many words that are German make a document that is."""
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), english)
    for words, english in (
        (r"rechen(?:anforderungen|aufwand|bedarf)|(?:anforderungen an )?(?:rechnung|berechnung)s?anforderungen"
         r"|trainings?anforderungen|rechentechnische anforderungen", "computational requirements"),
        (r"mindest(?:lauf|trainings|rechen)?(?:zeit|dauer)|mindest(?:lauf|trainings)dauer", "minimum training time"),
        (r"höchst(?:lauf|trainings)?(?:zeit|dauer)", "maximum training time"),
        (r"(?:trainings|lauf|rechen)(?:zeit|dauer)", "training time"),
        (r"je kette|pro kette", "per chain"),
        (r"(?:anzahl (?:der )?)?ketten", "chains"),
        (r"(?:posterior-?)?ziehungen", "draws"),
        (r"aufwärmphase|aufwärmschritte|einschwingphase|einbrennphase", "warmup"),
        (r"(?:trainings)?epochen", "epochs"),
        (r"lernrate", "learning rate"),
        (r"(?:stapel|batch)-?größe", "batch size"),
        (r"(?:anzahl (?:der )?)?bäume", "trees"),
        (r"(?:boosting-?)?runden", "rounds"),
        (r"kreuzvalidierung", "cross validation"),
        (r"(?<=\d)-fache", "-fold"),
        (r"wiederholungen", "repeats"),
        (r"(?:optimierungs|gradienten)schritte", "optimizer steps"),
        (r"verfahren|methode", "method"),
        (r"vorgabe|sollwert|festlegung", "specification"),
        (r"mindestens|mindestwert|minimal|wenigstens", "at least"),
        (r"höchstens|höchstwert|maximal|bis zu", "at most"),
        (r"darf nicht vereinfacht werden|nicht vereinfachen", "must not be simplified"),
        (r"bis zur konvergenz", "until convergence"),
        (r"früh(?:er|es|em|en|zeitiger)? (?:abbruch|stopp?)|abbruch bei ausbleibender verbesserung", "early stopping"),
        (r"geduld", "patience"),
        (r"sekunden?|sek\.?", "seconds"),
        (r"minuten?", "minutes"),
        (r"stunden?|(?<=\d[ \u00a0])std\.?|(?<=\d)std\.?", "hours"),
        (r"tausend", "thousand"),
        (r"ja", "yes"),
        (r"nein", "no"),
    )
)  # fmt: skip


def in_english(text: str) -> str:
    """Return a design with the words of its rows in English; as it is where it is not written in German."""
    known = len({found[0].lower() for found in _IS_GERMAN.finditer(text)})
    if known + (_UMLAUT.search(text) is not None) < _LEAST:
        return text
    for words, english in _WORDS:
        text = words.sub(english, text)
    return text
