"""What is saved by joblib, pickle, pandas, NumPy, xarray and ArviZ: which object, which columns, which draws."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import sys
import types
from typing import Any

from . import draws, loaded, places
from .calls import MARK, pickled_from
from .files import note_read, note_write
from .fingerprint import fp
from .more import tell_each
from .objects import is_known, owner
from .state import here, ours, ours_at_length, state
from .trouble import trouble

MOST_COLUMNS = 40
_MOST_CELLS = 1 << 22


def joblib(module: Any) -> list[str]:
    """Wrap `joblib.dump` and `load`."""
    return [*_wrap(module, "dump", _about_object, "joblib.dump"), *loaded.reading(module, "load")]


def pickle(module: Any) -> list[str]:
    """Wrap `pickle.dump` and `dumps`, for estimators that were fitted here, and `load`; all else passes at once."""
    return [
        *_wrap(module, "dump", _about_object, "pickle.dump"),
        *_wrap(module, "dumps", _about_object, "pickle.dumps"),
        *loaded.reading(module, "load"),
    ]


def pandas(module: Any) -> list[str]:
    """Wrap the methods by which a table is written."""
    done = []
    for name in ("to_csv", "to_excel", "to_pickle", "to_json", "to_hdf", "to_parquet", "to_feather"):
        for cls in module.DataFrame.__mro__:
            if name in vars(cls):
                done += _wrap(cls, name, _about_table, f"pandas.{name}")
                break
    return done


def numpy(module: Any) -> list[str]:
    """Wrap `numpy.savetxt` and `save`, of which nobody keeps tables, and `load`."""
    return [
        *_wrap(module, "savetxt", _about_array, "numpy.savetxt"),
        *_wrap(module, "save", _about_array, "numpy.save"),
        *loaded.reading(module, "load"),
    ]


def xarray(module: Any) -> list[str]:
    """Wrap what writes a data set or a tree of them."""
    done = _wrap(module.Dataset, "to_netcdf", _about_dataset, "xarray.to_netcdf")
    done += _wrap(module.Dataset, "to_zarr", _about_dataset, "xarray.to_zarr")
    tree = getattr(module, "DataTree", None)
    for name in ("to_netcdf", "to_zarr") if tree is not None else ():
        done += _wrap(tree, name, _about_trace, f"xarray.DataTree.{name}")
    return done


def arviz(module: Any) -> list[str]:
    """Wrap what writes an InferenceData."""
    cls = module.InferenceData
    return [
        *_wrap(cls, "to_netcdf", _about_trace, "arviz.to_netcdf"),
        *_wrap(cls, "to_zarr", _about_trace, "arviz.to_zarr"),
    ]


def h5py(module: Any) -> list[str]:
    """Listen to files that the HDF5 library opens by itself."""
    begin = module.File.__init__

    @functools.wraps(begin)
    def __init__(self: Any, name: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> None:
        if (state.writer is not None and isinstance(name, (str, bytes))) or hasattr(name, "__fspath__"):
            try:
                with ours():
                    frame = sys._getframe(1)
                    note_read(name, frame) if mode == "r" else note_write(name, "h5py", frame, mode=str(mode))
            except Exception as error:
                trouble("h5py", error)
        begin(self, name, mode, *args, **kwargs)

    module.File.__init__ = __init__
    return ["h5py.File"]


def _wrap(holder: Any, name: str, about: Any, call: str) -> list[str]:
    function = vars(holder).get(name)
    if not isinstance(function, (types.FunctionType, types.BuiltinFunctionType)) and not callable(function):
        return []
    if hasattr(function, MARK):
        return []

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if state.writer is None or here.busy or here.calls or getattr(here, "saving", False):
            return function(*args, **kwargs)
        _tell(about, call, args, kwargs, sys._getframe(1))
        here.saving = True
        try:
            return function(*args, **kwargs)
        finally:
            here.saving = False

    setattr(watched, MARK, True)
    if isinstance(holder, types.ModuleType):
        pickled_from(holder, watched)
    setattr(holder, name, watched)
    return [call]


def _tell(about: Any, call: str, args: Any, kwargs: Any, frame: Any) -> None:
    try:
        with ours_at_length():
            facts = about(args, kwargs)
            where = places.where(frame) if facts is not None else ""
            if facts is not None and where:
                path = _path(args, kwargs)
                tell_each("save", call, where, {"library": call.partition(".")[0], "call": call, "path": path, **facts})
    except Exception as error:
        trouble(call, error)


def _path(args: Any, kwargs: Any) -> str:
    for each in [*args[:2], *(kwargs.get(n) for n in ("path_or_buf", "path", "filename", "store", "fname", "file"))]:
        if isinstance(each, str) or hasattr(each, "__fspath__"):
            return places.inside(str(each))
        if isinstance(getattr(each, "name", None), str) and hasattr(each, "write"):
            return places.inside(each.name)
    return ""


def _about_object(args: Any, kwargs: Any) -> Any:
    thing = args[0] if args else kwargs.get("obj", kwargs.get("value"))
    if not is_known(thing):
        return None
    return {**owner(thing), "class": type(thing).__name__}


def _about_table(args: Any, kwargs: Any) -> Any:
    table = args[0]
    if not hasattr(table, "columns"):
        return {"rows": len(table), "columns": {str(getattr(table, "name", "0")): fp(table)}}
    if table.size > _MOST_CELLS:
        return {"rows": len(table), "columns": {}}
    numeric = [
        (str(name), table.iloc[:, i]) for i, name in enumerate(table.columns) if table.dtypes.iloc[i].kind in "iufb"
    ]
    return {"rows": len(table), "columns": {name: fp(column, always=True) for name, column in numeric[:MOST_COLUMNS]}}


def _about_array(args: Any, kwargs: Any) -> Any:
    array = args[1] if len(args) > 1 else kwargs.get("X", kwargs.get("arr"))
    if getattr(array, "ndim", 0) == 2:
        return {
            "rows": len(array),
            "columns": {str(i): fp(array[:, i], always=True) for i in range(min(array.shape[1], MOST_COLUMNS))},
        }
    return {"rows": len(array), "columns": {"0": fp(array, always=True)}}


def _about_dataset(args: Any, kwargs: Any) -> Any:
    return {"variables": {str(n): [fp(args[0][n].values)] for n in list(args[0].data_vars)[:MOST_COLUMNS]}}


def _about_trace(args: Any, kwargs: Any) -> Any:
    posterior = draws.group(args[0], "posterior")
    found: dict[str, Any] = {}
    if posterior is not None:
        found["variables"], found["left_out"] = draws.of_dataset(posterior)
        found["stats"] = draws.stats(draws.group(args[0], "sample_stats"))
    return found
