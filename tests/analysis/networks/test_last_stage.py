"""A part that only an earlier stage moved, where the design trains all of it to the end."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.last_stage import frozen_at_last

from ..evidence.facts import spoilt
from ..evidence.witnessed import Kind, seen, steps

ENCODER, HEAD, DECODER = (640, 64), (256, 4), (500,)
ALL = "The encoder is pre-trained; then all layers are fine-tuned together."
HEAD_ONLY = "The encoder is pre-trained and frozen; then the head is trained."


def optimiser(
    number: int, begun: int, ended: int, sizes: Sequence[int], still: Sequence[int] = (), at: int = 900
) -> Kind:
    told = {"moved_sizes": [[size, 1] for size in sizes], "tensors": len(sizes), "steps": 900, "id": number}
    told |= {"still_sizes": [[size, 1] for size in still], "still_at": at} if still else {}
    return steps(**told, first_at=1_790_000_000.0 + begun, last_at=1_790_000_000.0 + ended)


def asked(said: str, *lines: Kind) -> list[str]:
    named = zip(("encoder.0.weight", "encoder.0.bias", "head.0.weight", "head.0.bias"), (*ENCODER, *HEAD), strict=True)
    facts = {"library": "torch", "class": "Net", "numbers": 964, "parameters": [[*one] for one in named]}
    forward: Kind = {"kind": "forward", "facts": {"class": "Net", "steps": 1800, "rows": 40}}
    found = seen(*lines, {"kind": "module", "facts": facts}, forward)
    evidence = spoilt(design=read_design(f"{said}\n", "model_design_1.md"), seen=found)
    return [one.what for one in frozen_at_last(evidence, found, found.steps)]


PRE = optimiser(1, 0, 10, (*ENCODER, *DECODER))


def test_an_encoder_that_the_last_stage_did_not_move_is_asked_about_where_all_layers_are_to_be_trained() -> None:
    (what,) = asked(ALL, PRE, optimiser(2, 11, 20, HEAD))
    assert "704 of the 964 numbers of Net" in what
    assert asked(HEAD_ONLY, PRE, optimiser(2, 11, 20, HEAD)) == []


def test_one_optimiser_whose_gradients_stop_is_asked_about() -> None:
    every = (*ENCODER, *HEAD)
    assert asked(ALL, optimiser(1, 0, 20, every, still=ENCODER))
    assert asked(ALL, optimiser(1, 0, 20, every, still=ENCODER, at=64)) == []  # frozen at the begin only
    assert asked(ALL, optimiser(1, 0, 20, every)) == []


def test_optimisers_that_step_by_turns_are_one_stage() -> None:
    assert asked(ALL, optimiser(1, 0, 20, ENCODER), optimiser(2, 1, 19, HEAD)) == []
    assert asked(ALL, PRE, optimiser(2, 11, 20, (*ENCODER, *HEAD))) == []
