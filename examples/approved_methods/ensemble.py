"""Gradient-boosted trees: a grid search with 5-fold cross-validation, then bootstrap fits for the uncertainty."""

import csv
import os
import pickle
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # read when scikit-learn is imported; the trees are small: threads would wait

import numpy as np
import watchkeeper_probe
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV

QUICK = os.environ.get("WATCHKEEPER_PHASE", "quick") == "quick"
FRACTION = float(os.environ.get("WATCHKEEPER_DATA_FRACTION", "1"))
RESULTS = Path(os.environ.get("WATCHKEEPER_RESULTS", "results.csv"))
MODEL = Path(os.environ.get("WATCHKEEPER_FINAL_MODEL", "model.pkl"))

GRID = {"learning_rate": [0.05, 0.1, 0.2], "max_leaf_nodes": [7, 15], "max_iter": [10, 20]}
BOOTSTRAPS = 50 if QUICK else 1000


def data(count):
    """Return noisy values of a function of three features."""
    generator = np.random.default_rng(0)
    features = generator.uniform(-2, 2, size=(count, 3))
    target = np.sin(features[:, 0]) * features[:, 1] + 0.1 * generator.normal(size=count)
    return features, target


def main():
    features, target = data(int(300 * FRACTION))
    held_out, held_target = data(60)
    search = GridSearchCV(HistGradientBoostingRegressor(random_state=0), GRID, cv=5, scoring="neg_mean_squared_error")
    search.fit(features, target)
    print(f"best {search.best_params_}, mean squared error {-search.best_score_:.4f}", flush=True)
    generator = np.random.default_rng(1)
    predicted, errors = [], []
    for number in range(BOOTSTRAPS):
        rows = generator.integers(0, len(features), size=len(features))
        model = HistGradientBoostingRegressor(random_state=number, **search.best_params_)
        model.fit(features[rows], target[rows])
        predicted.append(model.predict(held_out))
        errors.append(float(np.sqrt(np.mean((predicted[-1] - held_target) ** 2))))
        watchkeeper_probe.log(step=number + 1, steps_total=BOOTSTRAPS, rmse=errors[-1])
    low, high = np.percentile(predicted, [5, 95], axis=0)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with open(RESULTS, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "mean", "low", "high"])
        for row, mean in enumerate(np.mean(predicted, axis=0)):
            writer.writerow([row, float(mean), float(low[row]), float(high[row])])
    # Every replicate with its error: this is what proves that the bootstraps were done.
    with open(RESULTS.with_name(f"bootstrap_{RESULTS.name}"), "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("bootstrap", "rmse"), *enumerate(errors, start=1)])
    if not QUICK:
        MODEL.parent.mkdir(parents=True, exist_ok=True)
        MODEL.write_bytes(pickle.dumps(search.best_estimator_))


if __name__ == "__main__":
    main()
