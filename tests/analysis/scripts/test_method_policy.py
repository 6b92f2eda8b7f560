"""The policy says which methods count; what it forbids is what reading calls forbidden."""

from __future__ import annotations

from watchkeeper.server.analysis.scripts import LINEAR, read_program
from watchkeeper.server.storage.policy.policy import Policy, load_policy

SOURCE = b"from sklearn.linear_model import Ridge\nfrom sklearn.svm import SVR\nRidge().fit(X, y)\nSVR().fit(X, y)\n"


def test_the_minima_are_those_of_the_requirement_document() -> None:
    assert Policy().method.minima() == {
        "Bayesian MCMC": {"draws": 2000, "tune": 1000, "chains": 4},
        "Deep Learning": {"epochs": 5000},
        "Ensemble": {"cv": 5, "bootstraps": 1000},
    }
    assert frozenset(Policy().method.forbidden) == LINEAR


def test_a_project_may_forbid_other_fits() -> None:
    method = load_policy('[method]\nforbidden = ["SVR"]\nmin_epochs = 100').method
    found = read_program("model.py", {"model.py": SOURCE}.get, forbidden=frozenset(method.forbidden))
    assert [(one.name, one.forbidden) for one in found.estimators] == [("Ridge", False), ("SVR", True)]
    assert method.minima()["Deep Learning"] == {"epochs": 100}
