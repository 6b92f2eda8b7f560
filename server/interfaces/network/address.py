"""Where the server listens, and under which names it may be called: exact names, no patterns.

A page in a browser can have any name resolve to this machine (DNS rebinding); it cannot choose what stands in `Host`
and `Origin`. The SDK's own check takes `127.0.0.1:1.evil.example` for 127.0.0.1, and is off beyond loopback.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.sanitize import one_line

USUAL = "127.0.0.1:8765"
BACKLOG = 128
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")
_USUAL_PORTS = (":80", ":443")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: an IP address without brackets, and a port; 0 for any that is free."""

    ip: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.ip).is_loopback

    @property
    def shown(self) -> str:
        """The address as it stands in a URL."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class Names:
    """What `Host` and `Origin` of a request may be, letter by letter, in lower case."""

    hosts: frozenset[bytes]
    origins: frozenset[bytes]

    def host_fits(self, given: Sequence[bytes]) -> bool:
        """Whether these `Host` headers are one, and ours."""
        return len(given) == 1 and given[0].lower() in self.hosts

    def origin_fits(self, given: Sequence[bytes]) -> bool:
        """Whether these `Origin` headers are none, as of a program that is no browser, or one that is ours."""
        return not given or (len(given) == 1 and given[0].lower() in self.origins)


def parsed(text: str) -> Address:
    """Return the address of `HOST:PORT`, `HOST` or `:PORT`.

    :raises InvalidArgument: it is none.
    """
    host, port = _split(f"127.0.0.1{text}" if text.startswith(":") else text)
    ip = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        ipaddress.ip_address(ip)
    except ValueError:
        raise _none(text, "Listen on an IP address, such as 127.0.0.1:8765 or [::1]:8765.") from None
    return Address(ip, int(USUAL.rsplit(":", 1)[1]) if port is None else port)


def _split(text: str) -> tuple[str, int | None]:
    found = _ADDRESS.fullmatch(text)
    if not found or int(found[2] or 0) > 65535:
        raise _none(text, "Write HOST:PORT, with a port up to 65535 and brackets around an IPv6 address.")
    return found[1].lower(), None if found[2] is None else int(found[2])


def _none(text: str, do_next: str) -> InvalidArgument:
    return InvalidArgument(f"{one_line(ascii(text), 80)} is no address.", do_next)


def names(address: Address, allowed: Iterable[str]) -> Names:
    """Return the names under which a server may be called.

    :param address: where it listens, its port known.
    :param allowed: further names, as they stand in a client's URL (`train.example.org`, `10.0.0.5:8765`).
    :raises Refused: others can reach it, and nobody said by which names.
    """
    allowed = list(allowed)
    if not address.loopback and not allowed:
        raise Refused(
            f"{address.shown} can be reached from other machines.",
            "Say by which names with --allow-host NAME:PORT (several times for several), or listen on 127.0.0.1.",
        )
    usual = {f"{name}:{address.port}" for name in _LOOPBACK_NAMES}
    own = {*usual, address.shown} if address.loopback else set[str]()
    further = {_written(one) for one in allowed}
    plain, proxied = _as_clients_write(own | further), _as_clients_write(further)
    # https as well where a proxy that speaks TLS may stand in front.
    origins = {f"http://{host}" for host in plain} | {f"https://{host}" for host in proxied}
    return Names(_encoded(plain), _encoded(origins))


def _written(name: str) -> str:
    host, port = _split(name)
    return host if port is None else f"{host}:{port}"


def _as_clients_write(hosts: Iterable[str]) -> set[str]:
    """Return names also without their port where it is the usual one of HTTP or HTTPS, which clients leave out."""
    hosts = set(hosts)
    return hosts | {host.rpartition(":")[0] for host in hosts if host.endswith(_USUAL_PORTS)}


def _encoded(texts: Iterable[str]) -> frozenset[bytes]:
    return frozenset(text.lower().encode("ascii") for text in texts)


def listening(address: Address) -> socket.socket:
    """Return a socket that listens there.

    :raises Refused: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.ip else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address.ip, address.port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise Refused(
            f"{address.shown} cannot be listened on: {error.strerror or error}.",
            "Another server may have it: name another port, or 0 for any that is free.",
        ) from None
    return opened
