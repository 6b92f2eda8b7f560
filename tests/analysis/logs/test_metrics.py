"""What libraries really print becomes numbers by name."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.logs import metrics
from watchkeeper.server.analysis.logs.lines import Lines
from watchkeeper.server.analysis.logs.metrics import TOTALS, read_metrics
from watchkeeper.server.analysis.logs.nonfinite import sight
from watchkeeper.server.analysis.logs.progress import Sign, sign_of

nan, inf = math.nan, math.inf


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("epoch 0 train_loss=1.0000 val_error=1.1000", {"epoch": 0, "train_loss": 1, "val_error": 1.1}),
        ("step 2 loss 0.3333", {"step": 2, "loss": 0.3333}),
        ("episode 20 mean reward -3.1", {"epoch": 20, "mean_reward": -3.1}),
        ("Episode: 20/600 return=3.4", {"epoch": 20, "epoch_total": 600, "return": 3.4}),
        ("epoch 3 loss 0.5 f1 0.83", {"epoch": 3, "loss": 0.5, "f1": 0.83}),
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
        ("Epoch   3 | train 0.5123 | val 0.4300", {"epoch": 3.0, "train": 0.5123, "val": 0.43}),
        ("epoch 3\ttrain 0.51\tvalid 4.3e-1", {"epoch": 3.0, "train": 0.51, "valid": 0.43}),
        ("step 5 | bce 0.3101", {"step": 5.0, "bce": 0.3101}),
        ("epoch 3: train 12.5 s, val 2.25 s", {"epoch": 3.0}),
        ("epoch 3 of 9, train 400 rows, val 100 rows", {"epoch": 3.0, "epoch_total": 9.0}),
        ("epoch 3 loss 0.52 val 0.81", {"epoch": 3.0, "loss": 0.52}),
        ("fold 0: Mean Squared Error: 12835.64", {"mean_squared_error": 12835.64, "fold": 0.0}),
        (
            "Epoch 0:  20%|██   | 40/200 [00:00<00:03, 52.16it/s, error=7.7]",
            {"epoch": 0, "step": 40, "step_total": 200, "error": 7.7},
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
        ("loss: 0.22WARNING:root: slow", {"loss": 0.22}),
        ("loss: 1.2e-01INFO", {"loss": 0.12}),
        ("val_time: 3.2s train_time: 0.25s", {"val_time": 3.2, "train_time": 0.25}),
        ("rate: 12.3cases/day", {"rate": 12.3}),
        ("steps: 5k batch: 25M memory: 4.5GB", {"step": 5000, "batch": 25e6, "memory": 4.5}),
        ("mask: 0x1f release: 1.2.3 took: 1m30s at: 10.0.0.1 tag: 12ab34f", {}),
        ("rank: 3 local_rank: 1 world_size: 8 exit_code: 1 received_sigterm: 15 exitcode=-9", {}),
        (
            "Epoch: [3][ 10/391]\tTime  0.1 ( 0.2)\tLoss 1.2e+00 (1.3e+00)\tAcc@1  50.00 ( 48.00)",
            {"epoch": 3, "step": 10, "step_total": 391, "loss": 1.2, "acc@1": 50},
        ),
        (
            "[0/5][7/1583]\tLoss_D: 1.7\tLoss_G: 5.0",
            {
                "epoch": 0,
                "epoch_total": 5,
                "step": 7,
                "step_total": 1583,
                "loss_d": 1.7,
                "loss_g": 5,
            },
        ),
        ("step 250: train loss 1.97, val loss 2.06", {"step": 250, "train_loss": 1.97, "val_loss": 2.06}),
        (
            "Test set: Average loss: 0.05, Accuracy: 9872/10000 (99%)",
            {"val_average_loss": 0.05, "val_accuracy": 0.9872},
        ),
        ("Epoch 2: train: loss 0.5 | val: loss 0.7", {"epoch": 2, "loss": 0.5, "val_loss": 0.7}),
        (
            " iteration       10/     100 | lm loss: 9.5E+00 | grad norm: 1.25 |",
            {"step": 10, "step_total": 100, "lm_loss": 9.5, "grad_norm": 1.25},
        ),
        (" 12: 3.5, -nan avg loss, 0.001 rate", {"step": 12, "loss": nan}),
        ('2026-01-01 10:00:00 | INFO | valid | {"epoch": 1, "valid_loss": "4.5"}', {"epoch": 1, "val_loss": 4.5}),
        ("At iterate    5    f=  1.25D+01    |proj g|=  2.0D-01", {"step": 5, "f": 12.5}),
        ("waiting for lock", {}),
        ("time: 18:26:18 port: 8080", {}),
        ("", {}),
    ],
)
def test_a_line_of_this_format_is_understood(line: str, values: dict[str, float]) -> None:
    assert read_metrics(line) == pytest.approx(values, nan_ok=True)


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


def read_all(text: str) -> list[dict[str, float]]:
    lines = Lines()
    rows = [dict(lines.read(line)) for line in text.splitlines()]
    return [row for row in rows if row]


def test_the_rows_of_a_printed_table_have_the_names_of_its_header() -> None:
    fastai = "epoch     train_loss  valid_loss  time    \n0         0.5         0.6         00:10   \n"
    assert read_all(fastai) == [{"epoch": 0, "train_loss": 0.5, "val_loss": 0.6}]
    markdown = "| Step | Training Loss |\n|:---|---:|\n| 500 | No log |\n| 1000 | 0.25 |\n"
    assert read_all(markdown)[-1] == {"step": 1000, "train_loss": 0.25}


def test_a_box_of_names_and_values_is_one_row() -> None:
    box = "-----\n| rollout/        |      |\n|    ep_rew_mean  | 22.2 |\n| time/           |      |\n"
    box += "|    iterations   | 3    |\n-----\n"
    assert read_all(box) == [{"rollout_ep_rew_mean": 22.2, "time_iterations": 3}]


def test_a_sentence_with_numbers_is_no_header_and_the_lines_behind_it_are_read_as_they_are() -> None:
    assert read_all("lr: 0.1  loss: 0.5  loss_ce: 0.2\nepoch 3 loss 0.25\n")[-1] == {"epoch": 3, "loss": 0.25}
    assert read_all("epoch  loss\nloading 3 files\nepoch 3 loss 0.25\n") == [{"epoch": 3, "loss": 0.25}]


@given(st.text(alphabet="loss=: 0123456789.,/[]()%epochvaltrnif-+dDxk\t", max_size=60))
def test_lines_that_differ_in_digits_alone_have_their_names_at_the_same_places(text: str) -> None:
    assert metrics.pairs_in(text) == metrics.pairs_in(metrics.form_of(text))
