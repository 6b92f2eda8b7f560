"""Print what the judge of curves finds on labelled histories, and how long 12,000 rows take.

    python benchmarks/judge_table.py [FOLDER …] [--margins]

A folder holds CSVs whose names say how they were made (`overfit_3.csv`); the default is ../shared/histories. Each is
judged whole and cut to its first 30 and 8 evaluations. A cut run is right when it is named right or when nothing is
said; a cut of a late divergence is healthy. With --margins each threshold is tightened until a healthy run is flagged.
A folder with a `truth.json` ({file: {"expect": [flags]}}) holds histories in public forms; ../shared/cases/histories is
one, and judged too where it is there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.readers import read_history
from watchkeeper.server.analysis.curves.report import judge_bytes
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.curves.thresholds import Thresholds
from watchkeeper.server.vocabulary.errors import WatchkeeperError

FOLDER = Path(__file__).parents[2] / "shared" / "histories"
CASES = FOLDER.parent / "cases" / "histories"
RIGHT = {
    "overfit": {"overfitting"},
    "overfit_mild": {"overfitting", ""},
    "underfit_tiny_lr": {"not_learning"},
    "plateau_saturated": {"not_learning", "vanishing_gradient"},
    "vanishing": {"not_learning", "vanishing_gradient"},
    "oscillation_adam": {"oscillation", "divergence", "non_finite"},
    "oscillation_sgd": {"oscillation", "divergence", "non_finite"},
    "divergence_nan": {"non_finite"},
    "late_divergence": {"divergence", "spike", "non_finite"},
    "late_explosion_sgd": {"divergence", "spike", "non_finite"},
}
"""By the kind in a file's name; the empty name stands for silence. A learning rate far too high may end in NaN."""
LATE_EPOCH = 35
WHOLE = 10**9
SMALLER_IS_TIGHTER = {
    *("non_finite_run", "divergence_gain_share", "divergence_start_share", "divergence_evaluations"),
    *("divergence_above_start", "divergence_burst", "spike_gain", "spike_start_share", "spike_sigma"),
    *("oscillation_rise", "oscillation_val_rise", "oscillation_uphill", "oscillation_swing", "overfitting_patience"),
    *("overfitting_rise", "overfitting_gain_share", "overfitting_doubled", "overfitting_sigma"),
    *("oscillation_early_rise", "oscillation_improving", "oscillation_rise_large", "overshoot_alone", "spike_level"),
    *("overshoot_burst", "overshoot_norm_fall", "overshoot_exponent", "overshoot_exponent_alone", "overshoot_share"),
    *("overfitting_train_fall", "exploding_ratio", "exploding_evaluations", "vanishing_evaluations"),
}
"""Thresholds that flag more when they fall; of the others those named here flag more when they rise."""
LARGER_IS_TIGHTER = {
    *("not_learning_gain", "not_learning_crawl", "not_learning_flat", "not_learning_still"),
    *("vanishing_mean", "vanishing_ratio", "overfitting_gap"),
}


def kind_of(path: Path) -> str:
    return path.stem.rsplit("_", 1)[0]


def wanted(kind: str, rows: int) -> set[str]:
    """Return the right answers for a history cut to so many rows; the empty name stands for silence."""
    if kind not in RIGHT or (kind.startswith("late") and rows <= LATE_EPOCH):
        return {""}
    return RIGHT[kind]


def outcome(history: History, kind: str, rows: int) -> str:
    found = {flag.flag for flag in judge_history(history.first_rows(rows))}
    if (found or {""}) <= wanted(kind, rows):
        return "right: " + ("+".join(sorted(found)) or "silent")
    return "silent" if not found else "WRONG: " + "+".join(sorted(found))


def print_table(histories: Sequence[tuple[str, History]], rows: int) -> None:
    table: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for kind, history in histories:
        table[kind][outcome(history, kind, rows)] += 1
    print(f"\n{'whole histories' if rows == WHOLE else f'the first {rows} evaluations'}")
    healthy, bad = Counter[str](), Counter[str]()
    for kind, counts in sorted(table.items()):
        print(f"  {kind:20} " + ", ".join(f"{count} {what}" for what, count in counts.most_common()))
        for what, count in counts.items():
            (healthy if wanted(kind, rows) == {""} else bad)[what.split(":")[0]] += count
    flagged = healthy.total() - healthy["right"]
    print(f"  healthy flagged: {flagged} of {healthy.total()}")
    print(f"  bad: {bad['right']} right, {bad['silent']} silent, {bad['WRONG']} wrong of {bad.total()}")


def print_cases(folder: Path) -> None:
    """Print what is said of each labelled file of a folder, and what should be."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    right = 0
    print(f"\npublic forms in {folder.name}")
    for name, about in sorted(truth.items()):
        try:
            found = sorted({flag.flag for flag in judge_bytes((folder / name).read_bytes(), name)})
        except WatchkeeperError as error:
            found = [f"not read: {str(error)[:60]}"]
        right += found == sorted(about["expect"])
        if found != sorted(about["expect"]):
            print(f"  WRONG {name}: {'+'.join(found) or 'silent'} instead of {'+'.join(about['expect']) or 'silent'}")
    print(f"  {right} of {len(truth)} right")


def print_margins(histories: Sequence[tuple[str, History]]) -> None:
    cuts = [history.first_rows(rows) for kind, history in histories if kind not in RIGHT for rows in (WHOLE, 30, 8)]
    print("\ntightened by this factor a threshold flags a healthy run (of those tried: 1.25 1.5 2 3 5 10)")
    for name in sorted(SMALLER_IS_TIGHTER | LARGER_IS_TIGHTER):
        value = getattr(Thresholds(), name)
        first = next(
            (factor for factor in (1.25, 1.5, 2.0, 3.0, 5.0, 10.0) if flags_any(cuts, name, value, factor)), None
        )
        print(f"  {name:26} {value:<8g} {'more than 10' if first is None else first}")


def flags_any(cuts: Sequence[History], name: str, value: float, factor: float) -> bool:
    tight = value / factor if name in SMALLER_IS_TIGHTER else value * factor
    limits = dataclasses.replace(Thresholds(), **{name: max(1, round(tight)) if isinstance(value, int) else tight})
    return any(judge_history(cut, limits) for cut in cuts)


def long_csv(rows: int, seed: int = 1) -> str:
    """Return a healthy history of that many rows with the noise of batches."""
    noise = random.Random(seed)
    lines = ["epoch,train_loss,val_loss,grad_norm,grad_abs_mean_first_layer,time_s"]
    for row in range(rows):
        level = 0.2 + 0.8 * 2.0 ** (-row / (rows / 8))
        values = (level + noise.gauss(0, 0.05), level + 0.05 + noise.gauss(0, 0.01), 1 + noise.random(), 0.003, 0.01)
        lines.append(f"{row}," + ",".join(map(repr, values)))
    return "\n".join(lines) + "\n"


def print_time(rows: int = 12_000) -> None:
    code = (
        "import sys; from watchkeeper.server.analysis.curves.report import judge_text;"
        "print(judge_text(open(sys.argv[1], 'rb').read(), 'history', as_json=True))"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.csv"
        path.write_text(long_csv(rows))
        spent = sorted(timed([sys.executable, "-c", code, str(path)]) for _ in range(7))
    print(f"\n{rows} rows, interpreter start and reading included: median {spent[3]:.3f} s, slowest {spent[-1]:.3f} s")


def timed(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[FOLDER])
    parser.add_argument("--margins", action="store_true")
    arguments = parser.parse_args()
    cases = [folder for folder in (*arguments.folders, CASES) if (folder / "truth.json").is_file()]
    for folder in dict.fromkeys(cases):
        print_cases(folder)
    made = [folder for folder in arguments.folders if folder not in cases]
    paths = [path for folder in made for path in sorted(folder.glob("*.csv"))]
    histories = [(kind_of(path), read_history(path.read_bytes(), path.name)) for path in paths]
    for rows in (WHOLE, 30, 8):
        print_table(histories, rows)
    if arguments.margins:
        print_margins(histories)
    print_time()


if __name__ == "__main__":
    main()
