"""What the policy says of a Ray: where its head is, and what a job may ask of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from .tables import absolute_path

_UNITS = {"": 1 << 20, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MEM = re.compile(r"(\d{1,12})([KMGT]?)B?", re.IGNORECASE)


def memory_bytes(value: str) -> int:
    """Return an amount of memory as Slurm writes it (`64G`; without a unit MiB) in bytes.

    :raises ValueError: if it is none.
    """
    found = _MEM.fullmatch(value)
    if found is None:
        raise ValueError('expected an amount of memory such as "64G"')
    return int(found[1]) * _UNITS[found[2].upper()]


def _address(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"expected an address such as http://head:8265: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isascii() or not value.isprintable():
        raise ValueError("expected the address of Ray's dashboard, such as http://head:8265 (no ray://, not port 6379)")
    if parts.username or parts.password or parts.query or parts.fragment or " " in value or port == 0:
        raise ValueError("expected scheme, host and port only: a token belongs into token_file or token_env")
    return value.rstrip("/")


def _variable(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("expected the name of an environment variable")
    return value


def _resources(value: Mapping[str, float]) -> Mapping[str, float]:
    for name, amount in value.items():
        if not re.fullmatch(r"[A-Za-z0-9_.:/-]{1,100}", name) or name in ("CPU", "GPU", "memory"):
            raise ValueError("expected names of a cluster's own resources; cpus, gpus and mem are keys beside it")
        if not 0 < amount <= 1_000_000:
            raise ValueError(f"expected an amount above 0 for {name}")
    return value


Address = Annotated[str, AfterValidator(_address)]
TokenFile = Annotated[str, AfterValidator(absolute_path)]
Variable = Annotated[str, AfterValidator(_variable)]
Resources = Annotated[Mapping[str, Annotated[float, Field(strict=False)]], AfterValidator(_resources)]
Gpus = Annotated[float, Field(ge=0, le=100_000, strict=False)]


def request(cpus: int, gpus: float, mem: str, resources: Mapping[str, float]) -> dict[str, object]:
    """Return what a job asks for, by the names of Ray's Jobs API.

    One CPU at least: a job that asks for nothing runs on the head, however busy that is.
    """
    asked: dict[str, object] = {"entrypoint_num_cpus": cpus or 1}
    if gpus:
        asked["entrypoint_num_gpus"] = gpus
    if mem:
        asked["entrypoint_memory"] = memory_bytes(mem)
    if resources:
        asked["entrypoint_resources"] = dict(resources)
    return asked
