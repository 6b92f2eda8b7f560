"""The witness changes and costs nothing that the person's code would feel: files, modules, splitters, signals."""

from __future__ import annotations

from pathlib import Path

from ...libraries import needs
from .helpers import seen

READING = """
import numpy as np, pickle, resource, time
def peak_kib(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
np.save("t.npy", np.asfortranarray(np.random.default_rng(0).normal(size=(2000, 2000))))
with open("texts.pkl", "wb") as file: pickle.dump([[[0.5] * 100 for _ in range(20)] for _ in range(100)], file)
before = peak_kib()
mapped = np.load("t.npy", mmap_mode="r")
assert peak_kib() < before + (16 << 10), "a copy was made of 32 MB that lie in another order"
from watchkeeper_witness import loaded
from watchkeeper_witness.state import FREE_S, state
with open("texts.pkl", "rb") as file: texts = pickle.load(file)
began = time.thread_time(); list(loaded._arrays([texts] * 90)); assert time.thread_time() - began < 1.0
np.savez("some.npz", a=np.arange(99.0))
state.own_s = FREE_S + 10.0                           # there is no time left
reads, read = [], np.lib.npyio.NpzFile.__getitem__
np.lib.npyio.NpzFile.__getitem__ = lambda self, name: reads.append(name) or read(self, name)
for _ in range(5): np.load("some.npz")
assert reads == [], reads
from watchkeeper_witness.fingerprint import fp
class Asked:
    def __len__(self): return 3
    def __getitem__(self, number): raise SystemExit("it was read")
state.own_s = 0.0
assert fp(Asked()) == {"shape": [3], "skipped": "error"}
from watchkeeper_witness.files import _whole, sha256
class Endless:
    def read(self, size): return b"x" * size
assert _whole(Endless(), 5) == sha256(b"xxxxx").hexdigest()
"""


@needs("numpy")
def test_what_is_read_is_neither_copied_nor_read_twice_nor_looked_through_for_long(tmp_path: Path) -> None:
    seen(tmp_path, READING)


STOPPED = """
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from watchkeeper_witness.state import here
X = np.arange(40.0)[:, None]
class Stopped(BaseEstimator):
    def fit(self, X, y): return self
    def get_params(self, deep=True): raise KeyboardInterrupt
try: Stopped().fit(X, X[:, 0])
except KeyboardInterrupt: pass
assert not here.first
class Splitter:
    def __init__(self): self.split = self.halves
    def halves(self, X, y=None, groups=None): yield np.arange(20), np.arange(10, 40)
    def get_n_splits(self, *args, **kwargs): return 1
cv = Splitter(); cross_val_score(Ridge(), X, X[:, 0], cv=cv)
assert cv.split == cv.halves
"""


@needs("sklearn")
def test_a_signal_and_an_attribute_of_a_splitter_leave_everything_as_it_was(tmp_path: Path) -> None:
    seen(tmp_path, STOPPED)


MODULES = """
import copy, torch
torch.manual_seed(0); torch.set_num_threads(1)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)); x = torch.randn(32, 4)
optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
net(x).sum().backward(); optimiser.step()
net.eval(); net.register_forward_hook(lambda *_: None)
frozen = torch.jit.freeze(torch.jit.script(copy.deepcopy(net[:2]).eval()))
frozen(x)                                             # it has no `training`
parameters = dict(net.named_parameters())
torch.func.grad(lambda p: torch.func.functional_call(net, p, (x,)).sum())(parameters)
rows = {"input": {0: torch.export.Dim("rows", min=2, max=99)}}
with torch.no_grad():
    torch.func.vmap(net)(x)
    torch.jit.trace(net, x)
    torch.export.export(net[:2], (x,), dynamic_shapes=rows, strict=False)
    copy.deepcopy(net).to("meta")(x.to("meta"))
from watchkeeper_witness.state import state
from watchkeeper_witness.torch_outputs import _MOST_HELD, _MOST_NUMBERS
wide = torch.nn.Linear(4, 60000); wide.eval()
with torch.no_grad():
    for _ in range(30): optimiser.step(); wide(x[:4])
held = [sum(each.size for piece in one.pieces for each in piece) for one in state.cumulative["outputs",].blocks]
assert held[-1] == 240_000 and sum(held) <= _MOST_HELD + _MOST_NUMBERS, held
"""


@needs("torch")
def test_modules_that_are_frozen_traced_mapped_and_exported_work_and_old_outputs_are_let_go(tmp_path: Path) -> None:
    assert seen(tmp_path, MODULES).of("forward")
