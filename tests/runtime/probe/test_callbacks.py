"""The callbacks for Keras and Lightning, in libraries as small as can be that call them as the real ones do.

Both were tried with the real ones too, Keras 3.15 (JAX) and Lightning 2.6: three epochs of a linear model each.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from watchkeeper.server.analysis.curves.series import History

from .helpers import loaded, told


class Callback:
    """What Keras' own base class gives to a callback before the training."""

    def __init__(self) -> None:
        self.params = {"epochs": 3, "steps": 2}


def library(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_keras_epochs_become_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(monkeypatch, "keras", callbacks=SimpleNamespace(Callback=Callback))
    callback: Any = loaded(tmp_path, monkeypatch).keras_callback()
    assert Callback in type(callback).__mro__
    for epoch in range(3):
        callback.on_epoch_begin(epoch, logs=None)
        callback.on_epoch_end(epoch, {"loss": 1.0 / (epoch + 1), "val_loss": 2.0})
    data = told(tmp_path)
    history = data.history
    assert (history.epochs, history.train_loss, history.val_loss) == ([1, 2, 3], [1.0, 0.5, 1 / 3], [2.0] * 3)
    assert all(time_s is not None and 0 <= time_s < 10 for time_s in history.time_s)
    assert (data.marks[-1][1], data.total) == (3, 3)


def test_a_keras_callback_whose_logs_are_odd_does_not_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(monkeypatch, "keras", callbacks=SimpleNamespace(Callback=Callback))
    callback: Any = loaded(tmp_path, monkeypatch).keras_callback()
    callback.on_epoch_end(0, {"loss": 1.0})
    callback.on_epoch_begin(1)
    callback.on_epoch_end(1, 5)
    assert told(tmp_path).history == History(epochs=[])


@pytest.mark.parametrize("name", ["lightning.pytorch", "pytorch_lightning"])
def test_lightning_metrics_become_the_history_of_the_first_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, other, None)
    library(monkeypatch, name, Callback=Callback)
    monkeypatch.delitem(sys.modules, "pytorch_lightning" if "." in name else "lightning.pytorch")
    callback: Any = loaded(tmp_path, monkeypatch).lightning_callback()
    for epoch, first_rank in ((0, True), (1, False), (2, True)):
        metrics = {"train_loss": 0.5, "val_loss": 0.25, "name": "text"}
        trainer = SimpleNamespace(
            current_epoch=epoch, max_epochs=3, callback_metrics=metrics, is_global_zero=first_rank
        )
        callback.on_train_epoch_start(trainer, object())
        callback.on_train_epoch_end(trainer, object())
    history = told(tmp_path).history
    assert (history.epochs, history.train_loss, history.val_loss) == ([1, 3], [0.5] * 2, [0.25] * 2)


def test_without_the_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("keras", "tf_keras"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"None of these is installed: keras, tf_keras\."):
        loaded(tmp_path, monkeypatch).keras_callback()
