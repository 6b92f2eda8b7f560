"""Numbers that tell of a failure: NaN and infinity, divergences, R-hat, tree depth."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.recognise import Recogniser
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES
from watchkeeper.server.analysis.logs.scan import ScanResult, fold, scan
from watchkeeper.server.vocabulary.mcmc_levels import McmcLevels
from watchkeeper.server.vocabulary.runs import ErrorType, Finding, Level


def read(text: str, exit_code: int | None = 0) -> ScanResult:
    return scan(io.BytesIO(text.encode()), exit_code=exit_code)


def first(text: str, exit_code: int | None = 0) -> Finding:
    return read(text, exit_code).findings[0]


@pytest.mark.parametrize(
    "form",
    [
        "epoch {i} loss {v}",
        "Epoch [{i}/40], Loss: {v}, Acc: 0.5",
        "epoch={i} train_loss={v}",
        "[{i}]\ttrain-rmse:{v}\tvalidation-rmse:{v}",
        "[{i}]\tvalid_0's l2: 0.5\ttraining's l2: 0.5\tloss: {v}",
        "{i}:\tlearn: {v}\ttotal: 1ms",
        "Iteration {i}, loss = {v}",
        "{{'loss': '{v}', 'grad_norm': '{v}', 'epoch': '{i}'}}",
        '{{"step": {i}, "loss": {v}}}',
        "{i}/40 ━━━━━ 0s 4ms/step - loss: {v}",
        "step {i} loss=tensor({v}, grad_fn=<MseLoss>)",
        "{i},{v},{v}",
    ],
)
@pytest.mark.parametrize("value", ["nan", "NaN", "inf"])
def test_a_loss_that_stays_not_finite_is_a_failure_from_its_first_line(form: str, value: str) -> None:
    text = (
        "".join(form.format(i=i, v=value if i > 6 else 1.5 / i) + "\n" for i in range(1, 30)) + "Training completed\n"
    )
    result = read(text)
    assert result.outcome == "failed"
    finding = result.findings[0]
    assert (finding.line, finding.last_line, finding.root_exception) == (7, 29, "NaN")
    assert finding.type is ErrorType.CONVERGENCE
    assert finding.count >= 20


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"epoch {i} loss={1 / i} val_loss={'nan' if i % 5 else 0.5}\n" for i in range(1, 40)),
        "".join(f"mlp fold {i}: accuracy 0.98, log loss 0.1{i}\n" for i in range(10))
        + "".join(f"svc fold {i}: accuracy 0.97, log loss nan\n" for i in range(10)),
        "Sanity check: val_loss=nan\n" + "".join(f"epoch {i} loss={1 / i} val_loss=0.5\n" for i in range(1, 9)),
        "".join(f"step {i} loss=0.5 grad_norm={'inf' if i in (3, 4) else 1.5}\n" for i in range(1, 20)),
        "".join(f"epoch {i} loss=0.5 nan_batches=0 best_loss={'inf' if i == 1 else 0.5}\n" for i in range(1, 9)),
        "".join(f"[CV {i}/3] END C=-1.0;, score=nan total time=   0.0s\n" for i in range(1, 4)),
        "[LightGBM] [Warning] No further splits with positive gain, best gain: -inf\n" * 9,
        "      a   b\nmean  NaN 0.5\nstd   NaN 0.1\nfinancial information, dominant\n",
        "epoch 1 lr=nan\n" * 4,
        "checking that the loss is not NaN\nthe loss is finite\n",
    ],
)
def test_what_is_nan_by_design_is_no_failure(text: str) -> None:
    assert read(text).outcome == "healthy"
    assert read(text, None).outcome == "healthy"


def test_a_loss_that_came_back_is_noticed() -> None:
    text = "".join(f"step {i} loss={'nan' if 3 <= i <= 6 else 0.5}\n" for i in range(1, 20))
    assert [f.level for f in read(text).findings] == [Level.NOTICED]


def test_a_validation_loss_that_was_finite_and_stays_nan_is_a_failure() -> None:
    text = "".join(f"epoch {i} loss=0.5 val_loss={'nan' if i > 9 else 0.7}\n" for i in range(1, 30))
    assert first(text).line == 10


def test_a_score_of_folds_that_is_nan_for_every_model_is_a_failure() -> None:
    text = "".join(f"net fold {i}: accuracy 0.1, log loss {'nan' if i > 2 else 0.4}\n" for i in range(8))
    assert first(text).line == 4
    assert first("".join(f"net fold {i}: accuracy 0.1, log loss nan\n" for i in range(8))).line == 1


def test_an_exception_that_the_nan_led_to_is_the_same_failure() -> None:
    text = (
        "step 1 loss 1.0\nstep 2 loss nan\nstep 3 loss nan\nTraceback (most recent call last):\n"
        '  File "/home/user/train.py", line 3, in <module>\n    check(loss)\nValueError: loss is not finite\n'
    )
    result = read(text, 1)
    assert [(f.level, f.line, f.exception) for f in result.findings] == [
        (Level.FAILURE, 2, "ValueError"),
        (Level.FLAG, 4, "ValueError"),
    ]
    assert result.findings[0].frame == "/home/user/train.py:3"


@pytest.mark.parametrize(
    "sentence",
    [
        "Batch 3: Invalid loss, terminating training",
        "Monitored metric train_loss = nan is not finite. Previous best value was 2.1. Signaling Trainer to stop.",
        "NaN loss detected at step 80, stopping",
        "loss became nan, aborting",
    ],
)
def test_a_sentence_that_says_it_is_a_failure_even_with_exit_status_0(sentence: str) -> None:
    finding = first(f"epoch 1 loss 0.5\n{sentence}\nfinished\n")
    assert (finding.level, finding.line, finding.type) == (Level.FAILURE, 2, ErrorType.CONVERGENCE)


def test_a_sentence_tells_of_the_values_before_it_and_what_else_its_line_says_does_not_take_it_back() -> None:
    stopped = "Monitored metric val_loss = inf is not finite. Previous best value was inf. Signaling Trainer to stop."
    assert first(f"epoch 0 val_loss 93.36\nepoch 1 val_loss inf\n{stopped}\nsaved\n").line == 2
    keras = " 5/10 - abs_error: 11.0 - loss: 66.5Batch 5: Invalid loss, terminating training\n"
    assert first(f"{keras} 6/10 - abs_error: 10.9 - loss: inf\nsaved\n").line == 1


def callback(rows: list[tuple[int, int]], form: str = "draws {}/1000 divergences {}") -> str:
    return "".join(form.format(draws, count) + "\n" for draws, count in rows)


@pytest.mark.parametrize("form", ["draws {}/1000 divergences {}", "draws={} divergences={}"])
def test_divergences_are_one_finding_that_rises_under_one_key(form: str) -> None:
    recogniser = Recogniser()
    rows = callback([(100, 0), (200, 1), (300, 2), (400, 12), (500, 60), (600, 61)], form)
    changes = [change for line in rows.splitlines(keepends=True) for change in recogniser.feed(line.encode())]
    assert [(c.kind, c.key, c.finding.level, c.finding.emergency) for c in changes] == [
        ("seen", "L2", Level.FLAG, False),
        ("repeated", "L2", Level.FLAG, False),
        ("seen", "L2", Level.FAILURE, False),
        ("seen", "L2", Level.FAILURE, True),
        ("repeated", "L2", Level.FAILURE, True),
    ]
    assert changes[2].finding.line == 4
    changes += recogniser.feed(b"Sampling 2 chains for 300 tune and 500 draw iterations (600 + 1_000 draws total)\n")
    changes += recogniser.feed(b"There were 57 divergences after tuning. Increase `target_accept`.\n")
    findings = fold([*changes, *recogniser.end(None)])
    assert list(findings) == ["L2"]
    assert findings["L2"].message == "57 divergences in 1000 draws (5.7%)"


def test_pymcs_own_sentence_marks_the_line() -> None:
    text = (
        "  Progress       Draw   Divergences   Step size   Grad evals   Speed\n"
        "  ━━━━━━━━━━━━   2000   97            0.263       15           920.23\n"
        "Sampling 2 chains for 1_000 tune and 1_000 draw iterations (2_000 + 2_000 draws total) took 3 seconds.\n"
        "There were 105 divergences after tuning. Increase `target_accept` or reparameterize.\n"
    )
    finding = first(text)
    assert (finding.level, finding.line, finding.root_exception) == (Level.FAILURE, 4, "divergences")


@pytest.mark.parametrize(
    "names", ["Draws   Divergences", "Draw    Divergen…", "Draw   Diver…", "Draw   Dive…", "Dr…   Di…"]
)
def test_a_progress_table_without_any_sentence_tells_of_divergences_however_its_names_are_cut(names: str) -> None:
    text = (
        f"  Progress        {names}   size    evals   Speed          Elap…   Rema…  \n"
        " ────────────────────────────────────────\n"
        "  ━━━ ━━━━━━━━━   500     0       1.212   7       0.00 draws/s   0:00…   0:00…  \n"
        "  ━━━ ━━━━━━━━━   500     160     1.299   7       0.00 draws/s   0:00…   0:00…  \n"
    )
    finding = first(text)
    assert (finding.level, finding.line, finding.emergency) == (Level.FAILURE, 4, True)
    assert finding.message == "160 divergences in 500 draws (32.0%)"


def test_one_divergence_among_the_first_draws_is_a_flag_and_many_are_a_failure() -> None:
    assert [f.level for f in read(callback([(3, 1), (900, 2)])).findings] == [Level.FLAG]
    assert [f.level for f in read(callback([(5, 3)])).findings] == [Level.FAILURE]


def test_a_share_too_small_for_one_place_is_not_called_none() -> None:
    assert first(callback([(5000, 1)])).message == "1 divergence in 5000 draws (0.02%)"


def test_a_count_that_stays_is_counted_and_a_rise_among_thousands_of_lines_is_told() -> None:
    recogniser = Recogniser()
    recogniser.feed(callback([(1000, 1)]).encode())
    rows = [(1000 + n, 1) for n in range(5000)] + [(9000, 900)] + [(9000 + n, 900) for n in range(5000)]
    changes = recogniser.feed(callback(rows, "draws={} divergences={}").encode())
    assert [(c.kind, c.finding.level, c.finding.line, c.finding.count) for c in changes] == [
        ("seen", Level.FAILURE, 5002, 5002),
        ("repeated", Level.FAILURE, 5002, 10_002),
    ]


def test_few_divergences_are_a_flag_and_none_are_nothing() -> None:
    assert [f.level for f in read(callback([(1000, 1)])).findings] == [Level.FLAG]
    assert read(callback([(1000, 1)])).outcome == "suspect"
    assert read(callback([(500, 0), (1000, 0)])).findings == ()


def test_levels_come_from_the_policy() -> None:
    strict = DEFAULT_RULES.extended([], McmcLevels(divergent_share_failure=0.0))
    found = scan(io.BytesIO(b"draws=1000 divergences=1\n"), exit_code=0, rules=strict).findings
    assert [f.level for f in found] == [Level.FAILURE]


@pytest.mark.parametrize(
    ("rhat", "level", "emergency"),
    [("1.0", None, False), ("1.05", Level.FLAG, False), ("1.2", Level.FAILURE, False), ("1.74", Level.FAILURE, True)],
)
def test_the_r_hat_column_of_a_summary_is_read(rhat: str, level: Level | None, emergency: bool) -> None:
    head = "      mean     sd  ess_bulk  ess_tail  r_hat\nmu   1.026  0.138    4142.0    2861.0    1.0\n"
    text = f"{head}s    1.940  0.099      20.0       9.0   {rhat}\n"
    found = read(text).findings
    assert [(f.level, f.emergency, f.line) for f in found] == ([(level, emergency, 3)] if level else [])


def test_a_sentence_that_ends_in_numbers_is_no_row_of_the_summary_above_it() -> None:
    head = "      mean     sd  ess_bulk  ess_tail  r_hat\nmu   1.026  0.138    4142.0    2861.0    1.0\n"
    assert read(f"{head}true a=1 b=2: posterior means 1.0628 2.0087\n").findings == ()


def test_a_row_of_a_parameter_with_blanks_in_its_name_is_read() -> None:
    head = "             mean     sd  ess_bulk  ess_tail  r_hat\n"
    found = read(f"{head}theta[a, b]  1.940  -0.099      20.0       9.0   1.74\n").findings
    assert [(f.level, f.line) for f in found] == [(Level.FAILURE, 2)]


def test_tree_depth_alone_is_a_flag_and_with_a_bad_r_hat_a_failure() -> None:
    deep = "Chain 0 reached the maximum tree depth. Increase `max_treedepth`.\n"
    rhat = "The rhat statistic is larger than 1.01 for some parameters.\n"
    assert first(deep).level is Level.FLAG
    finding = first(deep + rhat)
    assert (finding.level, finding.line, finding.root_exception) == (Level.FAILURE, 1, "treedepth")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("There were 36 divergences after tuning.", "36 divergences"),
        ("There were 7999 divergences after tuning.", "7999 divergences"),
        ("divergences: 7999", "7999 divergences"),
        ("draws=400 divergences=37", "37 divergences in 400 draws (9.2%)"),
    ],
)
def test_draws_that_nobody_printed_are_not_told(text: str, message: str) -> None:
    (found,) = scan(io.BytesIO(f"{text}\n".encode())).findings
    assert found.message == message
