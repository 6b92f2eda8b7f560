"""What a script writes down beside its training, and how its arguments are spelled, changes no figure."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import changes

from .programs import program

LOOP = """
import json, os, pathlib, torch
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
best = float("inf")
for epoch in range(400 if FULL else 20):
    loss = net(x).pow(2).mean()
    loss.backward()
    opt.step()
    held = evaluate(net)
{}
torch.save(net.state_dict(), "m.pt")
"""
PLAIN = LOOP.replace('best = float("inf")\n', "").format("    print(epoch, held)")
NOTED = (
    '    print(epoch, held)\n    with open("epochs.jsonl", "a") as lines:\n'
    '        lines.write(json.dumps({"epoch": epoch + 1, "loss": held}) + "\\n")'
)
KEPT = "    print(epoch, held)\n    if held < best:\n        best = held\n" + (
    '        torch.save(net.state_dict(), pathlib.Path(os.environ["WATCHKEEPER_CHECKPOINTS"]) / "best.pt")'
)


def asked(before: str, after: str, *, equal: bool = False) -> list[str]:
    """Return what is asked; where the facts of both quick runs are equal only what a full run alone shows."""
    found = changes(program(before), program(after))
    return [one.name for one in found if one.needs_approval and (one.full_only or not equal)]


@pytest.mark.parametrize(
    "after",
    [
        LOOP.replace('best = float("inf")\n', "").format(NOTED),
        LOOP.format(KEPT),
        LOOP.replace('best = float("inf")\n', "").format(
            NOTED.replace(
                'lines.write(json.dumps({"epoch": epoch + 1, "loss": held}) + "\\n")',
                "json.dump([epoch + 1, held], lines)",
            )
        ),
    ],
    ids=["lines of JSON", "a copy of the best", "one document a line"],
)
def test_what_is_only_written_down_or_copied_asks_nobody(after: str) -> None:
    assert asked(PLAIN, after, equal=True) == []


@pytest.mark.parametrize(
    "after",
    [
        LOOP.format(KEPT + "\nnet.load_state_dict(torch.load(best))"),
        LOOP.format(KEPT + "\n    if held > best:\n        break"),
        LOOP.format(KEPT.replace("best = held", "best = held; opt.step()")),
        LOOP.replace('best = float("inf")\n', "").format(NOTED.replace("epochs.jsonl", "results_1.csv")),
        LOOP.replace('best = float("inf")\n', "").format(NOTED) + 'net = json.load(open("epochs.jsonl"))\n',
        LOOP.replace('best = float("inf")\n', "").format(NOTED.replace("lines.write(", "opt.step(); lines.write(")),
        LOOP.replace('best = float("inf")\n', "").format(NOTED.replace('"a"', '"r+"')),
    ],
    ids=["read back", "an end by it", "a step besides", "results", "read again", "a step with it", "read too"],
)
def test_what_does_more_than_that_is_asked(after: str) -> None:
    assert asked(PLAIN, after, equal=True)


CALLS = 'from {} import percent\nimport numpy as np\nnp.save("share.npy", np.cumsum([percent(0.5), percent(0.2)]))\n'
HELPER = "def percent(share):\n    return 100 * share\n"


@pytest.mark.parametrize(
    ("module", "path", "text", "asks"),
    [
        ("farmlib.words", "code/farmlib/words.py", HELPER, False),
        ("farmlib.words", "code/farmlib/words.py", HELPER.replace("100", "90"), True),
        ("numpy", "code/other.py", HELPER, True),
    ],
    ids=["moved", "moved and changed", "a library's instead"],
)
def test_a_helper_that_moves_to_another_file_of_ours_asks_nobody(module: str, path: str, text: str, asks: bool) -> None:
    before = program(CALLS.format("helpers"), {"code/helpers.py": HELPER})
    after = program(CALLS.format(module), {path: text, "code/farmlib/__init__.py": ""})
    assert any(one.needs_approval for one in changes(before, after)) == asks


BOOSTED = """
import os, lightgbm as lgb
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
model = lgb.LGBMRegressor({}).fit(X, y)
"""
ARGUMENTS = BOOSTED.format("n_estimators=300 if FULL else 60, learning_rate=0.05")
TABLE = BOOSTED.format('**{"n_estimators": 300 if FULL else 60, "learning_rate": 0.05}')
NAMED = ARGUMENTS.replace(
    "model =", 'P = {"n_estimators": 300 if FULL else 60, "learning_rate": 0.05}\nmodel ='
).replace("LGBMRegressor(n_estimators=300 if FULL else 60, learning_rate=0.05)", "LGBMRegressor(**P)")


@pytest.mark.parametrize("after", [TABLE, NAMED], ids=["in its place", "under a name"])
def test_arguments_that_become_a_table_ask_nobody_and_other_figures_in_it_do(after: str) -> None:
    assert asked(ARGUMENTS, after) == asked(after, ARGUMENTS) == []
    for old, new in (("300", "200"), ("0.05", "0.5"), ("n_estimators", "n_leaves")):
        assert asked(ARGUMENTS, after.replace(old, new))
