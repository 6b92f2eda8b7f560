"""Words that alter no number: how things are shown, written, opened, cast, spread over cores. Pure.

A word that is not here counts. What an exception says is broken (`broken_names`) and what libraries took away
(`RENAMED`) may be mended.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


QUIET = words_of("""
    print log debug info warning warn error exception critical flush collect filterwarnings simplefilter
    basicConfig getLogger log_every pprint secho echo set_description set_postfix update settrace enable faulthandler
    reconfigure setLevel addHandler StreamHandler FileHandler Formatter captureWarnings
    add_scalar add_scalars add_text add_histogram log_metric log_metrics log_param log_params
    """)
"""Calls that only tell: what they are given is not looked at, unless it trains or changes something."""
TELLERS = words_of("""
    logging logger log LOG LOGGER _logger warnings gc sys stdout stderr console watchkeeper_probe
    faulthandler wandb mlflow writer summary_writer tb_writer tensorboard
    """)
_REPORTS = words_of("az arviz plt matplotlib sns seaborn plotly px go fig ax axes axs")
"""What plots and summarises; where nothing is made of what it returns, nothing hangs on it."""
REPORTING = words_of("az plt sns px go")
"""Those of them that are short for a library."""
NEUTRAL = words_of("""
    str repr format join split strip rstrip lstrip splitlines encode decode upper lower title startswith
    endswith open write writelines writerow writerows writeheader writer DictWriter close flush Path PurePath
    mkdir makedirs dirname basename abspath resolve absolute expanduser exists is_file is_dir fspath joinpath
    with_suffix with_name relative_to as_posix getcwd write_text write_bytes dump dumps touch unlink savefig
    figure subplots tight_layout to_csv to_netcdf to_json to_parquet to_pickle savetxt save savez state_dict
    StringIO BytesIO getenv get environ ArgumentParser add_argument parse_args parse_known_args
    add_argument_group set_defaults list tuple dict range enumerate zip len iter append extend items keys
    values float int bool isinstance type super id print tqdm trange track
    set_description rich partial main namedtuple dataclass field cast annotations property staticmethod
    classmethod asarray array float64 float32 ascontiguousarray to_numpy numpy item tolist cpu cuda double device
    is_available copy time perf_counter monotonic process_time now today strftime isoformat timedelta datetime
    total_seconds fromtimestamp vars asdict Parallel delayed DataFrame loads read_text safe_load
    """)
"""Calls that are no ingredient; what they are given still counts, its texts do not."""
ATTRIBUTES = words_of("""
    parent parents name stem suffix values shape dtype size environ argv path device
    """)
KEYWORDS = words_of("""
    nargs choices metavar
    progressbar progress_bar verbose verbosity disable desc flush file encoding newline indent exist_ok parents
    leave enable_progress_bar n_jobs cores parallel_chains progressbar_theme return_inferencedata
    file_prefix dpi bbox_inches stacklevel ncols sep help description prog dest
    float_format num_workers pin_memory mininterval map_location device non_blocking weights_only
    parallel nthread show_progress return_train_score copy_X capture_output check fmt datefmt stream
    handlers figsize idata_kwargs
    """)
"""Arguments that say how something is shown, kept or spread over cores."""
_OF_SHOWING = words_of("end total index type text force unit action required memory")
"""Arguments that say so only where the call shows, opens or writes; elsewhere these are names like any other."""
EFFECTS = words_of("""
    fit fit_transform fit_predict partial_fit sample train step backward seed manual_seed shuffle exec eval
    compile pop drop remove clear insert sort setattr __setattr__ system run Popen call check_call put remove_
    set_params update setdefault append extend load_state_dict setflags copyto place putmask fill
    """)
"""Calls that do something even where their value is only shown, besides torch's own, whose names end in `_`."""
RENAMED = frozenset(
    (old, new)
    for old, _, new in (
        one.partition(">")
        for one in words_of("""
    float>float64 float_>float64 int>int64 bool>bool_ object>object_ product>prod cumproduct>cumprod alltrue>all
    sometrue>any in1d>isin trapz>trapezoid row_stack>vstack NaN>nan NAN>nan Inf>inf infty>inf simps>simpson
    cumtrapz>cumulative_trapezoid iteritems>items as_matrix>to_numpy get_feature_names>get_feature_names_out
    traceplot>plot_trace asscalar>item MutableData>Data ConstantData>Data symeig>eigh tostring>tobytes
    applymap>map theano>pytensor sd>sigma testval>initval start>initvals size_average>reduction
    """)
    )
)
"""Names that libraries took away, and what stands in their place; from memory, not held against changelogs."""
MOVED = frozenset(
    {("pymc3", "pymc"), ("theano", "pytensor"), ("sklearn", "joblib"), ("keras", "tensorflow"), ("tensorflow", "keras")}
)
OF_FEATURES = re.compile(r"feature|column|predictor|covariate|^cols?$", re.IGNORECASE)
"""Names of what says which columns a model sees."""
_KEEPS = words_of("to_netcdf save dump savefig mkdir makedirs")
_OF_THE_RUN = re.compile(r"result|model|histor|checkpoint|bootstrap|param|config", re.IGNORECASE)
_ENDS = words_of("SystemExit KeyboardInterrupt StopIteration GeneratorExit")
"""Exceptions that end something without making a failure of it."""
_IN_PLACE = frozenset({"inplace", "out"})
"""Arguments by which a call writes into what it was given."""
_PATHS = words_of("""
    Path PurePath join joinpath dirname basename abspath realpath resolve absolute expanduser with_suffix with_name
    relative_to getcwd cwd home fspath
    """)
_FLOATS = frozenset({"float", "float64", "float32", "double", "single", "float_"})
_PATH = re.compile(r"[\w .{}~:\\/*-]*\.\w{1,8}\Z")


def last_name(node: ast.AST | None) -> str:
    """Return the last name of an expression, empty where there is none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def first_name(node: ast.AST) -> str:
    """Return the name that a chain of attributes, calls and subscripts begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def tells(call: ast.Call) -> bool:
    """Whether a call only tells: print, a logger's methods, the probe, warnings, the collector."""
    name, owner = last_name(call.func), first_name(call.func)
    if isinstance(call.func, ast.Name):
        return name in {"print", "pprint"}
    if name == "update":  # of a bar; a dictionary has it too
        dictionary = any(isinstance(one, ast.Dict | ast.Starred) for one in call.args)
        return owner.lower().endswith("bar") and not dictionary and all(one.arg == "n" for one in call.keywords)
    return owner == "watchkeeper_probe" or (
        name in QUIET and (owner in TELLERS or owner.lower().endswith(("log", "logger", "bar")))
    )


def named_arguments(call: ast.Call) -> Iterator[ast.keyword]:
    """Yield the arguments of a call by name, those of `**{"name": value}` too."""
    for one in call.keywords:
        table = one.value if one.arg is None and isinstance(one.value, ast.Dict) else None
        names = [key.value for key in table.keys if isinstance(key, ast.Constant)] if table is not None else []
        if table is not None and len(names) == len(table.keys):
            yield from (ast.keyword(str(name), value) for name, value in zip(names, table.values, strict=True))
        else:
            yield one


def says_how(keyword: str | None, called: str, telling: bool) -> bool:
    """Whether an argument only says how something is shown, kept or spread over cores.

    :param called: the call that gets it. :param telling: whether that one only tells.
    """
    showing = telling or called in NEUTRAL or called.startswith("to_")
    return keyword in KEYWORDS or (showing and keyword in _OF_SHOWING)


def harmless_value(node: ast.expr | None, own: Collection[str]) -> bool:
    """Whether an expression that is only shown does nothing besides: it trains nothing, and calls nothing of ours."""
    for one in ast.walk(node) if node is not None else ():
        if isinstance(one, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(one, ast.Call) and (acts(one) or last_name(one.func) in own):
            return False
    return True


def acts(call: ast.Call) -> bool:
    """Whether a call does something besides what it returns, as far as its name and its arguments tell."""
    called = last_name(call.func)
    in_place = any(one.arg in _IN_PLACE and not _is_off(one.value) for one in call.keywords)
    if called == "next" and not any(isinstance(one, ast.Call) for one in call.args):
        return True  # what is taken there is missing elsewhere
    return called in EFFECTS or (called.endswith("_") and not called.startswith("_")) or in_place


def _is_off(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def quiet(node: ast.stmt, own: Collection[str]) -> bool:
    """Whether a statement only tells."""
    if isinstance(node, ast.Pass | ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal):
        return True
    if isinstance(node, ast.Assert):
        return harmless_value(node.test, own) and harmless_value(node.msg, own)
    if isinstance(node, ast.If):
        every = (*node.body, *node.orelse)
        return harmless_value(node.test, own) and all(
            quiet(one, own) or keeps(one, own) or _names_path(one, own) for one in every
        )
    if isinstance(node, ast.Delete):
        return all(isinstance(one, ast.Name) for one in node.targets)
    return isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or _shows(node.value, own))


def idle(loop: ast.stmt, whole: ast.AST | None, own: Collection[str]) -> bool:
    """Whether a loop only tells, and what it counts with is used nowhere else in the file."""
    if not isinstance(loop, ast.For) or whole is None or loop.orelse or not harmless_value(loop.iter, own):
        return False
    if not all(quiet(one, own) for one in loop.body):
        return False
    counts = {one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)}
    return _uses(whole, counts) == _uses(loop, counts)


def notes(node: ast.stmt, whole: ast.AST | None, own: Collection[str]) -> bool:
    """Whether a statement only writes figures into a file whose name stands nowhere else in the script."""
    item = node.items[0] if isinstance(node, ast.With) and len(node.items) == 1 else None
    if not isinstance(node, ast.With) or item is None or not isinstance(item.optional_vars, ast.Name) or whole is None:
        return False
    path, file = _opened_to_write(item.context_expr), item.optional_vars.id
    if not path or not all(_writes(one, file, own) for one in node.body):
        return False
    texts = [one.value for one in ast.walk(whole) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return sum(path in one for one in texts) == 1


def _opened_to_write(call: ast.expr) -> str:
    """Return the path of `open("path", "a")`; nothing where it is opened otherwise, or may be a file of the run's."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "open":
        return ""
    given = [one.value for one in (*call.args[:2], *(one.value for one in call.keywords if one.arg == "mode"))
             if isinstance(one, ast.Constant)]  # fmt: skip
    path, mode = (*given, "", "")[:2]
    says = isinstance(path, str) and isinstance(mode, str) and mode in {"a", "w", "x", "at", "wt"}
    return path if isinstance(path, str) and says and not _OF_THE_RUN.search(path) else ""


def _writes(node: ast.stmt, file: str, own: Collection[str]) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not all(harmless_value(one, own) for one in call.args) or call.keywords:
        return False
    called, into = last_name(call.func), call.args[1:2]
    written = called in {"write", "writelines"} and first_name(call.func) == file
    return written or (called == "dump" and len(into) == 1 and last_name(into[0]) == file)


def _uses(node: ast.AST, names: set[str]) -> int:
    return sum(isinstance(one, ast.Name) and one.id in names for one in ast.walk(node))


def _shows(call: ast.expr, own: Collection[str]) -> bool:
    if not isinstance(call, ast.Call):
        return False
    return only_tells(call, own) or (first_name(call) in _REPORTS and harmless_value(call, own))


def only_tells(call: ast.Call, own: Collection[str]) -> bool:
    """Whether a call tells, and nothing that it is given does anything."""
    given = (*call.args, *(each.value for each in call.keywords))
    return tells(call) and all(harmless_value(one, own) for one in given)


def keeps(node: ast.stmt, own: Collection[str]) -> bool:
    """Whether a statement only keeps a copy on disk."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and last_name(call.func) in _KEEPS and harmless_value(call, own)


def _names_path(node: ast.stmt, own: Collection[str]) -> bool:
    """Whether a statement only gives a path a name."""
    value = node.value if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) else None
    if not isinstance(value, ast.Call) or first_name(value) not in {"Path", "pathlib", "os"}:
        return False
    return last_name(value.func) in _PATHS and harmless_value(value, own)


def fails(body: Collection[ast.stmt], own: Collection[str]) -> bool:
    """Whether statements only tell and then end the run as a failure."""
    *before, last = body
    call = last.value if isinstance(last, ast.Expr) else None
    leaves = isinstance(call, ast.Call) and last_name(call.func) in {"exit", "_exit"} and bool(call.args)
    well = leaves and isinstance(call, ast.Call) and isinstance(call.args[0], ast.Constant) and not call.args[0].value
    raised = last.exc if isinstance(last, ast.Raise) else None
    raises = (
        isinstance(last, ast.Raise) and last_name(raised.func if isinstance(raised, ast.Call) else raised) not in _ENDS
    )
    ends = raises or (leaves and not well)
    return ends and all(quiet(one, own) for one in before)


def floating(node: ast.expr) -> bool:
    """Whether an expression names a floating-point type."""
    said = node.value if isinstance(node, ast.Constant) else last_name(node)
    return isinstance(said, str) and said in _FLOATS


def is_path(said: str) -> bool:
    """Whether a text looks like the path of a file or folder."""
    return bool(_PATH.match(said)) or (("/" in said or "\\" in said) and not re.search(r"\s|[~+()]", said))


def last_part(path: str) -> str:
    """Return the last part of a path, of whatever system."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def mended(old: str, new: str, broken: Collection[str]) -> bool:
    """Whether a name was put right: taken away by its library, two letters swapped, or shown to be broken and close."""
    if (old, new) in RENAMED or _swapped(old, new):
        return True
    close = SequenceMatcher(None, old.lower(), new.lower()).ratio() >= 0.75 and old.lower() != new.lower()
    return old in broken and close


def _swapped(old: str, new: str) -> bool:
    """Whether two neighbouring letters are swapped, the most certain sort of misspelling."""
    if len(old) != len(new) or len(old) < 4:
        return False
    places = [place for place in range(len(old)) if old[place] != new[place]]
    return len(places) == 2 and places[1] == places[0] + 1 and sorted(old) == sorted(new)


def broken_names(message: str) -> frozenset[str]:
    """Return the names that the message of an exception says are not there.

    Understands AttributeError, NameError, ImportError, KeyError and TypeError (unexpected keyword) in CPython's words.
    """
    patterns = (
        r"has no attribute '(\w+)'",
        r"name '(\w+)' is not defined",
        r"cannot import name '(\w+)'",
        r"unexpected keyword argument '(\w+)'",
        r"No module named '([\w.]+)'",
        r"KeyError: '(\w+)'",
    )
    return frozenset(found for pattern in patterns for found in re.findall(pattern, message[:5000]))
