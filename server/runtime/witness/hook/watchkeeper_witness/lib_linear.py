"""Linear algebra that ends a fit, and optimisers of SciPy: counted where the person's own code calls them."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
from typing import Any

from . import clock as time
from . import places
from .calls import MARK, pickled_from
from .fingerprint import fp, shape
from .more import is_due, tell_due
from .replaced import watch
from .state import here, next_number, ours, state
from .trouble import trouble

_NUMPY = ("solve", "lstsq", "inv", "pinv", "polyfit", "tensorsolve")
_GUFUNCS = (
    "solve",
    "solve1",
    "lstsq",
    "lstsq_m",
    "lstsq_n",
    "inv",
    "svd",
    "svd_m_f",
    "svd_n_f",
    "svd_m_s",
    "svd_n_s",
    "svd_s",
    "svd_f",
)
_SCIPY = ("solve", "lstsq", "inv", "pinv", "solve_triangular", "cho_solve", "lu_solve")
_OPTIMIZE = (
    "minimize", "least_squares", "curve_fit", "differential_evolution", "basinhopping", "dual_annealing",
    "shgo", "root",
    "minimize_scalar", "fmin", "fmin_bfgs", "fmin_l_bfgs_b", "fmin_cg", "leastsq", "nnls", "lsq_linear", "linprog",
)  # fmt: skip


class Solved:
    """All calls of one function at one place."""

    def __init__(self, call: str, where: str) -> None:
        self.id = next_number("solve")
        self.call, self.where = call, where
        self.count = self.told = 0
        self.wall_s = 0.0
        self.shapes: list[Any] = []
        self.first: Any = None
        self.last: Any = None
        self.sums: dict[str, float] = {}

    def take(self, args: Any, result: Any, wall_s: float) -> None:
        self.count += 1
        self.wall_s += wall_s
        size = next((shape(each) for each in args if getattr(each, "shape", ())), [])
        if size not in self.shapes and len(self.shapes) < 8:
            self.shapes.append(size)
        answer = _answer(result)
        self.last = answer
        if self.first is None:
            self.first = fp(answer)
        for name in ("nfev", "nit"):
            value = getattr(result, name, None)
            if isinstance(value, int):
                self.sums[name] = self.sums.get(name, 0) + value

    def tell(self) -> None:
        if self.told == self.count:
            return
        self.told = self.count
        facts = {"id": self.id, "call": self.call, "count": self.count, "shapes": self.shapes, **self.sums}
        facts.update({"wall_s": round(self.wall_s, 4), "first": self.first, "last": fp(self.last)})
        state.writer.tell("solve", self.where, facts)


def _answer(result: Any) -> Any:
    """Return the solution of what a solver returned."""
    if hasattr(result, "x"):
        return result.x
    return result[0] if isinstance(result, tuple) and result else result


def numpy_linalg(module: Any) -> list[str]:
    """Listen below NumPy's public functions: those are keys of other libraries' tables and must stay what they are."""
    inner = getattr(module, "_umath_linalg", None)
    if inner is None or isinstance(inner, _Inner):
        return []
    module._umath_linalg = _Inner(inner)
    return [f"numpy.linalg.{name}" for name in ("solve", "lstsq", "inv", "pinv")]


class _Inner:
    """NumPy's compiled part, with the solvers listened to."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        for name in _GUFUNCS:
            if hasattr(inner, name):
                setattr(self, name, _listening(getattr(inner, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _listening(gufunc: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        begun = time.perf_counter()
        result = gufunc(*args, **kwargs)
        if state.writer is not None and not here.calls and not here.busy:
            _numpy_called(sys._getframe(1), args, result, time.perf_counter() - begun)
        return result

    return call


def _numpy_called(frame: Any, args: Any, result: Any, wall_s: float) -> None:
    """Find NumPy's outermost function and whether the person's own code called that."""
    try:
        name = ""
        while frame is not None and "/numpy/" in frame.f_code.co_filename.replace("\\", "/"):
            name = frame.f_code.co_name if frame.f_code.co_name in _NUMPY else name
            frame = frame.f_back
        while frame is not None and frame.f_code.co_filename.startswith("<__array_function__"):
            frame = frame.f_back
        if name and places.is_persons(frame):
            with ours():
                _take(
                    f"numpy.{'' if name == 'polyfit' else 'linalg.'}{name}", places.where(frame), args, result, wall_s
                )
    except Exception as error:
        trouble("numpy.linalg", error)


def scipy_linalg(module: Any) -> list[str]:
    """Wrap the solvers of scipy.linalg."""
    return _wrap_all(module, _SCIPY, "scipy.linalg")


def scipy_optimize(module: Any) -> list[str]:
    """Wrap the optimisers of scipy.optimize."""
    return _wrap_all(module, _OPTIMIZE, "scipy.optimize")


def _wrap_all(module: Any, names: Any, prefix: str) -> list[str]:
    done = []
    for name in names:
        function = getattr(module, name, None)
        if callable(function) and not hasattr(function, MARK):
            ours_now = _counted(function, f"{prefix}.{name}")
            pickled_from(module, ours_now)
            setattr(module, name, ours_now)
            watch(module, name, ours_now)
            done.append(f"{prefix}.{name}")
    return done


def _counted(function: Any, name: str) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        if state.writer is None or here.calls or here.busy or not places.is_persons(frame):
            return function(*args, **kwargs)
        begun = time.perf_counter()
        result = function(*args, **kwargs)
        try:
            with ours():
                wall_s = time.perf_counter() - begun
                _take(name, places.where(frame), [*args, *kwargs.values()], result, wall_s)
        except Exception as error:
            trouble(name, error)
        return result

    setattr(call, MARK, True)
    return call


def _take(call: str, where: str, args: Any, result: Any, wall_s: float) -> None:
    key = ("solve", call, where)
    seen = state.cumulative.get(key)
    if seen is None:
        seen = state.cumulative[key] = Solved(call, where)
    seen.take(args, result, wall_s)
    if is_due():
        tell_due()
