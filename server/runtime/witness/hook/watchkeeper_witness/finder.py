"""Has a library wrapped once the training has imported it. Nothing is imported that the training does not import."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from typing import Any

from . import clock as time
from .state import ours, state
from .trouble import trouble

PROBE = False
"""Whether the policy asks for the probe of PyMC and nutpie as well."""

WATCHED: dict[str, tuple[str, str]] = {
    "pymc": ("lib_pymc", "pymc"),
    "pymc.sampling.jax": ("lib_pymc", "through_jax"),
    "nutpie": ("lib_pymc", "nutpie"),
    "numpyro.infer": ("lib_jax_samplers", "numpyro"),
    "blackjax": ("lib_blackjax", "blackjax"),
    "optax": ("lib_optax", "optax"),
    "jax": ("lib_jax", "jax"),
    "emcee": ("lib_emcee", "emcee"),
    "cmdstanpy": ("lib_cmdstan", "cmdstanpy"),
    "sklearn.base": ("lib_sklearn", "base"),
    "sklearn.model_selection": ("lib_sklearn", "model_selection"),
    "sklearn.utils": ("lib_sklearn", "utils"),
    "sklearn.feature_selection": ("lib_feature_scores", "feature_selection"),
    "sklearn.metrics": ("lib_metrics", "metrics"),
    "optuna.study": ("lib_sklearn", "optuna"),
    "xgboost": ("lib_boosting", "xgboost"),
    "lightgbm": ("lib_boosting", "lightgbm"),
    "catboost": ("lib_boosting", "catboost"),
    "statsmodels.base.model": ("lib_statsmodels", "model"),
    "prophet.forecaster": ("lib_prophet", "forecaster"),
    "torch": ("lib_torch", "torch"),
    "torch.utils.data.dataloader": ("lib_torch", "dataloader"),
    "keras": ("lib_keras", "keras"),
    "tf_keras": ("lib_keras", "keras"),
    "numpy.linalg._linalg": ("lib_linear", "numpy_linalg"),
    "numpy.linalg.linalg": ("lib_linear", "numpy_linalg"),
    "scipy.linalg": ("lib_linear", "scipy_linalg"),
    "scipy.optimize": ("lib_linear", "scipy_optimize"),
    "joblib": ("lib_saving", "joblib"),
    "pickle": ("lib_saving", "pickle"),
    "pandas.core.frame": ("lib_saving", "pandas"),
    "xarray": ("lib_saving", "xarray"),
    "arviz.data.inference_data": ("lib_saving", "arviz"),
    "numpy": ("lib_saving", "numpy"),
    "h5py": ("lib_saving", "h5py"),
    "safetensors.torch": ("loaded", "safetensors"),
    "safetensors.numpy": ("loaded", "safetensors"),
    "safetensors.flax": ("loaded", "safetensors"),
}
"""By the module after whose import something is wrapped: which of our modules does it, and which function of that."""
PROBED = ("pymc", "nutpie")
_after: list[Any] = []


class Finder:
    """Finds what the other finders find, and has our module called once that one is imported."""

    def __init__(self) -> None:
        # Bound here: at the very end of a process, and in one that is taken apart, the module's own names are gone.
        self._watched, self._call_after = WATCHED, _call_after

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self._watched:
            return None
        try:
            for other in sys.meta_path:
                find = None if other is self else getattr(other, "find_spec", None)
                spec = find(name, path, target) if find is not None else None
                if spec is not None:
                    if spec.loader is not None:
                        self._call_after(spec.loader, name)
                    return spec
        except Exception:
            return None  # Python goes on to the next finder
        return None


def install() -> None:
    """Watch the imports from now on; what was imported before is wrapped at once."""
    sys.meta_path.insert(0, Finder())  # pyright: ignore[reportArgumentType] # find_spec is all that is asked for
    for name in WATCHED:
        if name in sys.modules:
            arrived(name)


def _call_after(loader: Any, name: str) -> None:
    """Have this one loader call us behind the module; it is left as it was once it has loaded."""
    load, then, clock = loader.exec_module, arrived, time.perf_counter

    def exec_module(module: Any) -> None:
        with suppress(Exception):
            del loader.exec_module
        begun = clock()
        load(module)
        with suppress(Exception):
            then(name, clock() - begun)

    loader.exec_module = exec_module


def arrived(name: str, took_s: float | None = None) -> None:
    """Wrap what is watched in the module that was just imported.

    :param took_s: seconds that the import took, with all that it imported itself; None where nobody saw it.
    """
    if PROBE and name in PROBED:
        try:
            importlib.import_module("watchkeeper_hook").imported(name)
        except Exception as error:
            trouble("probe", error)
    if state.writer is None:
        return
    begun, own_s = time.thread_time(), state.own_s
    try:
        with ours():
            ours_for_it, function = WATCHED[name]
            wrap = getattr(importlib.import_module(f"{__package__}.{ours_for_it}"), function)
            calls = wrap(sys.modules[name])
            if calls:
                _told(sys.modules[name], name, calls, took_s)
    except Exception as error:
        trouble(name, error)
    state.own_s = own_s
    state.wrapping_s += time.thread_time() - begun


def _told(module: Any, name: str, calls: list[str], took_s: float | None) -> None:
    top = sys.modules.get(name.partition(".")[0], module)
    version = str(getattr(top, "__version__", ""))[:40]
    path = str(getattr(module, "__file__", ""))[-200:]
    facts = {"library": name, "version": version, "path": path, "calls": calls[:40]}
    took = {} if took_s is None else {"wall_s": round(took_s, 3)}
    state.writer.tell("hooked", "", {**facts, **took})


def at_the_end(function: Any) -> None:
    """Have a function called before the last counts are told."""
    _after.append(function)


def finish() -> None:
    """Call what waits for the end."""
    for each in _after:
        try:
            each()
        except Exception as error:
            trouble("end", error)
