"""A training of a neural network: what bends it needs approval, what helps it along passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from watchkeeper.server.analysis.scripts import changes

from .programs import program, said

# A program reads best on one line, however long.
# ruff: noqa: E501

TORCH = """
import os
import pandas as pd
import torch
import torch.nn as nn
from helpers import make_features

EPOCHS = 5000
LR = 1e-3
X = make_features(pd.read_csv("data.csv"))

class Net(nn.Module):
    rate = 0.1
    def __init__(self, d):
        super().__init__()
        self.a = nn.Linear(d, 64)
        self.drop = nn.Dropout(0.1)
    def forward(self, x):
        return self.drop(torch.relu(self.a(x)))

def train(net):
    opt = torch.optim.Adam(net.parameters(), lr=LR)
    for epoch in range(EPOCHS):
        loss = ((net(X) - y) ** 2).mean()
        loss.backward()
        opt.step()
    return net

net = train(Net(X.shape[1]))
pd.DataFrame({"p": net(X)}).to_csv("r.csv")
"""
HELPERS = "def make_features(df):\n    return df[['a', 'b', 'c']].to_numpy()\n"


def torch_edited(pairs: Sequence[tuple[str, str]], files: Mapping[str, str]) -> list[tuple[str, str, str, str, bool]]:
    text = TORCH
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    helpers = {"code/helpers.py": HELPERS}
    return said(changes(program(TORCH, helpers), program(text, {**helpers, **files})))


@pytest.mark.parametrize(
    ("pairs", "files"),
    [
        ([("LR = 1e-3", "LR = 1e-3\nif True:\n    EPOCHS = 50")], {}),
        ([("\nnet = train", "\nglobals().update(EPOCHS=5)\nnet = train")], {}),
        ([], {"code/helpers.py": HELPERS.replace(", 'c'", "")}),
        ([("        opt.step()", "        opt.step()\n        return net")], {}),
        ([("        opt.step()\n", "")], {}),
        ([("        opt.step()", "        opt.step()\n        raise SystemExit(0)")], {}),
        (
            [("import os", "import os\nfrom helpers2 import range")],
            {"code/helpers2.py": "def range(n):\n    return [1]"},
        ),
        (
            [("import torch\n", "import torch\nfrom helpers2 import torch2 as torch\n")],
            {"code/helpers2.py": "torch2 = 1"},
        ),
        ([("import os", "import os\nimport evil")], {"code/evil.py": "import torch\ntorch.optim.Adam = None"}),
        ([("import os", "import os\nimport evil")], {"code/evil.py": "def __getattr__(n):\n    return 1"}),
        ([("EPOCHS = 5000", "EPOCHS = int(os.environ.get('EPOCHS', 50))")], {}),
        (
            [
                (
                    "        opt.step()",
                    "        try:\n            opt.step()\n        except Exception:\n            pass",
                )
            ],
            {},
        ),
        ([("    def forward(self, x):", "    def forwards(self, x):")], {}),
        ([("    def forward", "    def zero_grad(self):\n        return 1\n    def forward")], {}),
        ([("    rate = 0.1\n", "    rate = 0.1\n    training_rate = 5\n")], {}),
        ([("self.a", "self.b")], {}),
        ([("net(X) - y", "net(X).detach() - y")], {}),
        ([("net(X) - y", "net(X) + y")], {}),
        ([("make_features(pd", "make_features(pd.concat([]) if 0 else pd")], {}),
        ([("\nnet = train", "\ndef train(net):\n    return net\nnet = train")], {}),
        ([("\nnet = train", "\nNet.forward = lambda s, x: x\nnet = train")], {}),
        ([("def train", "@torch.no_grad()\ndef train")], {}),
        (
            [
                ("import os", "import os\nlen = os.system"),
                ("        opt.step()", "        opt.step()\n        print(len('x'))"),
            ],
            {},
        ),
        ([('"data.csv")', '"data.csv", **{"nrows": 10})')], {}),
        ([('"r.csv"', "f\"{os.remove('data.csv')}.csv\"")], {}),
        ([("EPOCHS = 5000", "EPOCHS = N = 50")], {}),
        ([("lr=LR)", "lr=LR, amsgrad=True)")], {}),
    ],
)
def test_nothing_that_bends_a_training_slips_by(pairs: list[tuple[str, str]], files: dict[str, str]) -> None:
    assert torch_edited(pairs, files)


@pytest.mark.parametrize(
    ("pairs", "files"),
    [
        (
            [
                (
                    "        opt.step()",
                    "        opt.step()\n        if epoch % 9 == 0:\n            torch.save(net.state_dict(), 'c.pt')",
                )
            ],
            {},
        ),
        (
            [
                (
                    "        opt.step()",
                    "        opt.step()\n        print(f'{epoch}/{EPOCHS} loss: {loss.item():.4f}', flush=True)",
                )
            ],
            {},
        ),
        (
            [
                (
                    "        opt.step()",
                    "        try:\n            opt.step()\n        except RuntimeError as e:\n            print(e)\n            raise",
                )
            ],
            {},
        ),
        ([('"p": net(X)', '"p": net(X).detach().numpy()')], {}),
        ([("\nnet = train", "\nos.makedirs('out', exist_ok=True)\nnet = train")], {}),
        ([("import os", "import os\nimport util")], {"code/util.py": "def tidy(x):\n    return x"}),
        ([("train(", "fit_network(")], {}),
    ],
)
def test_what_helps_a_training_along_passes(pairs: list[tuple[str, str]], files: dict[str, str]) -> None:
    assert torch_edited(pairs, files) == []
