"""Fits that the requirement document forbids for a full run, by the names that their libraries give them."""

from __future__ import annotations

LINEAR = frozenset(
    {
        *("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "LassoLars", "LassoLarsCV", "ElasticNet"),
        *("ElasticNetCV", "Lars", "LarsCV", "RidgeClassifier", "RidgeClassifierCV", "TransformedTargetRegressor"),
        *("OLS", "ols", "WLS", "wls", "GLS", "gls", "linregress", "siegelslopes", "theilslopes"),
        *("polyfit", "Polynomial.fit", "lstsq", "lsq_linear", "nnls", "curve_fit", "normal equations"),
    }
)
"""Fits that take seconds: linear regressions, and those with a solution in closed form."""
