"""Text that others wrote (logs, data, file names) made safe to show: sanitised, capped, secrets masked (P9).

What is taken out is what a reader does not see but a model or a terminal obeys: escape sequences, control characters,
direction overrides, invisible and private characters. Nothing here says that the remaining words are true.
"""

from __future__ import annotations

import re

# Sequences of ECMA-48: CSI; OSC and the other strings up to their terminator on the same line; two-character escapes.
# A string that is not terminated loses its introducer only, so that it cannot swallow the text behind it.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)

# Unicode's Cc (but tab and newline), Cs, Co and Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15),
# the line and paragraph separators, the interlinear marks and the noncharacters of the basic plane.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)

_MASK = "[secret]"
_TOKENS = re.compile(
    r"""-----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----(?s:.*?)(?:-----END\ [A-Z ]{0,30}PRIVATE\ KEY-----|\Z)
    | (?<![A-Za-z0-9])(?:
        sk-[A-Za-z0-9_-]{16,}                            # OpenAI, Anthropic and others
      | (?:gh[pousr]_|github_pat_|glpat-|hf_)[A-Za-z0-9_-]{16,}
      | xox[abeoprs]-[A-Za-z0-9-]{10,}                   # Slack
      | A(?:KIA|SIA)[0-9A-Z]{16}                         # AWS
      | AIza[0-9A-Za-z_-]{35}                            # Google
      | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*   # a JSON web token
    )""",
    re.VERBOSE,
)
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic)(\s{1,3})([A-Za-z0-9+/=_.~-]{12,})")
_IN_URL = re.compile(r"(://[^\s/:@]{0,100}:)([^\s/@]{1,200})(?=@)")
_NAMED = re.compile(
    r"""(?i)((?:api|access|private|secret)[_-]?key|token|secret|credential|passw(?:or)?d|passphrase|key)"""
    r"""([A-Za-z_-]{0,20}["']?\s{0,3}[=:]\s{0,3}["']?)([^\s"',;&()]{6,})"""
)


def clean(text: str | bytes, limit: int) -> str:
    """Return `text` fit to be shown: decoded, without escape sequences and unseen characters, at most `limit` long.

    Tabs and newlines stay. Of a line that carriage returns overwrote (a progress bar) its last frame stays. Cleaning
    twice changes nothing.

    :param text: bytes are read as UTF-8, what is not UTF-8 becomes U+FFFD.
    :param limit: characters that the result may have, with the note "… (+N characters)" that says how many are missing.
    """
    return _capped(_seen(text), limit)


def one_line(text: str | bytes, limit: int) -> str:
    """Return `clean` text on a single line: every run of white space becomes one space."""
    return _capped(" ".join(_seen(text).split()), limit)


def outgoing(text: str | bytes, limit: int) -> str:
    """Return text that leaves to an agent: cleaned, secrets masked, then capped (no half token slips out)."""
    return _capped(mask_secrets(_seen(text)), limit)


def mask_secrets(text: str) -> str:
    """Return `text` with obvious secrets replaced by `[secret]`: token shapes, passwords in addresses, named keys.

    A value behind a name such as `api_key=` is masked when it looks random or the name says password; `tokens=4096`
    and `key=validation_loss` stay. A help against accidents, not a promise that no secret remains.
    """
    text = _TOKENS.sub(_MASK, text)
    text = _AUTHORIZATION.sub(_mask_authorization, text)
    text = _IN_URL.sub(rf"\1{_MASK}", text)
    return _NAMED.sub(_mask_named, text)


def _seen(text: str | bytes) -> str:
    """Return what a reader of a terminal would have seen in the end."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    without = _ESCAPES.sub("", decoded)
    if "\r" in without:
        without = "\n".join(_last_frame(line) for line in without.split("\n"))
    return _UNSEEN.sub("", without)


def _last_frame(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    kept = limit - len(f"… (+{len(text)} characters)")
    if kept <= 0:
        return text[: max(limit - 1, 0)] + "…" * (limit > 0)
    return f"{text[:kept]}… (+{len(text) - kept} characters)"


def _mask_authorization(match: re.Match[str]) -> str:
    scheme, gap, value = match.groups()
    return f"{scheme}{gap}{_MASK}" if _random_looking(value) else match.group()


def _mask_named(match: re.Match[str]) -> str:
    name, between, value = match.groups()
    secret = name.lower().startswith("pass") or _random_looking(value)
    return f"{name}{between}{_MASK}" if secret else match.group()


def _random_looking(value: str) -> bool:
    """Whether letters and digits are mixed through as in a token: words, paths and plain numbers are not."""
    if len(value) < 16 or len(re.findall(r"[_./:]", value)) >= 3:
        return False
    kinds = re.findall(r"[0-9]+|[a-z]+|[A-Z]+", value)
    letters = any(kind.isalpha() for kind in kinds)
    digits = any(kind.isdigit() for kind in kinds)
    mixed = len(kinds) * 6 >= len(value) or re.fullmatch(r"[0-9a-f]{32,}", value) is not None
    return letters and digits and mixed and len(set(value)) >= 8
