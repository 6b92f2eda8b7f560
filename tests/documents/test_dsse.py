"""DSSE envelopes: what is signed, and that nothing in one may be altered unseen."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents.dsse import Envelope, Signature, decode, encode, pae, parsed

ENVELOPE = Envelope("application/vnd.in-toto+json", b'{"a": 1}', (Signature("SHA256:abc", b"\x01" * 64),))


def test_what_is_signed_is_the_example_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.text(min_size=1), st.binary(), st.text(min_size=1), st.binary())
def test_two_different_pairs_of_type_and_payload_never_sign_the_same(a: str, b: bytes, c: str, d: bytes) -> None:
    assert (pae(a, b) == pae(c, d)) is ((a, b) == (c, d))


@given(st.text(), st.binary(), st.lists(st.builds(Signature, st.text(), st.binary()), min_size=1, max_size=3))
def test_what_was_written_is_read_again(kind: str, payload: bytes, signatures: list[Signature]) -> None:
    envelope = Envelope(kind, payload, tuple(signatures))
    assert decode(encode(envelope)) == envelope


@given(st.integers(0, len(encode(ENVELOPE)) - 1), st.integers(1, 255))
def test_a_byte_that_is_changed_is_refused_or_read_as_another_content(place: int, by: int) -> None:
    whole = bytearray(encode(ENVELOPE))
    whole[place] ^= by
    try:
        found = decode(bytes(whole))
    except ValueError:
        return
    assert found != ENVELOPE or json.loads(whole) == json.loads(encode(ENVELOPE)), "only white space may differ"


@given(st.binary())
def test_whatever_a_file_holds_it_is_read_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return
    raise AssertionError("no random bytes are an envelope")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"payload":"","payloadType":"a","signatures":[]}',
        '{"payload":"","payloadType":"a","signatures":[{"keyid":"a"}]}',
        '{"payload":"","payloadType":"a","signatures":[{"sig":"","more":1}]}',
        '{"payload":"","payloadType":1,"signatures":[{"sig":""}]}',
        '{"payload":"","payloadType":"a","signatures":[{"sig":""}],"more":1}',
        '{"payload":"YQ==","payload":"Yg==","payloadType":"a","signatures":[{"sig":""}]}',
        '{"payload":"YR==","payloadType":"a","signatures":[{"sig":""}]}',
        '{"payload":"YQ","payloadType":"a","signatures":[{"sig":""}]}',
        '{"payload":" YQ==","payloadType":"a","signatures":[{"sig":""}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_strict_envelope_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any reason)
        decode(text.encode())


def test_json_with_numbers_that_are_none_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        parsed(b'{"a": NaN}')


def test_a_signature_without_a_hint_is_read() -> None:
    text = json.dumps({"payload": "", "payloadType": "a", "signatures": [{"sig": base64.b64encode(b"x").decode()}]})
    assert decode(text.encode()).signatures == (Signature("", b"x"),)
