"""What a design says of its own length, in any words: bounds, patience, until when it trains. Pure.

A row that holds a number is read as one (`design`). What is said otherwise sets no number, but whoever says it has
spoken: no minimum that nobody chose stands in the place of these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import markdown

STOPS = "stops"
"""The word for a training that ends when something is reached."""

_STOPS = re.compile(
    r"\bearly[- ]?stop\w*|\bpatience\b|\bstop(?:s|ped|ping)?\b.{0,40}\b(?:when|once|if|as soon as|after|on|by)\b"
    r"|\buntil\b.{0,60}\b(?:converg\w*|stable|plateau\w*|no (?:longer|more)|stops?|stopped|improv\w*|toleran\w*|below"
    r"|falls?|reach\w*|chang\w*)"
    r"|\b(?:to|till|at|until) convergence\b|\bconvergence (?:criteri\w+|toleran\w+)",
    re.IGNORECASE,
)
_BETTER = r"(?:improv|better|progress|decreas|chang|longer)"
_NOT = re.compile(
    rf"\b(?:no|without|never|not)\b(?!(?:(?!early|patience)[^.;:|]){{0,20}}{_BETTER})"
    r"[^.;:|]{0,20}\b(?:early[- ]?stop\w*|patience)"
    r"|\b(?:early[- ]?stop\w*|patience)\b\W{0,6}(?:is |are )?(?:none|off"
    rf"|(?:no|not)\b(?!\W+(?:\w+\W+)?{_BETTER})|never|disabled|unused|false"
    r"|0\b|n/?a\b|-+\s*$)",
    re.IGNORECASE,
)
_NO_STOP = re.compile(
    r"\bstop[- ]?words?\b"
    r"|\bstop(?:s|ped|ping)?\b.{0,20}\bafter (?:all )?\d[\d,_ ]{0,12}(?:epochs?|steps|iterations|updates)\b"
    r"(?!\W{0,3}(?:without|of no|with no|in which|if|when))"
    r"|\bconvergence criteri\w+(?=.{0,60}(?:r.?hat|r̂|\bess\b|effective|gelman|diverg))",
    re.IGNORECASE,
)
"""What sounds like an early stop and is none: words that are left out, a number of epochs, R-hat."""
_OF_A_RATE = re.compile(
    r"(?:plateau|schedul|reduc).{0,40}\bpatience\b|\bpatience\b.{0,30}(?:schedul|reduc|learning[- ]rate|\blr\b)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\bearly\b|\bstop|\buntil\b", re.IGNORECASE)
_PATIENCE = re.compile(
    r"\bpatience\b\W{0,6}(?:of |is |for )?(\d{1,5})(?!\d|\s*(?:steps?|iter\w*|eval\w*|checks?|rounds?|batch\w*|%|\.\d))"
    r"|\bearly[- ]?stop\w*\W{0,4}(?:after |with (?:a )?|\()?\s?(\d{1,5}) epochs (?:without|of no|of patience)",
    re.IGNORECASE,
)
_SPOKEN: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in (
        ("epochs", r"\bepochs?\b|\bpasses (?:over|through)\b|\bepisodes?\b"),
        (
            "iterations",
            r"\biterations?\b|\bsteps\b|\bupdates\b|\bmini-?batches\b|\bmax_(?:steps|iter)\b|\bnum_steps\b|\bniter\b",
        ),
        ("draws", r"\bdraws?\b|\bsamples\b|\bposterior samples\b|\bnum_samples\b|\bparticles\b"),
        ("tune", r"\btun(?:e|ed|ing)\b|\bwarm-?\s?up\b|\bburn-?\s?in\b|\badapt(?:ation|ive steps)\b|\bnum_warmup\b"),
        ("chains", r"\bchains?\b|\bwalkers\b|\bparticles\b"),
        ("cv", r"\bfolds?\b|\bcross-?\s?validat\w*|\bcv\b|\bk-?fold\b|\bkfold\b|\bleave-one\b|\borigins?\b"),
        ("bootstraps", r"\bbootstrap\w*|\bresampl\w*|\breplicates?\b"),
        (
            "rounds",
            r"\btrees\b|\brounds\b|\b(?:n_)?estimators\b|\btrials\b|\bcandidates\b|\bsettings\b|\brefits?\b|\bre-?fitted\b"
            r"|\bseeds\b|\bmembers\b|\bimputations\b|\brepeats\b|\brepetitions\b|\breplications\b",
        ),
    )
}
_OTHER = re.compile(r"\b(?:every|each|per)\s+(?:\d\w*\s+)?\w+", re.IGNORECASE)
"""How often something is told or done is no length."""
_TELLS = re.compile(
    r"\d|\buntil\b|\bconverge|\bplateau|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred\w*|"
    r"thousand\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Length:
    """What a document says of how long its training goes on.

    :ivar spoken: by what is spoken of (epochs, iterations, draws, tune, chains, cv, bootstraps, rounds; `stops` for an
        end that is no number): the first line that does.
    :ivar patience: epochs without an improvement after which it stops, where the document says a number.
    """

    spoken: Mapping[str, int] = field(default_factory=dict[str, int])
    patience: int | None = None

    def speaks_of(self, names: Iterable[str]) -> int:
        """Return the first line that speaks of one of these; 0 where none does."""
        return min((self.spoken[name] for name in names if name in self.spoken), default=0)

    @property
    def stops(self) -> int:
        """The line that says when the training stops, other than after a number; 0 where none does."""
        return self.spoken.get(STOPS, 0)


def read_length(document: Iterable[markdown.Line], rows: Mapping[str, int]) -> Length:
    """Return what the lines of a document say of its training's length.

    :param rows: the lines of rows about counts, by their names, whatever stands in them.
    """
    spoken = dict(rows)
    patience: int | None = None
    for line in document:
        if says_when_to_stop(line.text):
            spoken.setdefault(STOPS, line.number)
            if patience is None and (found := _PATIENCE.search(line.text)):
                patience = int(found[1] or found[2])
        said = _OTHER.sub(" ", line.text)
        if line.is_heading or not _TELLS.search(said):
            continue
        for name, words in _SPOKEN.items():
            if name not in spoken and words.search(said):
                spoken[name] = line.number
    return Length(spoken, patience)


def says_when_to_stop(text: str) -> bool:
    """Whether a text says that a training ends when something is reached, and not after a number of its own."""
    said = _NO_STOP.sub(" ", text)
    if not _ENDS.search(said):
        said = _OF_A_RATE.sub(" ", said)  # the patience of a learning rate
    return _STOPS.search(said) is not None and _NOT.search(said) is None
