"""What modules of torch return in evaluation, and which files the weights are from that a training begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watchkeeper.server.analysis.witness import prediction, steps

from ...libraries import needs
from .helpers import only, seen

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
    assert [one["of"] for one in told[-3:]] == ["column 2", "labels", "shares"]
    saves: dict[str, Any] = {str(one.facts["path"]): one.facts for one in found.of("save")}
    label = next(one for one in told if one["of"] == "labels" and one["values"]["shape"] == [20])
    assert label["values"]["sha"] == saves["labels.npy"]["columns"]["0"]["sha"]
    of_loader: Any = found.of("batches")[-1].facts["row_keys"]
    of_loop = [prediction(one) for one in found.of("forward") if one.facts["calls"] == 3]
    assert of_loop[0].x.row_keys == tuple(of_loader)


CUT = """
import torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0); torch.set_num_threads(1)
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__(); self.words, self.head = torch.nn.Embedding(50, 4), torch.nn.Linear(4, 1)
    def forward(self, ids): return self.head(self.words(ids).mean(1))
net = Net()
optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
for (a,) in DataLoader(TensorDataset(torch.randint(0, 50, (40, 30))), 8):
    optimiser.zero_grad(); net(a[:, :6]).sum().backward(); optimiser.step()
net.eval()
with torch.no_grad(): net(torch.randint(0, 50, (9, 6))); net(torch.randint(0, 50, (9, 11)))
gru = torch.nn.GRU(3, 4, batch_first=True).eval()
with torch.no_grad(): gru(torch.randn(5, 42, 3))
"""


@needs("torch")
def test_lengths_of_inputs_and_the_last_step_of_a_loader_are_told(tmp_path: Path) -> None:
    found = seen(tmp_path, CUT)
    lengths = {str(one.facts["class"]): one.facts["lengths"] for one in found.of("forward") if "lengths" in one.facts}
    assert lengths["GRU"] == [42, 42]
    assert lengths["Net"] == [6, 11]
    assert found.of("batches")[-1].facts["last_step"] == 4


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


PARTLY = """
import torch
torch.manual_seed(0); torch.set_num_threads(1)
x = torch.randn(120, 5); x = torch.cat([x, x])[torch.randperm(240)]
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Linear(5, 16); self.head = torch.nn.Linear(16, 1)
    def forward(self, x): return self.head(torch.tanh(self.encoder(x)))
net = Net()
optimiser = torch.optim.Adam(net.head.parameters(), lr=0.01)
for epoch in range(4):
    for rows in torch.randperm(180).split(30):
        optimiser.zero_grad(); (net(x[rows]) - 1).pow(2).mean().backward(); optimiser.step()
net(x[180:])                                     # nothing goes backward: these are not trained on
with torch.no_grad(): net(x[180:])
"""


@needs("torch")
def test_parts_that_no_step_moved_and_rows_of_a_loop_without_a_loader_are_told(tmp_path: Path) -> None:
    found = seen(tmp_path, PARTLY)
    (module,) = found.of("module")
    named = [["encoder.weight", 80], ["encoder.bias", 16], ["head.weight", 16], ["head.bias", 1]]
    assert module.facts["parameters"] == named
    assert found.of("steps")[-1].facts["moved_sizes"] == [[16, 1], [1, 1]]
    (rows,), (block,) = found.of("trained_rows"), found.of("forward")
    assert (rows.facts["width"], block.facts["trained"]) == (5, rows.facts["id"])
    distinct: Any = rows.facts["distinct"]
    assert 90 < distinct < 120
    of_both = set(prediction(block).x.row_keys) & set(map(str, rows.facts["row_keys"]))  # type: ignore[arg-type]
    assert 0 < len(of_both) < 60


MEMBERS = """
import numpy, torch
from watchkeeper_witness import trained_rows
torch.manual_seed(0); torch.set_num_threads(1)
x = torch.randn(120, 5)
for member in range(3):
    net = torch.nn.Linear(5, 1); optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
    for epoch in range(150):
        for rows in torch.randperm(120).split(30):
            net(x[rows[:15]]).sum().backward(); net(x[rows[15:]]).sum().backward(); optimiser.step()
    assert not trained_rows.room[0], "calls of what is known are still looked at"
"""


@needs("torch")
def test_calls_of_a_known_module_are_let_pass_until_the_next_member_is_trained(tmp_path: Path) -> None:
    found = seen(tmp_path, MEMBERS)
    rows, losses = found.of("trained_rows"), only(found.of("losses"))
    assert [(each.facts["distinct"], each.facts["whole"]) for each in rows] == [(120, True)] * 3
    assert (losses.facts["count"], losses.facts["seen"]) == (3600, 3600)


TRACED_AND_LARGE = """
import warnings
import torch
warnings.simplefilter("error", torch.jit.TracerWarning)
torch.manual_seed(0); torch.set_num_threads(1)
net = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh())
traced = torch.jit.trace(net, torch.randn(7, 5))     # in training mode: a look would be an operation of the graph
assert "reshape" not in str(traced.inlined_graph) and "detach" not in str(traced.inlined_graph)
wide = torch.nn.Linear(300, 1)
optimiser = torch.optim.SGD(wide.parameters(), lr=1e-4)
x = torch.randn(6010, 300)
for epoch in range(6):
    for rows in x.split(6000):                       # the large ones are not looked at, so the rest alone is not told
        optimiser.zero_grad(); wide(rows).pow(2).mean().backward(); optimiser.step()
"""


@needs("torch")
def test_a_trace_is_left_alone_and_a_rest_of_large_batches_is_not_taken_for_all_rows(tmp_path: Path) -> None:
    found = seen(tmp_path, TRACED_AND_LARGE)
    assert found.of("trained_rows") == ()
    assert found.of("steps")


LAYERS = """
import torch
from torch import nn
class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(1, 4), nn.Linear(4, 4)
        self.own = nn.Parameter(torch.zeros(2, 2))
    def forward(self, x):
        h = torch.zeros(len(x), 4)
        for step in range(x.shape[1]):
            h = torch.tanh(self.a(x[:, step:step + 1]) + self.b(h))
        return h
net = nn.Sequential(Cell(), nn.Linear(4, 1)).eval()
with torch.no_grad():
    for _ in range(3):
        net(torch.ones(2, 6))
"""


@needs("torch")
def test_a_module_is_told_once_with_its_layers_and_how_often_each_is_called(tmp_path: Path) -> None:
    line = only(seen(tmp_path, LAYERS).of("layers"))
    assert line.facts["layers"] == {"Cell": [1, 1], "Linear": [3, 6]}
    assert (line.facts["there"], line.facts["matrices"], line.facts["own_matrices"]) == (["Linear"], 4, 1)
