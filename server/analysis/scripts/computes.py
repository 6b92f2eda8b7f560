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
_PARTS = ("scipy.stats", "sklearn.metrics", "torch.utils.tensorboard", "os.path", "pathlib")
_NOT_THESE = neutral.words_of("random rng generator setitem delitem iadd methodcaller read_pickle input open next iter")
_METHODS = neutral.words_of("""
    mean std var sum min max median quantile describe round abs sort_values sort_index value_counts groupby agg
    aggregate head tail isna isnull notna notnull corr cov count nunique unique reset_index set_index rename to_frame
    to_string to_markdown to_dict to_list to_numpy to_array to_series tolist item numpy detach cpu norm numel parameters
    named_parameters size dim astype reshape ravel flatten squeeze transpose pivot pivot_table melt merge join stack
    unstack items keys values iterrows itertuples split strip format most_common predict predict_proba
    decision_function score get_params total_seconds memory_info virtual_memory isoformat strftime get lower upper
    replace copy sel isel dot cumsum cumprod diff rank clip fillna dropna assign nlargest nsmallest any all argmax
    argmin argsort idxmax idxmin with_name with_suffix exists stat get_figure elapsed index startswith endswith
    as_posix resolve absolute get_n_leaves get_depth subplots figure add_subplot gca gcf twinx
    """)
_BUILTINS = neutral.words_of("""
    len sum min max sorted round abs zip enumerate range list dict tuple set str int float bool repr format any all
    isinstance type hasattr reversed vars frozenset divmod pow
    """)


def only_computes(node: ast.expr | None, own: Collection[str], imported: Mapping[str, Set[str]]) -> bool:
    """Whether an expression calls nothing but what is known to compute, and functions of ours that do nothing else.

    :param own: functions of the program that do nothing else. :param imported: what imports bind.
    """
    for one in ast.walk(node) if node is not None else ():
        if isinstance(one, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(one, ast.Call) and not _is_known(one, own, imported):
            return False
        if isinstance(one, ast.keyword) and (one.arg == "copy" or (one.arg in {"inplace", "out"})):
            return False
        if isinstance(one, ast.Attribute) and (one.attr in neutral.EFFECTS - {"sample"} or one.attr.startswith("__")):
            return False
    return True


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
