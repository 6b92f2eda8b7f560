"""What libraries really print becomes numbers by name."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.logs.metrics import TOTALS, read_metrics
from watchkeeper.server.analysis.logs.nonfinite import sight
from watchkeeper.server.analysis.logs.progress import Sign, sign_of

nan, inf = math.nan, math.inf


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("epoch 0 train_loss=1.0000 val_error=1.1000", {"epoch": 0, "train_loss": 1, "val_error": 1.1}),
        ("step 2 loss 0.3333", {"step": 2, "loss": 0.3333}),
        ("[3]\ttrain-rmse:0.10000\tvalidation-error:0.02", {"step": 3, "train_rmse": 0.1, "val_error": 0.02}),
        ("[1]\ttrain's binary_error: 0.4\tvalid's l2: 0.5", {"step": 1, "train_binary_error": 0.4, "val_l2": 0.5}),
        (
            "10:\tlearn: 0.5\ttest: 0.6\tbest: 0.6 (10)\ttotal: 1ms",
            {"step": 10, "learn": 0.5, "test": 0.6, "best": 0.6},
        ),
        ("5/5 - 1s - loss: 3.0 - val_loss: 2.6", {"loss": 3, "val_loss": 2.6}),
        (
            "5/5 ━━━━━ 0s 4ms/step - loss: 4.9 - learning_rate: 0.0010",
            {"step": 5, "step_total": 5, "loss": 4.9, "lr": 0.001},
        ),
        ("{'loss': 'inf', 'grad_norm': '1.5', 'epoch': '0.5'}", {"loss": inf, "grad_norm": 1.5, "epoch": 0.5}),
        ("{'loss': 0.5, 'learning_rate': 1e-05}", {"loss": 0.5, "lr": 1e-05}),
        ('{"level": "info", "step": 3, "m": {"loss": 0.5}, "ok": true}', {"step": 3, "loss": 0.5}),
        ("Iteration 4, loss = inf", {"step": 4, "loss": inf}),
        ("fold 0: Mean Squared Error: 12835.64", {"mean_squared_error": 12835.64}),
        (
            "Epoch 0:  20%|██   | 40/200 [00:00<00:03, 52.16it/s, error=7.7]",
            {"step": 40, "step_total": 200, "error": 7.7},
        ),
        ("draws 400/1000 divergences 37", {"draws": 400, "draws_total": 1000, "divergences": 37}),
        ("  ━━━━━━   2000   97   0.263   15   920.23", {"draws": 2000, "divergences": 97, "step_size": 0.263}),
        ("2026-11-23 18:14:39,716 INFO train: step 0 loss=2.0", {"step": 0, "loss": 2}),
        (
            "Epoch [3/10], Step [100/600], Loss: 0.1234",
            {"epoch": 3, "epoch_total": 10, "step": 100, "step_total": 600, "loss": 0.1234},
        ),
        ("Epoch 3/60", {"epoch": 3, "epoch_total": 60}),
        ("Epoch: 3 / 60 - loss: 0.5", {"epoch": 3, "epoch_total": 60, "loss": 0.5}),
        ("step 5 of 1,000 loss 0.5", {"step": 5, "step_total": 1000, "loss": 0.5}),
        ("draws=331 divergences=1 of 10000", {"draws": 331, "divergences": 1, "draws_total": 10000}),
        (" 45%|████▌     | 45/100 [00:01<00:01]", {"step": 45, "step_total": 100}),
        ("[3/90] loss=0.5", {"step": 3, "step_total": 90, "loss": 0.5}),
        ("batch=7/8 fold=2/5", {"batch": 7, "batch_total": 8, "fold": 2, "fold_total": 5}),
        ("epoch 3/4/2026 loss 0.5", {"epoch": 3, "loss": 0.5}),
        ("epoch 9/3", {"epoch": 9}),
        ("loss=0.5/3", {"loss": 0.5}),
        ("Epoch: 3 | Train Loss: 0.123 | Val. Loss: 0.2", {"epoch": 3, "train_loss": 0.123, "val_loss": 0.2}),
        ("train/loss 0.5 loss=tensor(0.25)", {"train_loss": 0.5, "loss": 0.25}),
        ("step 1,000 elbo: -1,234.5", {"step": 1000, "elbo": -1234.5}),
        ("max_rhat=1.30 min_ess=120", {"rhat": 1.3, "ess": 120}),
        ("waiting for lock", {}),
        ("time: 18:26:18 port: 8080", {}),
        ("", {}),
    ],
)
def test_a_line_of_this_format_is_understood(line: str, values: dict[str, float]) -> None:
    assert read_metrics(line) == values


@pytest.mark.parametrize("total", sorted(TOTALS))
def test_a_total_is_neither_progress_nor_something_to_be_alarmed_about(total: str) -> None:
    assert sign_of(f"{total}=60 other=3")[0] is Sign.WEAK
    assert sign_of(f"{total.removesuffix('_total')}=3/60")[0] is Sign.COUNT  # it counts once it moves
    assert sign_of(f"{total.removesuffix('_total')}=3/60 other=3")[0] is Sign.STRONG
    assert sight(f"{total}=nan loss_total=nan") == (("loss_total",), ())


def test_nan_is_a_value() -> None:
    assert math.isnan(read_metrics("epoch 1 loss=nan")["loss"])
    assert math.isnan(read_metrics('{"loss": NaN}')["loss"])
    assert math.isnan(read_metrics("v_num=0, train_loss=nan.0")["train_loss"])


@given(st.text(max_size=300))
def test_any_text_gives_a_bounded_row(text: str) -> None:
    found = read_metrics(text)
    assert len(found) <= 48
    assert all(0 < len(name) <= 64 for name in found)


@given(st.floats(allow_nan=False), st.sampled_from(["loss", "val_loss", "grad_norm", "my_metric"]))
def test_a_value_is_read_back(value: float, name: str) -> None:
    assert read_metrics(f"epoch 3 {name}={value!r}")[name] == value
