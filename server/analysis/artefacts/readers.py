"""Which module reads which format. The readers know nothing of this table, so that no imports go in a circle."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from .facts import Container
from .formats import Look
from .search_facts import from_text
from .trouble import CannotInspectError


def searcher(look: Look, wanted: str) -> Callable[[Look], Container]:
    """Import what searches an artefact for values, and only that.

    :raises CannotInspectError: if nothing searches this format. :raises ModuleNotFoundError: if a library is missing.
    """
    # ruff: noqa: PLC0415
    if look.format in ("hdf5", "zarr"):
        import_module(".hdf5" if look.format == "hdf5" else ".zarr_store", __package__)
        from .search_draws import search as among_draws

        return lambda one: among_draws(one, from_text(wanted))
    match look.format:
        case "table":
            from .tables import cells as columns
        case "sheet":
            from .sheets import cells as columns
        case "parquet":
            from .parquet import cells as columns
        case "npy":
            from .arrays import cells as columns
        case _:
            raise CannotInspectError("unsupported", "Only tables, arrays and traces are searched.")
    from .search_columns import search

    return lambda one: search(one, from_text(wanted), columns)


def drawer(look: Look) -> Callable[[Look], Container]:
    """Import what draws the chains of a trace.

    :raises CannotInspectError: if it is no trace. :raises ModuleNotFoundError: if a library is missing.
    """
    if look.format not in ("hdf5", "zarr"):
        raise CannotInspectError("unsupported", "Only traces in NetCDF4 or Zarr have chains to be drawn.")
    import_module(".hdf5" if look.format == "hdf5" else ".zarr_store", __package__)
    from .chain_draws import look_at

    return look_at


def reader(look: Look) -> Callable[[Look], Container]:
    """Import what reads a format, and only that: a table must not wait for NumPy.

    :raises ModuleNotFoundError: if a library is missing.
    """
    # ruff: noqa: PLC0415
    match look.format:
        case "hdf5":
            from .hdf5 import read

            if look.suffix in (".nc", ".nc4"):
                import_module(".traces", __package__)  # SciPy loads more reliably before the process is sealed
        case "zarr":
            from .zarr_store import read
        case "table":
            from .tables import read
        case "sheet":
            from .sheets import read
        case "parquet":
            from .parquet import read
        case "json":
            from .json_documents import read
        case "pickle":
            from .pickles import read
        case "zip":
            from .zips import read
        case "npy":
            from .arrays import read_npy as read
        case "safetensors":
            from .arrays import read_safetensors as read
        case _:
            from .texts import read
    return read
