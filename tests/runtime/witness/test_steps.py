"""Gradient steps, losses, batches and saved weights of networks."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.analysis.witness import epochs, fit, losses, saved, steps

from ...libraries import needs
from .helpers import only, seen

TORCH = """
import torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0); torch.set_num_threads(1)
x = torch.randn(100, 4); y = x.sum(1, keepdim=True)
net = torch.nn.Linear(4, 1)
optimiser = torch.optim.SGD(net.parameters(), lr=LR)
for epoch in range(6):
    for a, b in DataLoader(TensorDataset(x, y), 32, shuffle=True):
        optimiser.zero_grad()
        loss = ((net(a) - b) ** 2).mean()
        loss.backward()
        STEP
torch.save(net.state_dict(), "net.pt")
"""


@needs("torch")
def test_the_steps_of_an_optimiser_end_at_the_weights_that_are_saved(tmp_path: Path) -> None:
    found = seen(tmp_path, TORCH.replace("LR", "0.05").replace("STEP", "optimiser.step()"))
    told, kept = steps(only(found.of("steps"))), saved(only(found.of("save")))
    assert (told.name, told.steps, told.lr, told.numbers) == ("SGD", 24, (0.05,), 5)
    assert told.moved is not None
    assert told.moved > 0.1
    assert told.moved_share == 1.0
    assert told.weights.sha == kept.weights.sha != told.begun.sha
    assert (kept.path, kept.numbers) == ("net.pt", 5)
    batches = only(found.of("batches")).facts
    assert (batches["batches"], batches["rows"], batches["passes"], batches["dataset"]) == (24, 600, 6, 100)
    values = losses(only(found.of("losses")))
    assert len(values) == 24
    assert values[-1][1] < values[0][1]
    of_epochs = epochs(only(found.of("losses")))
    assert [(number, calls) for number, calls, _, _ in of_epochs] == [(number, 4) for number in range(1, 7)]
    for number, _, mean, last in of_epochs:
        inside = [value for call, value in values if 4 * (number - 1) < call <= 4 * number]
        assert mean == pytest.approx(sum(inside) / 4)
        assert last == inside[-1]


@needs("torch")
@pytest.mark.parametrize(("lr", "step"), [("0.05", "pass"), ("0.0", "optimiser.step()")])
def test_weights_that_never_moved_are_seen_not_to_have(tmp_path: Path, lr: str, step: str) -> None:
    found = seen(tmp_path, TORCH.replace("LR", lr).replace("STEP", step))
    told = [steps(line) for line in found.of("steps")]
    assert [(one.steps, one.moved) for one in told] == ([(24, 0.0)] if step != "pass" else [])
    assert only(found.of("losses")).facts["count"] == 24


LOADED = """
import torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0); torch.set_num_threads(1)
x = torch.randn(60, 4)
net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 2))
decayed = [each for each in net.parameters() if each.dim() > 1]
others = [each for each in net.parameters() if each.dim() < 2]
optimiser = torch.optim.SGD([{"params": decayed, "weight_decay": 0.1}, {"params": others}], lr=0.1)
train = DataLoader(TensorDataset(x[:40]), 8)
held = DataLoader(TensorDataset(x[40:]), 10)
numbered = DataLoader(TensorDataset(torch.arange(20), x[40:]), 5)
for epoch in range(2):
    for (a,) in train:
        optimiser.zero_grad(); net(a).sum().backward(); optimiser.step()
        with torch.no_grad():
            for (b,) in held: net(b)
    for _, b in numbered: net(b)
torch.save(net.state_dict(), "net.pt")
"""


@needs("torch")
def test_what_was_looked_at_between_two_steps_was_not_trained_on_and_numbers_of_rows_name_none(tmp_path: Path) -> None:
    found = seen(tmp_path, LOADED)
    told = {line.facts["batch_size"]: line.facts for line in found.of("batches")}
    assert {size: one["trains"] for size, one in told.items()} == {8: True, 10: False, 5: False}
    assert {size: one.get("distinct") for size, one in told.items()} == {8: 40, 10: 20, 5: None}
    assert only(found.of("steps")).facts["sizes"] == [12, 6, 3, 2]
    assert only(found.of("save")).facts["sizes"] == [12, 3, 6, 2]


MANY = """
import torch
torch.set_num_threads(1)
w = torch.nn.Parameter(torch.ones(1))
optimiser = torch.optim.SGD([w], lr=1e-9)
w.grad = torch.ones(1)
for _ in range(100_000):
    optimiser.step()
"""


@needs("torch")
def test_a_hundred_thousand_steps_take_few_lines(tmp_path: Path) -> None:
    found = seen(tmp_path, MANY)
    assert steps(only(found.of("steps"))).steps == 100_000
    assert sum(len(process.lines) for process in found.processes) < 40


FUNCTION = """
import torch
torch.set_num_threads(1)
def train():
    net = torch.nn.Linear(2, 1)
    optimiser = torch.optim.Adam(net.parameters())
    for _ in range(3):
        net(torch.ones(1, 2)).sum().backward()
        optimiser.step()
for _ in range(4):
    train()
"""


@needs("torch")
def test_an_optimiser_that_is_gone_before_the_end_has_told_its_steps(tmp_path: Path) -> None:
    told = [steps(line) for line in seen(tmp_path, FUNCTION).of("steps")]
    assert [(one.steps, one.moved is not None and one.moved > 0) for one in told] == [(3, True)] * 4


OPTAX = """
from functools import partial
import jax, jax.numpy as jnp, optax
optimiser = optax.adam(0.1)
p = jnp.ones(3); state = optimiser.init(p)
for _ in range(20):
    updates, state = optimiser.update(2 * p, state, p)
    p = optax.apply_updates(p, updates)
compiled = optax.sgd(0.1); other = compiled.init(p)
@jax.jit
def step(p, state):
    updates, state = compiled.update(2 * p, state, p)
    return optax.apply_updates(p, updates), state
for _ in range(7):
    p, other = step(p, other)
def looped(optimiser):
    def body(carry, _):
        p, state = carry
        updates, state = optimiser.update(jax.grad(lambda p: (p**2).sum())(p), state, p)
        return (optax.apply_updates(p, updates), state), None
    return body
lion, nadam, yogi = optax.lion(0.1), optax.nadam(0.1), optax.yogi(0.1)
@partial(jax.jit, static_argnames="n")
def many(carry, n):
    return jax.lax.scan(looped(lion), carry, None, length=n)[0]
many(many((p, lion.init(p)), n=30), n=50)
body = looped(nadam)
for _ in range(3):
    jax.lax.fori_loop(0, 10, lambda _, carry: body(carry, None)[0], (p, nadam.init(p)))
@jax.jit
def until(carry):
    return jax.lax.while_loop(lambda carry: carry[0].sum() > 0.1, lambda carry: looped(yogi)(carry, None)[0], carry)
until((p, yogi.init(p)))
many.lower  # what a compiled function has besides being called
try:
    step(p, None)
except Exception:
    pass
"""


@needs("optax", "jax")
def test_updates_inside_compiled_code_are_counted_where_anybody_knows_how_often_it_ran(tmp_path: Path) -> None:
    lines = [steps(line) for line in seen(tmp_path, OPTAX).of("steps")]
    told = {one.name: one for one in lines if one.library == "optax"}
    assert {name: (one.steps, one.traced) for name, one in told.items()} == {
        "optax.adam": (20, False), "optax.sgd": (7, False), "optax.lion": (80, False), "optax.nadam": (30, False),
        "optax.yogi": (1, True),
    }  # fmt: skip
    assert told["optax.sgd"].line.facts["compiled"] is True
    assert told["optax.adam"].line.facts["params_moved"] is True


FROZEN = """
import os, pickle, subprocess, sys
import cloudpickle, jax.numpy as jnp, optax
assert pickle.loads(pickle.dumps([optax.adam, optax.apply_updates])) == [optax.adam, optax.apply_updates]
optimiser = optax.sgd(0.1)
p = {f"a{n:02}": jnp.ones(SIZE) for n in range(20)} | {"z": jnp.ones(3)}
g = {k: jnp.zeros_like(v) for k, v in p.items()} | {"z": jnp.ones(3)}
state = optimiser.init(p)
for _ in range(20):
    updates, state = optimiser.update(g, state, p)
    p = optax.apply_updates(p, updates)
open("o.pkl", "wb").write(cloudpickle.dumps(optimiser))
code = "import pickle; o = pickle.load(open('o.pkl', 'rb')); print(o.update(1.0, o.init(1.0))[0])"
env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "WATCHKEEPER_WITNESS")}
subprocess.run([sys.executable, "-c", code], env={**env, "PYTHONPATH": os.pathsep.join(sys.path)}, check=True)
"""


@needs("optax", "jax", "cloudpickle")
@pytest.mark.parametrize(("size", "moved"), [(4, True), (1 << 18, None)])
def test_weights_of_which_most_are_frozen_are_not_told_to_stay_and_their_optimiser_can_be_pickled(
    tmp_path: Path, size: int, moved: bool | None
) -> None:
    told = only(seen(tmp_path, FROZEN.replace("SIZE", str(size))).of("steps"))
    assert (steps(told).steps, told.facts["params_moved"]) == (20, moved)


KERAS = """
import numpy as np, keras
x = np.random.default_rng(0).normal(size=(60, 3)); y = x.sum(1)
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, y, epochs=4, batch_size=20, verbose=0)
model.predict(x, verbose=0)
model.save("m.keras")
"""


@needs("keras", "jax")
def test_keras_tells_its_epochs_its_steps_and_its_weights(tmp_path: Path) -> None:
    found = seen(tmp_path, KERAS, env={"KERAS_BACKEND": "jax"})
    told, kept = steps(only(found.of("steps"))), saved(only(found.of("save")))
    assert (told.library, told.epochs, told.steps) == ("keras", 4, 12)
    assert told.weights.sha == kept.weights.sha != told.begun.sha
    assert fit(only(found.of("fit"))).done["epochs"] == 4
    assert len(losses(only(found.of("losses")))) == 4


GRADIENTS = """
import jax, jax.numpy as jnp
def loss(p):
    return (p**2).sum()
@jax.jit
def step(p, _):
    return p - 0.1 * jax.grad(loss)(p), loss(p)
print(jax.lax.scan(step, jnp.ones(3), None, length=9)[1])
"""


@needs("jax")
def test_a_loop_around_jax_grad_counts_what_ran(tmp_path: Path) -> None:
    told = steps(only(seen(tmp_path, GRADIENTS).of("steps")))
    assert (told.name, told.steps, told.traced) == ("jax.grad", 9, False)
