"""The last weights saved as those of the best epoch: asked about where nothing was put back, and only then."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.networks.last_as_best import last_as_best

from ..evidence.facts import MODEL, spoilt
from ..evidence.witnessed import Kind, fp, seen, steps

BEST = "The weights of the epoch with the lowest validation loss are restored."
OVERFITTED = (0.9, 0.5, 0.3, 0.35, 0.5, 0.7)


def asked(*lines: Kind, said: str = BEST, losses: tuple[float, ...] = OVERFITTED, saved: str = "end") -> list[str]:
    model = replace(MODEL, path="net.pt")
    save: Kind = {"kind": "save", "facts": {"library": "torch", "path": "net.pt", "numbers": 9, "weights": fp(saved)}}
    found = seen(steps(weights=fp("end"), begun=fp("begin")), *lines, save)
    history = History(epochs=[float(one) for one in range(1, 7)], train_loss=[*losses], val_loss=[*losses])
    design = read_design(f"{said}\n", "model_design_1.md")
    evidence = spoilt(design=design, seen=found, artefacts=(model,), history=history)
    return [one.what for one in last_as_best(evidence, found, found.steps)]


def loaded(changed: int, untold: int = 0) -> Kind:
    facts = {"library": "torch", "calls": 1, "changed": changed, "untold": untold}
    return {"kind": "restored", "facts": facts}


def test_the_last_weights_where_the_best_are_declared_are_asked_about() -> None:
    (what,) = asked(loaded(0))
    assert "0.3 at epoch 3" in what
    assert "changed nothing" in what
    assert len(asked()) == 1


def test_weights_that_were_put_back_or_are_others_or_the_best_are_not() -> None:
    assert asked(loaded(1)) == []
    assert asked(loaded(0, untold=1)) == []
    assert asked(saved="best") == []
    assert asked(losses=(0.9, 0.6, 0.5, 0.4, 0.31, 0.3)) == []
    assert asked(said="The network is trained for 6 epochs; the last weights count.") == []
    assert asked(said="The epoch with the best validation accuracy is kept.") == []
