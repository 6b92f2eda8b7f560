"""plot_training on the story of all pages: what an agent sees of the chains that a run left."""

from __future__ import annotations

from contextlib import closing

from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.acts.plot import plot
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role

from ..play import Place


def test_after_the_end_the_chains_are_the_draws_and_ranks_of_what_mixed_worst(shared: Place) -> None:
    desk = open_desk(Workspace(shared.root), Role.OBSERVER, who="a test")
    with closing(desk.ledger):
        left, every = plot.plot(desk, "3-full-1", "chains"), plot.plot(desk, "3-full-1", None)
        none = plot.plot(desk, "2-quick-1", "chains")
    assert [one.title.partition(",")[0] for one in left.charts] == ["tau: draws", "tau: ranks"]
    for words in ("tau: draws, R-hat 1.0", "(draw 0-999)", "chain 3 ", "mu: draws, R-hat", "As the keeper sealed"):
        assert words in left.text
    assert len(left.text) / 4 < 250
    assert [one.title.partition(",")[0] for one in every.charts] == ["Loss", "tau: draws", "CPU"]
    assert "AttributeError at epoch 25, line 26" in every.text
    assert (none.text, none.charts) == ("The run has told no numbers of chains yet.", [])
