"""What leaves for a reader: nothing unseen, nothing too long, no obvious secret; and what was to be read stays."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.vocabulary.sanitize import clean, mask_secrets, one_line, outgoing

from ..growth import assert_grows_with_its_input

LIMIT = 10_000

# Pieces that make escape sequences, overwritten lines and token-like words likely.
_pieces = st.sampled_from(
    [
        *("\x1b", "[", "]", "31m", "8;;http://x", "\x07", "\\", "\x9b", "\x9c", "\x9d", "P", "m"),
        *("\r", "\n", "\r\n", "\t", "\u202e", "\u200b", "\U000e0041", "\ud800", "\ue000", "\x00"),
        *("…", " (+3 characters)", "word", "é", "😀", "sk-", "key=", "password: ", "Bearer ", "a1B2c3D4e5F6g7H8i9"),
    ]
)
texts = st.lists(_pieces | st.text(st.characters(), max_size=5), max_size=40).map("".join)


@settings(deadline=None)
@given(texts, st.integers(0, 60))
def test_cleaning_twice_changes_nothing_and_the_limit_holds(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert clean(once, limit) == once
    assert len(once) <= limit


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_become_text_that_can_be_sent(data: bytes) -> None:
    clean(data, LIMIT).encode()
    one_line(data, LIMIT).encode()


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(text, LIMIT) == text


@settings(deadline=None)
@given(texts)
def test_nothing_is_shown_that_was_not_in_the_text(text: str) -> None:
    rest = iter(text)
    assert all(character in rest for character in clean(text, LIMIT)), "the result is a subsequence of the text"


@settings(deadline=None)
@given(texts, st.integers(0, 200))
def test_one_line_is_one_line_and_as_long_as_allowed(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line.splitlines()) <= 1
    assert len(line) <= limit
    assert line == line.strip()


@settings(deadline=None)
@given(texts)
def test_masking_twice_masks_no_more(text: str) -> None:
    masked = mask_secrets(text)
    assert mask_secrets(masked) == masked


def test_every_character_that_is_not_seen_is_taken_out() -> None:
    # Of the format characters (Cf) these are signs that one sees: Arabic, Syriac, Kaithi and Egyptian ones.
    shown = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
    for code in range(0x110000):
        category = unicodedata.category(chr(code))
        if category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and code not in shown and chr(code) not in "\t\n":
            assert clean(f"a{chr(code)}.", LIMIT) in {"a.", "."}, hex(code)  # ".": a carriage return overwrites


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[1;31mError\x1b[0m: x", "Error: x"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://e.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]unterminated\nnext line", "unterminated\nnext line"),
        ("\x1bPdevice control\x1b\\text", "text"),
        ("\x9b31mred \x9d0;title\x9ctext", "red text"),
        ("\x1b(Bplain\x1b=\x1b7", "plain"),
        ("\x1b\x1b[31m[31mx", "[31mx"),
        ("\x1b[2K\x1b[1A50%", "50%"),
        (" 10%|#   |\r 20%|##  |\r 30%|### |\nnext", " 30%|### |\nnext"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("last frame then nothing\r", "last frame then nothing"),
        ("a\rTraceback (most recent call last):", "Traceback (most recent call last):"),
        ("caf\u00e9 \u2713 \u2502 \u4e2d\u6587 \u0645\u0631\u062d\u0628\u0627 😀", None),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("ig\u200bno\u00adre", "ignore"),
        ("hi" + "".join(chr(0xE0000 + ord(letter)) for letter in "do evil"), "hi"),
        ("x\U000e0101y\ufe0f", "xy"),
        ("one\u2028two\x0bthree\x85four", "onetwothreefour"),
        ("tab\tand\nnewline", None),
    ],
)
def test_a_reader_sees_what_a_terminal_would_have_shown_in_the_end(text: str, seen: str | None) -> None:
    assert clean(text, LIMIT) == (text if seen is None else seen)


def test_what_is_not_utf8_shows_where_it_was() -> None:
    assert clean(b"a\xff\xc3\xa9\xed\xa0\x80b", LIMIT) == "a\ufffdé\ufffd\ufffd\ufffdb"


def test_what_is_left_out_is_counted() -> None:
    assert clean("x" * 100, 100) == "x" * 100
    capped = clean("x" * 1000, 100)
    kept = capped.partition("…")[0]
    assert capped == f"{kept}… (+{1000 - len(kept)} characters)"
    assert len(capped) in {99, 100}
    assert [clean("x" * 1000, limit) for limit in (0, 1, 3)] == ["", "…", "xx…"]


def test_one_line_joins_lines_by_a_blank() -> None:
    assert one_line("  a\n\n\tb \r\nc ", LIMIT) == "a b c"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key sk-proj-abcDEF0123456789abcd used", "key [secret] used"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[secret]"),
        ("github_pat_11ABCDEFG0abcdefghijkl_mnop", "[secret]"),
        ("hf_AbCdEfGhIjKlMnOpQrStUvWx", "[secret]"),
        ("xoxb-123456789012-abcdefABCDEF", "[secret]"),
        ("AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE", "[secret], [secret]"),
        ("Authorization: Bearer a1B2c3D4e5F6g7H8i9J0", "Authorization: Bearer [secret]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123", "[secret]"),
        ("postgres://user:hunter2@db/x", "postgres://user:[secret]@db/x"),
        ("password=hunter2", "password=[secret]"),
        ('{"password": "correct-horse"}', '{"password": "[secret]"}'),
        ("WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567", "WANDB_API_KEY=[secret]"),
        ("AWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI7K7MDENG2bPxRfiCYEXAMPLEKEY'", "AWS_SECRET_ACCESS_KEY='[secret]'"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
            "a [secret]\n[secret]\n[secret] b",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\ncut off", "[secret]\n[secret]\ncut off"),
        ("MIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----\nnext", "[secret]\n[secret]\nnext"),
    ],
)
def test_an_obvious_secret_is_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens=4096000000, tokens: 123456789012345678",
        "KeyError: 'validation_loss_epoch_10_of_200'",
        "key=validation_loss_minimum",
        "key=output/implementation/data/results_1.csv",
        "a bearer of bad news was internationalisation",
        "monkey = sorted(values)",
        "https://example.org:8080/path@2",
        "epoch 5: loss=0.123456789012 val_loss=0.223456789012",
        "risk-adjusted task-0123456789abcdef0123",
        "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_secrets(text) == text


def test_a_secret_at_the_limit_leaves_no_half_of_itself() -> None:
    text = "x" * 40 + " sk-proj-abcDEF0123456789abcdefghijkl and more text behind it that makes it too long"
    for limit in range(45, 100):
        assert "abcDEF" not in outgoing(text, limit)


@pytest.mark.parametrize(
    "piece", ["\x1b]", "\x1b[1;", "\r", "sk-", "key=", "eyJ", "://a:", "-----BEGIN PRIVATE KEY-----", "a-", "Bearer "]
)
def test_hostile_repetition_costs_time_in_proportion(piece: str) -> None:
    assert_grows_with_its_input(lambda text: outgoing(text, LIMIT), lambda count: piece * count, 10_000)
