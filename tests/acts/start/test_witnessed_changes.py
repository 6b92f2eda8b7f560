"""A changed script is asked about by what its quick run was seen to do, and passes where that is the same."""

from __future__ import annotations

import pytest
from watchkeeper.server.acts.start.comparison import Entry, untold
from watchkeeper.server.analysis.witness import Difference

from ...libraries import needs
from ...play import Agent, Facts, Place, script

pytestmark = [pytest.mark.anyio, needs("sklearn")]

FULL = {"model": "1", "phase": "full"}
BODY = """
import numpy as np
from sklearn.tree import DecisionTreeRegressor
full = os.environ["WATCHKEEPER_PHASE"] == "full"
DEPTH = 6 if full else 3
PARAMS = {"min_samples_leaf": 2}
def load():
    x = np.random.default_rng(1).normal(size=(60, 3))
    return x, x[:, 0] * 2 + x[:, 1]
x, y = load()
tree = DecisionTreeRegressor(max_depth=DEPTH, random_state=0, **PARAMS)
tree.fit(x, y)
print("fitted", tree.get_depth())
leave_what_the_phase_asks_for()
"""
REWRITTEN = """
import numpy as np
from sklearn.tree import DecisionTreeRegressor
def settings(full):
    return {"max_depth": 6 if full else 3, "min_samples_leaf": 2, "random_state": 0}
def rows():
    table = np.random.default_rng(1).normal(size=(60, 3))
    return table, np.add(table[:, 0] + table[:, 0], table[:, 1])
def main():
    features, target = rows()
    model = DecisionTreeRegressor(**settings(os.environ["WATCHKEEPER_PHASE"] == "full")).fit(features, target)
    print(f"fitted {model.get_depth()}")
    leave_what_the_phase_asks_for()
main()
"""


async def again(place: Place, trainer: Agent, text: str, quick: str, full: str) -> Facts:
    place.script(script(text))
    await trainer.trained(follows=quick)
    return await trainer.ask("start_training", **FULL, follows=full)


async def test_code_that_does_the_same_passes_and_is_shown_and_what_was_seen_to_change_asks(place: Place) -> None:
    place.script(script(BODY))
    async with place.trainer() as trainer, place.director() as director:
        await trainer.trained()
        run = await trainer.trained(phase="full")
        passed = await again(place, trainer, REWRITTEN, "1-quick-1", run)
        assert passed.get("run") == "1-full-2", passed
        assert passed["compared"].startswith("script changed since 1-full-1; facts equal (1-quick-1 and 1-quick-2: ")
        await trainer.watch(passed["run"])
        hidden = BODY.replace("    x = np", "    PARAMS.update(min_samples_leaf=20)\n    x = np")
        asked = await again(place, trainer, hidden, "1-quick-2", "1-full-2")
        assert "DecisionTreeRegressor.fit min_samples_leaf 2 -> 20" in asked["changes"]
        shown = [one for one in (await director.poll())["reports"] if one["report"] == asked["report"]]
        places = dict(zip(asked["changes"], shown[0]["places"], strict=True))
        assert places["DecisionTreeRegressor.fit min_samples_leaf 2 -> 20"].startswith(
            "output/implementation/code/model_1"
        )
        assert "witnessed fact(s) differ" in place.read(f".watchkeeper/reports/{asked['report']}.md")
        only_full = BODY.replace("6 if full", "4 if full")
        asked = await again(place, trainer, only_full, "1-quick-3", "1-full-2")
    assert asked["changes"] == ["max_depth 6 -> 4"], "only the full phase shows it, and it is told by reading"


def test_what_was_seen_is_left_out_once_for_each_time_that_reading_told_it() -> None:
    seen = [Difference(topic=topic, old="1000", new="200") for topic in ("pymc.sample draws", "Ridge.fit X rows")]
    assert [str(one) for one in untold(seen, [Entry("ROWS", "1000", "200")])] == ["Ridge.fit X rows 1000 -> 200"]
