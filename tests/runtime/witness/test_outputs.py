"""What modules of torch return in evaluation, and which files the weights are from that a training begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watchkeeper.server.analysis.witness import prediction, steps

from ...libraries import needs
from .helpers import seen

EVALUATED = """
import numpy as np, torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0); torch.set_num_threads(1)
x = torch.randn(60, 4)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3))
optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
with torch.no_grad(): net(x)                     # before the first step: nothing is trained yet
for (a,) in DataLoader(TensorDataset(x[:40]), 8):
    optimiser.zero_grad(); net(a).sum().backward(); optimiser.step()
with torch.no_grad():
    for _ in range(5): net(x[40:])               # dropout is on: five passes
net.eval()
with torch.inference_mode():
    out = torch.cat([net(a) for (a,) in DataLoader(TensorDataset(x[40:]), 8)])
np.save("out.npy", out.numpy()); np.save("labels.npy", out.argmax(1).numpy())
kept = net(x[:12])                               # evaluation, with gradients
net.train(); net(x[:12])
"""


@needs("torch")
def test_outputs_in_evaluation_are_told_by_blocks_with_the_rows_that_they_are_of(tmp_path: Path) -> None:
    found = seen(tmp_path, EVALUATED)
    told: list[dict[str, Any]] = [dict(one.facts) for one in found.of("forward")]
    blocks = [one for one in told if one["of"] == "output"]
    assert [(one["calls"], one["rows"], one["training"], one["steps"]) for one in blocks] == [
        (5, 100, True, 5),
        (3, 20, False, 5),
        (1, 12, False, 5),
    ]
    assert [one["since_step"] for one in blocks] == [[9, 132]] * 3
    assert [one["of"] for one in told[-6:-3]] == ["column 2", "labels", "shares"]
    saves: dict[str, Any] = {str(one.facts["path"]): one.facts for one in found.of("save")}
    label = next(one for one in told if one["of"] == "labels" and one["values"]["shape"] == [20])
    assert label["values"]["sha"] == saves["labels.npy"]["columns"]["0"]["sha"]
    of_loader: Any = found.of("batches")[-1].facts["row_keys"]
    assert prediction(found.of("forward")[3]).x.row_keys == tuple(of_loader)


FROM_FILES = """
import numpy as np, pickle, torch
torch.manual_seed(0); torch.set_num_threads(1)
def net(): return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
def train(one):
    optimiser = torch.optim.SGD(one.parameters(), lr=0.1)
    one(torch.randn(5, 8)).sum().backward(); optimiser.step()
first = net(); torch.save(first.state_dict(), "init.pt")
np.savez("init.npz", **{k: v.numpy() for k, v in first.state_dict().items()})
with open("init.pkl", "wb") as file: pickle.dump([v.detach().numpy() for v in first.parameters()], file)
train(net())
one = net(); one.load_state_dict(torch.load("init.pt")); train(one)
two = net(); kept = np.load("init.npz")
two.load_state_dict({k: torch.tensor(kept[k]) + 1e-5 * torch.randn(kept[k].shape) for k in kept.files}); train(two)
three = net()
with open("init.pkl", "rb") as file: arrays = pickle.load(file)
with torch.no_grad():
    for p, v in zip(three.parameters(), arrays): p.copy_(torch.tensor(v))
train(three)
"""


@needs("torch")
def test_weights_that_were_read_from_a_file_in_any_usual_way_are_told_of_the_optimiser(tmp_path: Path) -> None:
    found = seen(tmp_path, FROM_FILES)
    told = [steps(one) for one in found.of("steps")]
    listed: list[Any] = [one.line.facts.get("from_files", []) for one in told]
    files = [[(each["path"], each["numbers"]) for each in one] for one in listed]
    assert files == [[], [("init.pt", 208)], [("init.npz", 208)], [("init.pkl", 208)]]  # 16 and more numbers an array
    assert {one.numbers for one in told} == {212}
