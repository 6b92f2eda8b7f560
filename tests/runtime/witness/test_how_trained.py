"""How networks were trained: the graph of a loss, what had no gradient, dropout, modes, shapes; what JAX returned."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.analysis.witness.values import number, part, text, texts, wholes

from ...libraries import needs
from .helpers import only, seen

TORCH = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0); torch.set_num_threads(1)
x = torch.randn(100, 6, 4); y = torch.randn(100, 1); kind = (y[:, 0] > 0).long()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.drop, self.head = nn.Linear(4, 8), nn.Dropout(0.25), nn.Linear(8, 2)
    def forward(self, rows):
        return self.head(self.drop(torch.tanh(self.body(rows)))).mean(1)
net = Net()
optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(32):
    net.MODE()
    FREEZE
    out = net(x[:, 2:])
    optimiser.zero_grad(); loss = LOSS; loss.backward(); optimiser.step()
net.eval()
with torch.no_grad():
    net(x)
"""


def script(loss: str = "F.mse_loss(out[:, :1], y)", mode: str = "train", freeze: str = "pass") -> str:
    return TORCH.replace("LOSS", loss).replace("MODE", mode).replace("FREEZE", freeze)


@needs("torch")
@pytest.mark.parametrize(
    ("loss", "made", "weighted"),
    [
        ("F.mse_loss(out[:, :1], y)", ["MseLoss"], False),
        ("((out[:, :1] - y) ** 2).mean()", ["Mean", "Pow2", "Sub"], False),
        ("(out[:, :1] - y).abs().mean() / 2", ["Div", "Mean", "Abs", "Sub"], False),
        ("F.cross_entropy(out, kind)", ["NllLoss"], False),
        ("F.cross_entropy(out, kind, weight=torch.tensor([1.0, 3.0]))", ["NllLoss"], True),
        ("(F.cross_entropy(out, kind, reduction='none') * (1.0 + kind)).mean()", ["Mean", "Mul", "NllLoss"], True),
        ("F.mse_loss(out[:, :1], y) + 0.1 * net.body.weight.abs().sum()", ["Add"], False),
    ],
)
def test_of_what_a_loss_is_made_is_told(tmp_path: Path, loss: str, made: list[str], weighted: bool) -> None:
    facts = only(seen(tmp_path, script(loss)).of("losses")).facts
    assert [*texts(facts, "made_of")] == made
    assert facts.get("weighted", False) is weighted
    assert "in_evaluation" not in facts


@needs("torch")
def test_dropout_the_shape_trained_on_and_a_training_in_evaluation_mode_are_told(tmp_path: Path) -> None:
    found = seen(tmp_path, script(mode="eval"))
    assert only(found.of("losses")).facts["in_evaluation"] == 32
    assert only(found.of("layers")).facts["dropouts"] == [0.25]
    assert "drops" not in only(found.of("layers")).facts


@needs("torch")
def test_a_training_tells_how_long_its_inputs_were_and_a_method_that_drops_is_seen(tmp_path: Path) -> None:
    found = seen(tmp_path, script().replace("self.drop(torch.tanh", "F.dropout(torch.tanh"))
    assert wholes(only(found.of("trained_inputs")).facts, "shape") == (4, 4)
    assert only(found.of("layers")).facts["drops"] is True


@needs("torch")
def test_what_has_no_gradient_in_the_second_half_is_told_with_the_step(tmp_path: Path) -> None:
    freeze = "net.body.requires_grad_(epoch < 12)"
    facts = only(seen(tmp_path, script(freeze=freeze)).of("steps")).facts
    assert facts["still_sizes"] == [[32, 1], [8, 1]]
    assert facts["still_at"] == 32
    assert facts["moved_sizes"] == [[32, 1], [8, 1], [16, 1], [2, 1]]


JAX = """
import jax, jax.numpy as jnp, numpy as np, optax
x = jnp.asarray(np.random.default_rng(0).normal(size=(40, 3))); y = x.sum(1)
optimiser = optax.adam(0.01)
def loss(p): return jnp.mean((x @ p - y) ** 2)
@jax.jit
def step(p, s):
    g = jax.grad(loss)(p)
    u, s = optimiser.update(GIVEN, s)
    return optax.apply_updates(p, u), s
predict = jax.jit(lambda p, rows: rows @ p)
p = jnp.zeros(3); s = optimiser.init(p)
predict(p, x)
for _ in range(20):
    p, s = step(p, s)
np.save("p.npy", np.asarray(predict(p, x)))
"""


@needs("optax", "jax")
def test_what_a_compiled_function_returned_after_the_training_is_told(tmp_path: Path) -> None:
    found = seen(tmp_path, JAX.replace("GIVEN", "g"))
    told = only(found.of("forward")).facts
    assert (text(told, "library"), told["steps"], wholes(part(told, "x"), "shape")) == ("jax", 20, (40,))
    assert number(part(told, "values"), "mean") is not None
    assert all("gradients" not in one.facts for one in found.of("steps"))


@needs("optax", "jax")
def test_gradients_that_were_changed_before_the_optimiser_are_told(tmp_path: Path) -> None:
    found = seen(tmp_path, JAX.replace("GIVEN", "g * jnp.where(s[0].count < 5, 1.0, 0.0)"))
    changed = [part(one.facts, "gradients") for one in found.of("steps") if "gradients" in one.facts]
    assert [(each or {}).get("changed") for each in changed] == [1]


@needs("optax", "jax")
def test_by_which_names_a_derived_loss_is_made_is_read_from_its_code(tmp_path: Path) -> None:
    found = seen(tmp_path, JAX.replace("GIVEN", "g"))
    (told,) = [one.facts for one in found.of("steps") if one.facts["library"] == "jax"]
    assert {"**", "mean"} <= {*texts(told, "calls")}
    assert "maximum" not in texts(told, "calls")
    assert "open" not in told


@needs("torch")
def test_a_state_that_changes_nothing_when_it_is_loaded_is_told(tmp_path: Path) -> None:
    keep = "net.train(); state = net.state_dict() if epoch == 9 else globals().get('state')"
    text_ = script().replace("net.train()", keep)
    told = only(seen(tmp_path, text_ + "net.load_state_dict(state)\n").of("restored")).facts
    assert (told["calls"], told["changed"], told["untold"], told["steps"]) == (1, 0, 0, 32)
