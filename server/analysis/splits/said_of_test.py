"""Do the results have as many rows as a sentence of the design says that the test part has? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..artefacts.facts import TableFacts
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word

_NUMBER = r"(\d{1,3}(?:[, _]\d{3})+|\d{2,7})"
_UNIT = r"(?: (?:rows|observations|records|cases|samples|instances))?"
_TEST = r"(?:the )?(?:test(?:ing)?|hold-?out|held[- ]out)\b(?! (?:of|the))"
_SAID = re.compile(
    rf"\b(?:of (?:which|them|these)|and|the last|another) {_NUMBER}{_UNIT} (?:are |is )?(?:for|in|as|form) {_TEST}"
    rf"|\btest (?:set|part) (?:of|has|with) {_NUMBER}\b(?!\s*%)",
    re.IGNORECASE,
)
_FEWER = re.compile(
    r"window|\blags?\b|lagged|sequence|look-?back|horizon|missing|exclud|filter|complete cases|duplicate|incomplete"
    r"|flagged|omit|per (?:group|site|day|patient|subject)|averag",
    re.IGNORECASE,
)
"""Words for rows that have no prediction, or share one."""
_LEAST, _MOST = 0.5, 0.99


def fewer_than_the_test(evidence: Evidence, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that a part of the test rows which a sentence counts does not stand in the results."""
    prose = evidence.design.prose
    told = {int(re.sub(r"\D", "", one[1] or one[2])) for one in _SAID.finditer(prose)}
    if len(told) != 1 or _FEWER.search(prose):
        return
    (count,) = told
    if _LEAST * count <= table.rows < _MOST * count:
        what = f"{evidence.design.path} says that the test part has {count} rows; the results have {table.rows}"
        action = "Leave all rows of the test part in the results, or say in the design which are left out and why."
        yield Suspicion(what, Word.INVESTIGATE, "test_rows_missing", action)
