"""What hides in code that seems only to tell, to keep or to move something asks; what only does so passes."""

from __future__ import annotations

import pytest

from .test_ingredients import asked

SCRIPT = """
FULL = os.environ["WATCHKEEPER_PHASE"] == "full"
params_log = {"max_depth": 6}
model = Model(**params_log)
x, y = load("data/cities.csv")
batches = [t.to(device) for t in x]
fit(x, total=1)
# HERE
model.fit(x, y)
"""
HIDDEN = [
    "assert model.set_params(n_estimators=5) is not None",
    "assert not FULL or model.set_params(n_estimators=5)",
    "assert len(x) > 3, model.set_params(n_estimators=5)",
    'if FULL:\n    joblib.dump(model.set_params(n_estimators=5), "m0.pkl")',
    'if FULL:\n    log_path = os.system("python other.py")',
    "if FULL:\n    rows = os.cpu_count()",
    "params_log.update(max_depth=2)",
    'params_bar.update({"max_depth": 2})',
    'print(df.query("age > 50", inplace=True))',
    "print(np.copyto(y, 0))",
    "print(np.add(y, 1, out=y))",
    'logger.info("done", extra=model.set_params(n_estimators=5))',
    "try:\n    assert not FULL\nexcept AssertionError:\n    x, y = x[:100], y[:100]",
    "device_rows = x[:100]",
    "def told(t):\n    t.query('age > 50', inplace=True)\n    return t\nprint(told(df))",
]
HARMLESS = [
    "assert len(x) == len(y), f'{len(x)} rows'",
    'if FULL:\n    joblib.dump(model, "m0.pkl")',
    'if FULL:\n    log_path = os.path.join(os.getcwd(), "log.txt")',
    'if FULL:\n    folder = pathlib.Path("out").resolve()',
    "pbar.update(1)",
    "pbar.update(n=8)",
    "print(df.query('age > 50', inplace=False))",
    'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    'try:\n    print("begun")\nexcept OSError:\n    pass',
]


@pytest.mark.parametrize("line", HIDDEN)
def test_an_effect_that_hides_in_what_only_tells_asks(line: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace("# HERE", line))


@pytest.mark.parametrize("line", HARMLESS)
def test_what_only_tells_keeps_or_moves_passes(line: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace("# HERE", line)) == []


@pytest.mark.parametrize(
    ("old", "new"), [("for t in x]", "for t in x if t.sum() > 3]"), ("total=1", "total=2"), ("total=1", "memory=1")]
)
def test_filters_and_arguments_of_ones_own_are_not_skipped_by_their_names(old: str, new: str) -> None:
    assert asked(SCRIPT, SCRIPT.replace(old, new))
