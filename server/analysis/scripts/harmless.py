"""What may change without approval: it alters no number, estimator, feature or structure. Everything else may not.

The list is short on purpose. A name that was repaired must be shown to have been broken: the table of names that
libraries took away, or what the failure of the earlier attempt said (`broken`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from difflib import SequenceMatcher

QUIET_CALLS = frozenset(
    {"print", "log", "debug", "info", "warning", "warn", "error", "exception", "critical", "flush", "collect"}
)
_QUIET_OWNERS = frozenset(
    {
        "logging",
        "logger",
        "log",
        "LOG",
        "LOGGER",
        "_logger",
        "warnings",
        "gc",
        "sys",
        "stdout",
        "stderr",
        "file",
        "console",
    }
)
_CHECKPOINTS = frozenset({"torch.save", "pickle.dump", "joblib.dump", "os.makedirs", "os.mkdir", "faulthandler.enable"})
_CHECKPOINT_METHODS = frozenset({"to_netcdf", "save_weights", "mkdir", "savefig"})
_PURE = frozenset(
    {
        *("len", "str", "repr", "float", "int", "round", "sum", "min", "max", "abs", "type", "sorted", "list", "dict"),
        *("range", "zip", "enumerate", "isinstance", "format", "mean", "median", "std", "item", "detach", "cpu"),
        *("numpy", "tolist", "join", "head", "describe", "keys", "values", "items", "any", "all", "isnan", "isfinite"),
        *("isna", "isnull", "time", "perf_counter", "monotonic", "now", "strftime", "isoformat", "dirname", "abspath"),
        *("exists", "basename", "Path", "open", "state_dict", "getsize", "get", "environ", "getenv", "asarray"),
    }
)
HARMLESS_KEYWORDS = frozenset(
    {
        *(
            "progressbar",
            "progress_bar",
            "verbose",
            "disable",
            "desc",
            "flush",
            "file",
            "encoding",
            "newline",
            "indent",
        ),
        *("exist_ok", "parents", "leave", "enable_progress_bar", "n_jobs", "cores", "parallel_chains", "callback"),
        *("progressbar_theme", "return_inferencedata", "file_prefix", "dpi", "bbox_inches", "stacklevel", "ncols"),
    }
)
RENAMED = frozenset(
    {
        *(("float", "float64"), ("float_", "float64"), ("int", "int64"), ("bool", "bool_"), ("object", "object_")),
        *(("product", "prod"), ("cumproduct", "cumprod"), ("alltrue", "all"), ("sometrue", "any"), ("in1d", "isin")),
        *(
            ("trapz", "trapezoid"),
            ("row_stack", "vstack"),
            ("NaN", "nan"),
            ("NAN", "nan"),
            ("Inf", "inf"),
            ("infty", "inf"),
        ),
        *(
            ("simps", "simpson"),
            ("cumtrapz", "cumulative_trapezoid"),
            ("iteritems", "items"),
            ("as_matrix", "to_numpy"),
        ),
        *(("get_feature_names", "get_feature_names_out"), ("traceplot", "plot_trace"), ("asscalar", "item")),
        *(("MutableData", "Data"), ("ConstantData", "Data"), ("symeig", "eigh"), ("tostring", "tobytes")),
        *(("applymap", "map"), ("theano", "pytensor")),
    }
)
"""Names that libraries took away, and what stands in their place; from memory, not held against changelogs."""
RENAMED_KEYWORDS = frozenset(
    {("sd", "sigma"), ("testval", "initval"), ("start", "initvals"), ("size_average", "reduction")}
)
MOVED_LIBRARIES = frozenset(
    {("pymc3", "pymc"), ("theano", "pytensor"), ("sklearn", "joblib"), ("keras", "tensorflow"), ("tensorflow", "keras")}
)
ALIASES = {
    "np": "numpy",
    "pd": "pandas",
    "pm": "pymc",
    "az": "arviz",
    "plt": "matplotlib.pyplot",
    "tf": "tensorflow",
    "jnp": "jax.numpy",
    "xr": "xarray",
    "xgb": "xgboost",
    "lgb": "lightgbm",
    "nn": "torch.nn",
    "sm": "statsmodels.api",
    "pt": "pytensor.tensor",
    "F": "torch.nn.functional",
    "smf": "statsmodels.formula.api",
    "sns": "seaborn",
}
_FLOATS = frozenset(
    {"float", "float64", "float32", "double", "single", "float_", "np.float64", "np.float32", "np.float"}
)
_CASTS = frozenset({"to_numpy", "cpu", "double"})
_ENDS_GRADIENT = frozenset({"numpy", "detach", "item", "tolist"})
"""Casts that a gradient does not pass: harmless only where something is kept or shown, not where it is computed."""
COLLECTING = frozenset({"DataFrame", "Series", "append", "savetxt", "save", "write", "writerow", "dump", "to_csv"})
TELLING = QUIET_CALLS | _PURE | _CASTS | _ENDS_GRADIENT | _CHECKPOINT_METHODS | {"print"}
"""Names that are trusted to change nothing; a script that defines one of them itself is looked at."""
_PATH = re.compile(
    r"[\w .{}~:\\/-]*\.(csv|tsv|parquet|nc|pkl|json|jsonl|log|png|pdf|svg|txt|h5|npz|npy|pt|pth|joblib|md|html|yaml)\Z"
)
_WRITTEN = re.compile(r"out|result|save|log|fig|plot|checkpoint|ckpt|trace|dest|target_dir|dump|report", re.IGNORECASE)


def quiet(node: ast.stmt) -> bool:
    """Whether a statement only tells, or keeps a copy, and changes nothing that is computed."""
    if isinstance(node, ast.Pass):
        return True
    if not isinstance(node, ast.Expr):
        return False
    if isinstance(node.value, ast.Constant):
        return True
    return isinstance(node.value, ast.Call) and _quiet_call(node.value) and all(map(pure, _inputs(node.value)))


def _quiet_call(call: ast.Call) -> bool:
    name = dotted(call.func)
    if not name:
        return False
    owner, _, last = name.rpartition(".")
    if not owner:
        return last == "print"
    if owner.rpartition(".")[2] == "watchkeeper_probe":
        return True
    if name in _CHECKPOINTS or last in _CHECKPOINT_METHODS:
        return True
    return last in QUIET_CALLS and owner.rpartition(".")[2] in _QUIET_OWNERS


def _inputs(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(one.value for one in call.keywords)]


def pure(node: ast.expr) -> bool:
    """Whether an expression only looks: no calls but of functions that change nothing, no assignment."""
    for one in ast.walk(node):
        if isinstance(one, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom | ast.Lambda):
            return False
        if isinstance(one, ast.Call) and last_name(one.func) not in _PURE:
            return False
    return True


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` of an expression, empty where it is something else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ""


def last_name(node: ast.expr) -> str:
    """Return the last name of an expression, empty where there is none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def quiet_handler(handler: ast.ExceptHandler) -> bool:
    """Whether an except block only tells and then fails all the same."""
    *before, last = handler.body
    fails = isinstance(last, ast.Raise) or (
        isinstance(last, ast.Expr)
        and isinstance(last.value, ast.Call)
        and dotted(last.value.func) == "sys.exit"
        and bool(last.value.args)
        and not (isinstance(last.value.args[0], ast.Constant) and not last.value.args[0].value)
    )
    return fails and all(map(quiet, before))


def harmless_try(node: ast.Try) -> bool:
    """Whether a try block only adds a message to a failure, or guards nothing but telling and keeping a copy."""
    if any(not quiet(one) for one in (*node.orelse, *node.finalbody)):
        return False
    if all(quiet_handler(one) for one in node.handlers):
        return True
    return all(map(quiet, node.body)) and all(quiet(one) for handler in node.handlers for one in handler.body)


def without_cast(node: ast.expr, kept: bool = False) -> ast.expr:
    """Return what a cast to floating point, or between containers, is given.

    :param kept: whether the value is only kept or shown.
    """
    while True:
        inner = _cast_of(node, kept)
        if inner is None:
            return node
        node = inner


def _cast_of(node: ast.expr, kept: bool) -> ast.expr | None:  # noqa: PLR0911 (one for each sort)
    if isinstance(node, ast.Attribute) and node.attr == "values":
        return node.value
    if not isinstance(node, ast.Call):
        return None
    name, last = dotted(node.func), last_name(node.func)
    if isinstance(node.func, ast.Attribute):
        if (last in _CASTS or (kept and last in _ENDS_GRADIENT)) and not node.args and not node.keywords:
            return node.func.value
        if last == "astype" and len(node.args) == 1 and not node.keywords and _floating(node.args[0]):
            return node.func.value
    if name in {"np.asarray", "np.array", "numpy.asarray", "numpy.array", "np.ascontiguousarray"} and _only_dtype(node):
        return node.args[0]
    if (
        name in {"float", "np.float64", "np.float"}
        and (kept or name != "float")
        and len(node.args) == 1
        and not node.keywords
    ):
        return node.args[0]
    return None


def _only_dtype(call: ast.Call) -> bool:
    plain = len(call.args) == 1 and not isinstance(call.args[0], ast.List | ast.Tuple | ast.ListComp)
    return plain and all(one.arg == "dtype" and _floating(one.value) for one in call.keywords)


def _floating(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else last_name(node)
    return isinstance(text, str) and text in _FLOATS


def same_dtype(one: ast.expr, other: ast.expr) -> bool:
    """Whether both name a floating-point type."""
    return _floating(one) and _floating(other)


def repaired(old: str, new: str, broken: Collection[str]) -> bool:
    """Whether a name of a library was put right: it was taken away, misspelt, or shown to be broken and close."""
    if (old, new) in RENAMED or _swapped(old, new):
        return True
    return (
        old in broken and SequenceMatcher(None, old.lower(), new.lower()).ratio() >= 0.75 and old.lower() != new.lower()
    )


def _swapped(old: str, new: str) -> bool:
    """Whether two neighbouring letters are swapped, the most certain sort of misspelling."""
    if len(old) != len(new) or len(old) < 4:
        return False
    places = [place for place in range(len(old)) if old[place] != new[place]]
    return (
        len(places) == 2
        and places[1] == places[0] + 1
        and old[places[0]] == new[places[1]]
        and old[places[1]] == new[places[0]]
    )


def is_path(text: str) -> bool:
    """Whether a text looks like the path of a file or folder."""
    return bool(_PATH.match(text)) or (("/" in text or "\\" in text) and not re.search(r"\s|[~+*()]", text))


def same_file(old: str, new: str) -> bool:
    """Whether two paths end in the same file name."""
    return (
        old.replace("\\", "/").rstrip("/").rpartition("/")[2] == new.replace("\\", "/").rstrip("/").rpartition("/")[2]
    )


def is_written(name: str) -> bool:
    """Whether the name of an argument or variable says that a path is written to."""
    return bool(_WRITTEN.search(name))


def broken_names(message: str) -> frozenset[str]:
    """Return the names that the message of an exception says are not there.

    Understands AttributeError, NameError, ImportError and TypeError (unexpected keyword) as CPython 3.11 words them.
    """
    patterns = (
        r"has no attribute '(\w+)'",
        r"name '(\w+)' is not defined",
        r"cannot import name '(\w+)'",
        r"unexpected keyword argument '(\w+)'",
        r"No module named '([\w.]+)'",
    )
    return frozenset(found for pattern in patterns for found in re.findall(pattern, message[:5000]))
