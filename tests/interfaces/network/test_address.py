"""Where a server listens, and the exact names under which it may be called."""

from __future__ import annotations

import pytest
from watchkeeper.server.interfaces.network.address import Address, listening, names, parsed
from watchkeeper.server.vocabulary.errors import InvalidArgument, Refused


@pytest.mark.parametrize(
    ("text", "ip", "port"),
    [
        ("127.0.0.1:8765", "127.0.0.1", 8765),
        ("localhost:80", "127.0.0.1", 80),
        (":9000", "127.0.0.1", 9000),
        ("[::1]:0", "::1", 0),
        ("10.0.0.5", "10.0.0.5", 8765),
        ("0.0.0.0:1", "0.0.0.0", 1),
    ],
)
def test_an_address_is_read(text: str, ip: str, port: int) -> None:
    assert parsed(text) == Address(ip, port)


@pytest.mark.parametrize(
    "text",
    ["", "::1", "example.org:80", "127.0.0.1:65536", "127.0.0.1:", "127.1 :1", "http://x", "1.2.3:4", "[::1"],
)
def test_what_is_no_ip_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is no address"):
        parsed(text)


@pytest.mark.parametrize("text", ["0.0.0.0:1", "[::]:1", "10.0.0.5:1", "[fe80::1]:1"])
def test_beyond_loopback_the_names_must_be_said(text: str) -> None:
    with pytest.raises(Refused, match="other machines"):
        names(parsed(text), [])
    assert names(parsed(text), ["a.example:1"]).hosts == {b"a.example:1"}


@pytest.mark.parametrize(
    ("host", "fits"),
    [
        ("127.0.0.1:8765", True),
        ("LocalHost:8765", True),
        ("[::1]:8765", True),
        ("train.example", True),
        ("train.example:443", True),
        ("127.0.0.1", False),
        ("127.0.0.1:1.evil.example", False),
        ("127.0.0.1:8765.evil.example", False),
        ("127.0.0.1:87650", False),
        ("127.0.0.1:8766", False),
        ("evil.example:8765", False),
        ("127.0.0.1:8765@evil.example", False),
        ("train.example:8765", False),
        ("train.example.", False),
        ("", False),
    ],
)
def test_a_host_fits_letter_by_letter_or_not_at_all(host: str, fits: bool) -> None:
    known = names(parsed("127.0.0.1:8765"), ["train.example:443"])
    assert known.host_fits([host.encode()]) is fits
    assert known.origin_fits([f"http://{host}".encode()]) is fits


def test_a_host_is_there_exactly_once_and_an_origin_at_most_once() -> None:
    known = names(parsed("127.0.0.1:8765"), [])
    assert not known.host_fits([])
    assert not known.host_fits([b"127.0.0.1:8765"] * 2)
    assert known.origin_fits([])
    assert not known.origin_fits([b"http://127.0.0.1:8765"] * 2)


@pytest.mark.parametrize("address", ["127.0.0.2:8765", "127.0.0.2:80"])
def test_a_server_may_be_called_by_the_address_that_it_listens_on(address: str) -> None:
    known = names(parsed(address), [])
    assert known.host_fits([address.encode()])
    assert known.origin_fits([f"http://{address}".encode()])


def test_an_origin_of_tls_fits_only_where_a_proxy_may_stand_in_front() -> None:
    known = names(parsed("127.0.0.1:8765"), ["train.example"])
    assert known.origin_fits([b"https://train.example"])
    assert not known.origin_fits([b"https://127.0.0.1:8765"])
    assert not known.origin_fits([b"null"])
    assert not known.origin_fits([b"file://"])


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    with listening(Address("127.0.0.1", 0)) as taken, pytest.raises(Refused, match="another port"):
        listening(Address("127.0.0.1", taken.getsockname()[1]))
