"""A run on several nodes: each rank numbers what it returns from 0, and a verdict takes what all of them returned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.analysis.witness.seen import Seen

from ..evidence.facts import HOUR, MODEL, RESULTS, RULES, spoilt
from ..evidence.witnessed import SAVED, Kind, chain, found, fp, ranks, sampling, save, steps, trained


def of_rank(rank: int, chains: int = 2, **changes: Any) -> Kind:
    numbers = range(rank * chains, (rank + 1) * chains)
    variables = {"mu": [fp(f"mu{number}", at=(1.0 + number, 2.0, 4.0)) for number in numbers]}
    stats = {"diverging": [fp(f"d{number}") for number in numbers]}
    return sampling(chains=chains, variables=variables, stats=stats, **changes)


def judged(seen: Seen, **saved: Any) -> Evidence:
    artefacts = (RESULTS, replace(MODEL, inside=replace(SAVED, **saved)))
    return spoilt(artefacts=artefacts, seen=seen, nodes=seen.ranks)


TWO = ranks([of_rank(0)], [of_rank(1)])
FAKE = (*SAVED.prints[:3], chain(3, "other", at=(9.0, 1.0, 3.0)))
ERASED = (chain(0, "zero", "diverging"),)
SCALED = (*SAVED.prints[:2], *(chain(number, "half", at=(10.0 + 10 * number, 20.0, 40.0)) for number in (2, 3)))


def test_chains_that_ranks_share_out_and_one_puts_together_are_those_of_the_sampler() -> None:
    verdict = decide(judged(TWO), RULES)
    assert verdict.word is Word.APPROVE, verdict
    said = found(verdict, "draws")[2]
    assert said.startswith("4 of 4 saved chains of variables are, digit by digit, those of pymc.sample at")
    assert "and 1 more like it" in said


def test_how_many_saved_chains_could_not_be_held_against_anything_is_said() -> None:
    verdict = decide(judged(TWO, prints=(*SAVED.prints, chain(0, "derived", "theta"))), RULES)
    said = found(verdict, "draws")[2]
    assert said.startswith("4 of 5 saved chains of variables are")
    assert "; of the other 1 no whole digest was taken" in said


@pytest.mark.parametrize(
    ("evidence", "word", "code"),
    [
        (judged(TWO, prints=FAKE), Word.LIKELY_FABRICATION, "draws_changed"),
        (judged(TWO, prints=SCALED), Word.APPROVE, ""),
        (judged(TWO, statistic_prints=ERASED), Word.LIKELY_FABRICATION, "divergences_changed"),
        (judged(ranks([of_rank(0, 3)], [of_rank(1, 3)])), Word.INVESTIGATE, "chains_dropped"),
        (judged(ranks([of_rank(0)], of=2), prints=FAKE), Word.INVESTIGATE, "more_chains_than_sampled"),
        (judged(ranks(*([of_rank(rank, 1)] for rank in range(4)))), Word.APPROVE, ""),
        (judged(ranks(*([of_rank(0, 4)] for _ in range(4)))), Word.APPROVE, ""),
        (judged(ranks(*([of_rank(rank, 4)] for rank in range(4)))), Word.INVESTIGATE, "sampling_chosen"),
    ],
    ids=[
        "one chain is nobody's", "one rank's chains in another unit", "divergences are nobody's", "two of six left out",
        "a rank was not witnessed", "a chain a rank", "every rank draws the same", "one rank of four is kept",
    ],
)  # fmt: skip
def test_chains_of_ranks_are_held_against_what_any_of_them_returned(evidence: Evidence, word: Word, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, found(verdict, "draws")[1]) == (word, code), verdict


def test_a_run_is_witnessed_as_a_whole_only_where_the_command_of_every_node_was() -> None:
    assert TWO.whole
    assert not ranks([of_rank(0)], of=2).whole
    assert ranks([of_rank(0)], of=2).unseen_ranks == 1


def batches(rows: int) -> Kind:
    return {"kind": "batches", "facts": {"library": "torch", "id": 7, "dataset": 900, "passes": 20, "rows": rows}}


@pytest.mark.parametrize(("each", "code"), [(20 * 300, ""), (20 * 90, "part_of_the_rows")])
def test_ranks_share_the_rows_of_a_pass(each: int, code: str) -> None:
    seen = ranks(*([steps(wall_s=HOUR), batches(each), save()] for _ in range(3)))
    verdict = decide(spoilt(trained(), seen=seen, nodes=3), RULES)
    assert found(verdict, "training")[1] == code, verdict
