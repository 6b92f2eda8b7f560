"""scikit-learn's metrics where the person's own code calls them: of which values, and what came out."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from .calls import Call, known, replace
from .plain import arguments, plain
from .tables import data

_METRICS = (
    *("mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "median_absolute_error", "r2_score"),
    *("mean_absolute_percentage_error", "mean_squared_log_error", "explained_variance_score", "mean_pinball_loss"),
    *("accuracy_score", "balanced_accuracy_score", "f1_score", "precision_score", "recall_score", "matthews_corrcoef"),
    *("roc_auc_score", "average_precision_score", "log_loss", "brier_score_loss", "cohen_kappa_score"),
)


def metrics(module: Any) -> list[str]:
    """Wrap the metrics of `sklearn.metrics`, also as `score` calls them; those of a search are inside it."""
    return [name for name in _METRICS if replace(module, name, "metric")]


def told_metric(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell what a metric was computed of."""
    if raised is not None:
        return None
    given = arguments(call.function, call.args, call.kwargs)
    predicted = next((given[name] for name in ("y_pred", "y_score", "y_proba", "y_prob") if name in given), None)
    name = call.function.__name__
    facts = {"call": name, "true": data(given.get("y_true")), "predicted": data(predicted), "value": plain(result)}
    return "metric", name, {**facts, **({"average": plain(given["average"])} if given.get("average") else {})}


known("metric", told_metric)
