"""JAX's compiled code is counted by what each call of it runs, and stays what it was to the person's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watchkeeper.server.analysis.witness import steps
from watchkeeper.server.analysis.witness.values import part, parts

from ...libraries import needs
from .helpers import seen

STATIC = """
from functools import partial
import gc, weakref
import jax, jax.numpy as jnp, optax
def updated(optimiser, p, state):
    updates, state = optimiser.update(2 * p, state, p)
    return optax.apply_updates(p, updates), state
adam, sgd, lion, nadam = optax.adam(0.1), optax.sgd(0.1), optax.lion(0.1), optax.nadam(0.1)
p = jnp.ones(3)
@partial(jax.jit, static_argnames="train")
def step(p, state, train):
    return updated(adam, p, state) if train else (p, state)
state = adam.init(p)
for _ in range(5):
    p, state = step(p, state, train=True)
    step(p, state, train=False)                       # an evaluation, which updates nothing
@jax.jit
def guarded(p, state):
    return jax.lax.cond(p.sum() > 0, lambda p, state: updated(sgd, p, state), lambda p, state: (p, state), p, state)
state = sgd.init(p)
for _ in range(3):
    p, state = guarded(p, state)
@jax.jit
def each(p):
    body = lambda carry, _: (updated(lion, *carry), None)
    return jax.lax.scan(body, (p, lion.init(p)), None, length=4)[0][0]
jax.jit(lambda many: jax.lax.map(each, many))(jnp.ones((6, 3)))
@jax.jit
def chunk(p, xs):
    body = lambda carry, _: (updated(nadam, *carry), None)
    return jax.lax.scan(body, (p, nadam.init(p)), xs)[0][0]
for length in (5, 3, 5):                              # the third runs what was traced first
    chunk(p, jnp.ones(length))
assert isinstance(step, jax.stages.Wrapped) and step.__wrapped__.__name__ == "step" and chunk._cache_size() == 2
class Model:
    @partial(jax.jit, static_argnums=0)
    def double(self, x): return 2 * x
model = Model(); model.double(p); kept = weakref.ref(model)
jax.clear_caches(); del model; gc.collect()
assert kept() is None
class Body:
    __hash__ = None
    def __call__(self, i, carry): return carry
import numpy as np
np.save("init.npy", np.arange(40.0))
def train(optimiser, p): optimiser.update(p, optimiser.init(p), p)
train(optax.lamb(0.1), jnp.asarray(np.load("init.npy")))
train(optax.yogi(0.1), jnp.sin(jnp.arange(40.0)))
try: jax.lax.fori_loop(0, 3, Body(), 1.0)
except TypeError: pass                                # JAX's own word about it
"""


@needs("optax", "jax")
def test_a_call_counts_what_its_own_trace_runs_and_an_optimiser_tells_its_own_files(tmp_path: Path) -> None:
    told = {one.name: one for one in (steps(line) for line in seen(tmp_path, STATIC).of("steps"))}
    assert {name: one.traced for name, one in told.items()} == {
        "optax.adam": False, "optax.sgd": True, "optax.lion": False, "optax.nadam": True, "optax.lamb": False,
        "optax.yogi": False,
    }  # fmt: skip
    assert (told["optax.adam"].steps, told["optax.lion"].steps) == (5, 24)
    assert [name for name, one in told.items() if "from_files" in one.line.facts] == ["optax.lamb"]


MASKED = """
import jax, jax.numpy as jnp, optax
adam = optax.adam(0.01)
loss = lambda p: ((p["a"] @ p["b"] - 1.0) ** 2).sum()
p = {"a": jnp.full((3, 8), 0.4), "b": jnp.full((8,), 0.5)}
def epoch(carry, number):
    p, state = carry
    value, slope = jax.value_and_grad(loss)(p)
    updates, state = adam.update(slope, state, p)
    updates = jax.tree.map(lambda each: each * (number < 12), updates)
    return (optax.apply_updates(p, updates), state), value
train = jax.jit(lambda p, state: jax.lax.scan(epoch, (p, state), jnp.arange(60)))
train(p, adam.init(p))
@jax.jit
def step(p, state, live):
    updates, state = adam.update(jax.grad(loss)(p), state, p)
    return jax.tree.map(lambda each, change: each + live * change, p, updates), state
state = adam.init(p)
for number in range(50):
    p, state = step(p, state, 1.0 * (number < 12))
"""


@needs("optax")
def test_what_compiled_code_returned_tells_where_updates_were_masked(tmp_path: Path) -> None:
    found = seen(tmp_path, MASKED)
    scan, calls = found.of("compiled")
    (series,) = parts(scan.facts, "series")
    assert (series["length"], series["same_from"], series["even"]) == (60, 12, False)
    arrays = [[8, 12], [24, 12], [8, 48], [24, 48]]
    told: Any = calls.facts["arrays"]
    assert sorted(told) == sorted([[24, 12], [8, 12], *[each for each in arrays if each[1] == 48] * 2])
    updates = [part(one.facts, "updates") for one in found.of("steps") if one.facts["library"] == "optax"]
    assert [each["changed"] for each in updates if each is not None] == [1]
