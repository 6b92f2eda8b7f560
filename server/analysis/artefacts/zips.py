"""Zip archives: torch.save, NumPy's .npz, Keras models, and any other. Unpacking is bounded in every member."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from dataclasses import replace
from typing import Any, cast

from .arrays import MOST_ARRAYS, SAMPLE_VALUES, array_facts, from_bytes, may_be_draws, npy_header, recurring_in
from .facts import ArrayFacts, ArraysFacts, Member, PickleFacts
from .formats import Look
from .pickled_arrays import found_in
from .pickles import MOST_NUMBERS, Opened, facts, open_pickle, plain_numbers, split
from .streams import OpcodeReader, PackedStream
from .symbols import walk
from .trouble import CannotInspectError

try:
    from .hdf5 import arrays_in
except ModuleNotFoundError:  # the other archives do without h5py
    arrays_in = None

_MOST_MEMBERS = 500
_MOST_DRAWN = 4
"""So many arrays of draws are looked at as a whole."""
_MOST_INNER_BYTES = 256 << 20
_BLOCK_BYTES = 1 << 18
_BOMB = 1000
"""Inflating a thousandfold: deflate's limit is 1032, weights and figures stay below 20."""


def read(look: Look) -> ArraysFacts:
    """Return the facts of a zip archive.

    :raises CannotInspectError: if its directory is damaged or too large.
    """
    if look.head.startswith(b"PK\x05\x06") and look.size_bytes < 100:  # the end of a directory alone
        return ArraysFacts(format="zip", size_bytes=look.size_bytes)
    try:
        with os.fdopen(os.dup(look.descriptor), "rb") as file, zipfile.ZipFile(file) as archive:
            return _read(look, archive)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise CannotInspectError("damaged", f"Its zip directory cannot be read: {error}.") from error


def _read(look: Look, archive: zipfile.ZipFile) -> ArraysFacts:
    infos = archive.infolist()
    by_name = {one.filename: one for one in infos}
    kind, arrays, pickle, more = _inside(archive, by_name, look.suffix)
    notes = [*more, *_oddities(infos, by_name, look.size_bytes)]
    return ArraysFacts(
        format=kind,
        size_bytes=look.size_bytes,
        arrays=tuple(arrays[:MOST_ARRAYS]),
        array_count=len(arrays),
        values=sum(math.prod(one.shape) for one in arrays),
        members=tuple(
            Member(name=one.filename[:160], size_bytes=one.file_size, compressed_bytes=one.compress_size)
            for one in infos[:_MOST_MEMBERS]
        ),
        member_count=len(infos),
        pickle=pickle,
        consistent=not notes,
        complete=len(infos) <= _MOST_MEMBERS and len(arrays) <= MOST_ARRAYS and not notes,
        notes=tuple(notes[:20]),
    )


def _oddities(infos: list[zipfile.ZipInfo], by_name: dict[str, zipfile.ZipInfo], size_bytes: int) -> list[str]:
    """Return what no honest writer does."""
    found: list[str] = []
    if len(by_name) < len(infos):
        found.append("Two members have the same name.")
    if sum(one.compress_size for one in infos) > size_bytes:
        found.append("Its members take more bytes than the file has: they overlap.")
    for one in infos:
        if one.file_size > _BOMB * max(1, one.compress_size):
            found.append(f"{one.filename[:160]} says it inflates from {one.compress_size} to {one.file_size} bytes.")
        if one.filename.startswith("/") or ".." in one.filename.split("/"):
            found.append(f"{one.filename[:160]} would be unpacked outside.")
        if one.flag_bits & 1:
            found.append(f"{one.filename[:160]} is encrypted.")
    return found


Inside = tuple[str, list[ArrayFacts], PickleFacts | None, list[str]]


def _inside(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], suffix: str) -> Inside:
    pickled = sorted(name for name in members if name.rpartition("/")[2] == "data.pkl")
    if pickled:
        return _torch(archive, members, pickled[0])
    if "model.weights.h5" in members or suffix == ".keras":
        return _keras(archive, members)
    if members and all(name.endswith(".npy") for name in members):
        return _npz(archive, members)
    return "zip", [], None, []


def _torch(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str) -> Inside:
    """Return the tensors of torch.save: data.pkl names them, their values stand in data/KEY beside it."""
    opened = open_pickle(OpcodeReader(_stream(archive, members[name])))
    folder = name.removesuffix("data.pkl")
    missing: set[str] = set()

    def fetch(key: str, offset: int, size_bytes: int) -> bytes:
        member = members.get(f"{folder}data/{key}")
        if member is None or offset + size_bytes > member.file_size:
            missing.add(key)
            return b""
        return _part(archive, member, offset, size_bytes)

    arrays, numbers = split(found_in(walk(opened.root), fetch))
    pickle = _with_numbers(opened, members[name], numbers)
    notes = [f"Values of {len(missing)} storage(s) are missing or too short."] if missing else []
    return "torch", arrays, pickle, [*notes, *opened.notes]


def _with_numbers(opened: Opened, member: zipfile.ZipInfo, numbers: list[tuple[str, float]]) -> PickleFacts:
    """Return the facts of data.pkl, its single-valued tensors among the numbers: an optimiser's step is one."""
    found = facts(opened, member.file_size)
    every = (*numbers, *plain_numbers(walk(opened.root)))[:MOST_NUMBERS]
    return replace(found, writer="torch", numbers=every, arrays=(), array_count=0)


def _npz(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Inside:
    arrays: list[ArrayFacts] = []
    notes: list[str] = []
    for name, member in members.items():
        try:
            whole = sum(one.recurring is not None for one in arrays) < _MOST_DRAWN
            arrays.append(_npy(archive, name.removesuffix(".npy"), member, whole))
        except (ValueError, EOFError, OSError, RuntimeError, zipfile.BadZipFile) as error:
            notes.append(f"{name[:160]} could not be read: {' '.join(str(error).split())[:160]}.")
    return "npz", arrays, None, notes


def _npy(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, whole: bool) -> ArrayFacts:
    with archive.open(member) as stream:
        shape, dtype = npy_header(stream)
        size_bytes = math.prod(shape) * dtype.itemsize
        whole = whole and may_be_draws(name, dtype, size_bytes)
        most = size_bytes if whole else min(size_bytes, SAMPLE_VALUES * dtype.itemsize, 1 << 24)
        data = b"" if dtype.hasobject else stream.read(most)
        values = from_bytes(data, dtype.str)
        facts_of_it = array_facts(name, str(dtype), shape, size_bytes, values)
        return replace(facts_of_it, recurring=recurring_in(values, shape)) if whole else facts_of_it


def _keras(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Inside:
    """Return the weights of a .keras model; its configuration names classes and is not followed."""
    notes = [f"{name} is missing." for name in ("config.json", "metadata.json") if name not in members]
    weights = members.get("model.weights.h5")
    if weights is None:
        return "keras", [], None, [*notes, "model.weights.h5 is missing."]
    if weights.file_size > _MOST_INNER_BYTES:
        return "keras", [], None, [*notes, f"Weights of more than {_MOST_INNER_BYTES >> 20} MB are not looked at."]
    if arrays_in is None:
        return "keras", [], None, [*notes, "Its weights were not looked at: h5py is not installed."]
    arrays, more = arrays_in(io.BytesIO(_part(archive, weights, 0, weights.file_size)))
    return "keras", arrays, None, [*notes, *more, *_version(archive, members)]


def _version(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> list[str]:
    member = members.get("metadata.json")
    if member is None:
        return []
    try:
        told: object = json.loads(_part(archive, member, 0, 1 << 20))
    except ValueError:
        return ["metadata.json is no JSON."]
    known = isinstance(told, dict) and "keras_version" in cast(dict[str, Any], told)
    return [] if known else ["metadata.json names no version of Keras."]


def _part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, offset: int, size_bytes: int) -> bytes:
    with archive.open(member) as stream:
        stream.seek(offset)
        return stream.read(size_bytes)


def _stream(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> PackedStream:
    opened = archive.open(member)
    return PackedStream(iter(lambda: opened.read(_BLOCK_BYTES), b""))
