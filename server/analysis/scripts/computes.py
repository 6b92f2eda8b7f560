"""Expressions that only compute something out of what is there: what is not on a short list may do more. Pure."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Set

from . import neutral
from .names import BUILTINS

REPORTS = neutral.words_of("matplotlib pylab seaborn plotly arviz bokeh altair tensorboardX tabulate rich")
"""Libraries that draw and summarise."""
_LIBRARIES = REPORTS | neutral.words_of(
    "numpy pandas math statistics platform time datetime psutil json collections itertools operator"
)
_PARTS = (
    "scipy.stats",
    "sklearn.metrics",
    "sklearn.calibration.calibration_curve",
    "torch.utils.tensorboard",
    "os.path",
    "pathlib",
)
_NOT_THESE = neutral.words_of("""
    random rng generator setitem delitem iadd methodcaller read_pickle input open next iter linalg optimize polyfit
    vectorize fromfunction lstsq solve
    """)
_METHODS = neutral.words_of("""
    mean std var sum min max median quantile describe round abs sort_values sort_index value_counts groupby agg
    aggregate head tail isna isnull notna notnull corr cov count nunique unique reset_index set_index rename to_frame
    to_string to_markdown to_dict to_list to_numpy to_array to_series tolist item numpy detach cpu norm numel parameters
    named_parameters size dim astype reshape ravel flatten squeeze transpose pivot pivot_table melt merge join stack
    unstack items keys values iterrows itertuples split strip format most_common predict predict_proba
    decision_function score get_params total_seconds memory_info virtual_memory isoformat strftime get lower upper
    replace copy sel isel dot cumsum cumprod diff rank clip fillna dropna assign nlargest nsmallest any all argmax
    argmin argsort idxmax idxmin with_name with_suffix exists stat get_figure elapsed index startswith endswith
    skew kurt kurtosis mode sem prod between isin duplicated pct_change autocorr
    as_posix resolve absolute get_n_leaves get_depth subplots figure add_subplot gca gcf twinx
    """)
_OF_PYTHON = neutral.words_of("__getitem__ __name__ __version__ __class__ __doc__ __len__")
_PROGRAMS = neutral.words_of("hostname uname nvidia-smi lscpu nproc date free df")
_OF_GIT = neutral.words_of("rev-parse describe log status show branch")
_BUILTINS = neutral.words_of("""
    len sum min max sorted round abs zip enumerate range list dict tuple set str int float bool repr format any all
    isinstance type hasattr reversed vars frozenset divmod pow
    """)


def only_computes(node: ast.expr | None, own: Collection[str], imported: Mapping[str, Set[str]]) -> bool:
    """Whether an expression calls nothing but what is known to compute, and functions of ours that do nothing else.

    :param own: functions of the program that do nothing else. :param imported: what imports bind.
    """
    nodes = list(ast.walk(node)) if node is not None else []
    parents = {id(one.func): one for one in nodes if isinstance(one, ast.Call)}
    for one in nodes:
        if isinstance(one, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(one, ast.Call) and not (_is_known(one, own, imported) or _asks_machine(one)):
            return False
        if isinstance(one, ast.keyword) and (one.arg == "copy" or (one.arg in {"inplace", "out"})):
            return False
        if isinstance(one, ast.Attribute) and _may_do_more(one.attr) and not _asks_machine(parents.get(id(one))):
            return False
    return True


def _may_do_more(attribute: str) -> bool:
    return attribute in neutral.EFFECTS - {"sample"} or (attribute.startswith("__") and attribute not in _OF_PYTHON)


def _asks_machine(call: ast.Call | None) -> bool:
    """Whether a call asks git or the machine something, as a list of plain words."""
    if call is None or neutral.first_name(call.func) != "subprocess" or not call.args:
        return False
    given = call.args[0].elts if isinstance(call.args[0], ast.List) else []
    words = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if not words or len(words) != len(given):
        return False
    return words[0] in _PROGRAMS or (words[0] == "git" and len(words) > 1 and words[1] in _OF_GIT)


def library(name: str, imported: Mapping[str, Set[str]]) -> str:
    """Return what a name was imported as, where it is always the same; empty for what was not imported."""
    targets = imported.get(name, frozenset[str]())
    return next(iter(targets)) if len(targets) == 1 else ""


def reports(node: ast.expr, imported: Mapping[str, Set[str]]) -> bool:
    """Whether an expression begins with a library that only draws and summarises."""
    target = library(neutral.first_name(node), imported)
    return target.partition(".")[0] in REPORTS or target.startswith("torch.utils.tensorboard")


def _is_known(call: ast.Call, own: Collection[str], imported: Mapping[str, Set[str]]) -> bool:
    called = neutral.last_name(call.func)
    if isinstance(call.func, ast.Name):
        if called in own:
            return True
        if target := library(called, imported):
            return _is_of_library(target) and called not in _NOT_THESE
        return called in _BUILTINS and called in BUILTINS
    if not isinstance(call.func, ast.Attribute):
        return False
    chain = ast.unparse(call.func)
    if any(part in _NOT_THESE for part in chain.split(".")):
        return False
    target = library(neutral.first_name(call.func), imported)
    plain = isinstance(call.func.value, ast.Name | ast.Attribute)
    return called in _METHODS or (plain and _is_of_library(target))


def _is_of_library(target: str) -> bool:
    return target.partition(".")[0] in _LIBRARIES or target.startswith(_PARTS)
