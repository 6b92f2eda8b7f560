"""Secrets in a text, replaced by `[secret]`: shapes of tokens, credentials in addresses and headers, named values.

Two rule sets stand side by side: ours, and that of detect-secrets, which others keep up to date (`kept_rules`).
Numbers, digests, paths and words stay: a metric must never be masked. A help against accidents, no promise that none
remains.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import kept_rules

MASK = "[secret]"
_Needs = Callable[[str, str], bool]
"""Of a text and the same text with its case folded."""
_Rule = Callable[[str], str]
_RUN = re.compile(r"[A-Za-z0-9_.=~+/:-]{15}")
"""Every token has such a run without a blank; the shortest are Slack's."""
_WORDS_OF_SECRETS = ("key", "signature", "token", "secret", "credential", "pass", "pwd", "sig", "auth")
"""One of them stands in every name of a secret."""

# One alternative a family; what stands behind a prefix is long enough that no word of a log looks like it.
_TOKENS = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        (?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}
      | gl(?:pat|dt|ft|soat|rt|cbt|ptt|imt|agent|oas|ffct)-[A-Za-z0-9_.=-]{16,}
      | xox[abcdeoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,} | xapp-[0-9]-[A-Za-z0-9-]{10,}           # Slack
      | (?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}                                          # AWS
      | AIza[0-9A-Za-z_-]{35} | ya29\.[0-9A-Za-z_-]{20,} | GOCSPX-[0-9A-Za-z_-]{20,}             # Google
      | 1//0[0-9A-Za-z_-]{30,}
      | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*                                  # a JSON web token
      | (?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,} | whsec_[0-9A-Za-z+/=]{20,}                  # Stripe
      | SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}                                               # SendGrid
      | [0-9a-f]{32}-us[0-9]{1,2}\b | key-[0-9a-f]{32}\b                                         # Mailchimp, Mailgun
      | npm_[A-Za-z0-9]{30,} | pypi-[A-Za-z0-9_-]{40,} | rubygems_[0-9a-f]{40,}
      | dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,} | dapi[0-9a-f]{32}(?:-[0-9])?\b
      | do[opr]_v1_[0-9a-f]{40,} | HRKU-[A-Za-z0-9_-]{30,} | shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}
      | sq0(?:atp|csp)-[0-9A-Za-z_-]{20,} | EAAA[0-9A-Za-z_-]{56,} | EAAC[0-9A-Za-z]{40,}
      | lin_(?:api|oauth)_[A-Za-z0-9]{30,} | ntn_[A-Za-z0-9]{30,} | secret_[A-Za-z0-9]{40,}      # Linear, Notion
      | PMAK-[0-9a-f]{20,}-[0-9a-f]{30,} | gl(?:sa|c)_[A-Za-z0-9_=+/-]{24,} | hv[sbr]\.[A-Za-z0-9_-]{20,}
      | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,} | dp\.(?:pt|st|sa|ct|scim|audit)\.[A-Za-z0-9_.-]{30,}
      | r8_[A-Za-z0-9]{30,} | gsk_[A-Za-z0-9]{30,} | pplx-[A-Za-z0-9]{30,} | xai-[A-Za-z0-9]{40,}
      | wandb_v[0-9]_[A-Za-z0-9_]{30,} | api_org_[A-Za-z0-9]{20,} | nvapi-[A-Za-z0-9_-]{40,}
      | NRAK-[A-Z0-9]{20,} | sntry[su]_[A-Za-z0-9_=+/-]{30,} | pat[A-Za-z0-9]{14}\.[0-9a-f]{50,}
      | AKCp[A-Za-z0-9]{50,} | fm[12][ar]?_[A-Za-z0-9+/=_-]{40,} | sb(?:p|_secret)_[A-Za-z0-9_-]{20,}
      | pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,} | pul-[0-9a-f]{40} | ATATT3x[A-Za-z0-9_=-]{50,}
      | LTAI[A-Za-z0-9]{12,26}\b | AKID[A-Za-z0-9]{32}\b | AGE-SECRET-KEY-1[0-9A-Z]{50,}
      | tskey-[a-z]{1,20}-[A-Za-z0-9-]{20,} | (?:AC|SK)[0-9a-f]{32}\b | [0-9]{8,10}:AA[0-9A-Za-z_-]{30,}
      | sk-[A-Za-z0-9]{20,} | hf_[A-Za-z0-9]{24,}
      | sk-(?:proj|svcacct|admin|ant|or|lf)-[A-Za-z0-9_-]{16,}                                   # OpenAI, Anthropic …
      | [A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}                                          # Entra
    )""",
    re.VERBOSE,
)  # fmt: skip
_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_MATERIAL = r"[ \t]*(?:[A-Za-z0-9+/=]{16,100}|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]{0,200}|)[ \t\r]*"
# A key that nothing ends, as in the lines around a failure: what looks like a part of it. And one that nothing begins.
_REST_OF_KEY = re.compile(rf"[^\n\"']*(?:\n{_MATERIAL}(?=\n|\Z))*")
_END_OF_KEY = re.compile(
    rf"(?m)^(?:{_MATERIAL}\n){{0,100}}[^\n\"']{{0,100}}-----END [A-Z ]{{0,30}}PRIVATE KEY(?: BLOCK)?-----"
)
_LONGEST_KEY = 20_000
# Prefixes that words have too: what follows must look random.
_LIKE_WORDS = re.compile(
    r"(?<![A-Za-z0-9])(sk-|hf_|[MNO](?=[A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}))([A-Za-z0-9_.-]{16,})"
)
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic|token|ssws|apikey)([ \t]{1,3}|:[ \t]{0,3})([A-Za-z0-9+/=_.~-]{12,})")
_HEADER = re.compile(
    r"(?im)\b((?:set-)?cookie|x-[a-z-]{0,30}(?:key|token|secret)|proxy-authorization)(:[ \t]{1,3})([^\r\n]{6,})"
)
_IN_URL = re.compile(r"(://[^\s/:@]{0,100}:)([^\s/@]{1,200})(?=@)")
_HOOK = re.compile(
    r"(https://(?:hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/|[a-z0-9.-]{1,60}\.webhook\.office\.com/))"
    r"([A-Za-z0-9/_@.-]{16,})"
)
_SENTRY = re.compile(r"(https://)([0-9a-f]{32})(?=@[a-z0-9.-]{1,80}/[0-9])")
_LOGIN = re.compile(
    r"(?i)\b(wandb login(?:[ \t]+--[a-z-]{1,20}){0,3}[ \t]+"
    r"|machine\s+\S{1,100}\s+login\s+\S{1,100}\s+password\s+"
    r"|sshpass(?:[ \t]+-(?-i:v|P[ \t]*[^\s-]\S{0,100})){0,3}[ \t]+-(?-i:p)[ \t]*"
    r"|(?:mysql|mariadb)[a-z_-]{0,20}(?:[ \t]+[^\s|;&]{1,100}){0,8}?[ \t]+-(?-i:p))"
    r"('[^'\n]{5,200}'|\"[^\"\n]{5,200}\"|\S{5,})"
)

_NAMES_OF_SECRETS = (
    r"(?:api|app|access|private|secret|account|shared|signing|encryption|auth|consumer|master|deploy|license)[_-]?key"
    r"|(?:shared)?access[_-]?signature|token|secret|credentials?|passw(?:or)?d|passwd|passphrase|pwd|pass|key|sig|auth"
)
# Begins at the telling word; what stands before it in the name is read in `_named`, which costs less than to search it.
_NAMED = re.compile(
    rf"(?i)({_NAMES_OF_SECRETS})([A-Za-z0-9_-]{{0,20}}[\"']?\]?\s{{0,3}}[=:]\s{{0,3}}[\"']?)"
    r"([^\s\"',;&(){}<>\[\]]{4,})"
)
_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,80}$")
_BEHIND = re.compile(r"[A-Za-z0-9_-]*")
_OPTION = re.compile(
    r"(?i)(?<![\w-])(--?[a-z0-9-]{0,30}(?:api-?key|access-?key|secret(?:-?key)?|token|passw(?:or)?d|passphrase|pwd|credentials?))"
    r"([ \t]+)([^\s\"',;]{4,})"
)
_PASSWORD = re.compile(r"(?i)(?:^|[_.-])(?:passw(?:or)?d|passwd|passphrase|pwd|pass)(?:[_-]?[0-9a-z]{0,8})?$|password")
_PLAINLY = re.compile(
    r"(?i)(?:api|access|private|secret|account|shared|auth|consumer|master|encryption|signing)[_-]?key$|client[_-]?secret$|auth[_-]?token$|(?:^|[_.-])secret$|access[_-]?token$"
)
_NO_SECRET_NAME = re.compile(
    r"(?i)^(?:old)?pwd$|hash|cache|sha\d|md5|digest|checksum|fingerprint|commit|revision|etag|uuid|public|path|file|dir|url"
    r"|(?:^|[_.-])(?:num|n|max|min|per|pad|eos|bos|cls|sep|mask|unk)[_.-]|tokens?_?(?:per|count|id|ids|type|len|length|loss|acc\w*|s$)"
    r"|tokeni[sz]er|keyword|keys?(?:word|_?error|_?frame|point)s?|monkey|compass|passe[sd]|bypass|passthrough|author|sigma|sign(?:al|ature_)|design"
)
_NO_SECRET_VALUE = re.compile(
    r"(?i)(?:none|null|nil|true|false|yes|no|undefined|unset|empty|missing|required|invalid|expired|redacted|hidden|\*+|x{3,}|\.{3,}"
    r"|\$\{?\w+\}?|%\w+%|<[^>]*>?|os\.environ.*|getenv.*|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?%?|\d+/\d+|[a-z0-9+]+://.*|\[secret\].*|[./~].*|[a-z]:\\.*)$"
)


def mask_secrets(text: str) -> str:
    """Return `text` with secrets replaced by `[secret]`.

    A value behind a name such as `api_key=` is masked when it looks random or the name says password; `tokens=4096`,
    `key=validation_loss` and every bare number stay. Masking twice masks no more.
    """
    folded = text.casefold()
    for needs, rule in RULES:
        if not needs(text, folded):
            continue
        masked = rule(text)
        if masked != text:
            text, folded = masked, masked.casefold()
    return kept_rules.masked(text, MASK, random_looking)


def _long_run(text: str, _folded: str) -> bool:
    """Whether a word stands there that is as long as the shortest token."""
    return _RUN.search(text) is not None


def _says(*words: str) -> _Needs:
    """Return whether one of these words stands in a text, whatever the case."""
    return lambda _text, folded: any(word in folded for word in words)


def _is_named(_text: str, folded: str) -> bool:
    return any(word in folded for word in _WORDS_OF_SECRETS) and ("=" in folded or ":" in folded)


def _without_keys(text: str) -> str:
    """Return a text in which each line of a private key is masked; so many lines stay as there were."""
    kept: list[str] = []
    at = 0
    for begin in _BEGIN.finditer(text):
        if begin.start() < at:
            continue
        end = _END.search(text, begin.end(), begin.end() + _LONGEST_KEY)
        rest = None if end else _REST_OF_KEY.match(text, begin.end())
        stop = end.end() if end else rest.end() if rest else begin.end()
        kept += [text[at : begin.start()], _each_line(text[begin.start() : stop])]
        at = stop
    return _END_OF_KEY.sub(lambda found: _each_line(found[0]), "".join([*kept, text[at:]]))


def _each_line(block: str) -> str:
    return "\n".join([MASK] * (block.count("\n") + 1))


def _header(match: re.Match[str]) -> str:
    name, colon, value = match.groups()
    return match.group() if value.startswith(MASK) else f"{name}{colon}{MASK}"


def _authorization(match: re.Match[str]) -> str:
    scheme, gap, value = match.groups()
    return f"{scheme}{gap}{MASK}" if random_looking(value) else match.group()


def _named(match: re.Match[str]) -> str:
    word, between, value = match.groups()
    before = _BEFORE.search(match.string, max(0, match.start() - 80), match.start())
    behind = _BEHIND.match(between)
    name = f"{before[0] if before else ''}{word}{behind[0] if behind else ''}"
    if _NO_SECRET_VALUE.match(value) or _NO_SECRET_NAME.search(name):
        return match.group()
    secret = bool(_PASSWORD.search(name)) or (bool(_PLAINLY.search(name)) and _mixed(value)) or random_looking(value)
    return f"{word}{between}{MASK}" if secret else match.group()


def _mixed(value: str) -> bool:
    """Whether letters and digits stand together, as in a short key; words, numbers and paths are not such."""
    bare = value.replace("-", "").replace("_", "")
    return len(value) >= 8 and not bare.isalpha() and not bare.isdigit() and "/" not in value[:-2] and "." not in value


_PART = re.compile(r"[A-Z]?[a-z]{1,20}[0-9]{0,3}|[A-Z]{1,12}[0-9]{0,3}|[0-9]{0,4}")


def random_looking(value: str) -> bool:
    """Whether letters and digits are mixed through as in a token: words, paths and plain numbers are not."""
    if len(re.findall(r"[./:]", value)) >= 3:
        first, *rest = re.split(r"[./:]", value)
        return not _PART.fullmatch(first) and any(random_looking(one) for one in (first, *rest))
    if len(value) < 16 or all(_PART.fullmatch(one) for one in re.split(r"[-_.]", value)):
        return False
    kinds = re.findall(r"[0-9]+|[a-z]+|[A-Z]+", value)
    letters = any(kind.isalpha() for kind in kinds)
    digits = any(kind.isdigit() for kind in kinds)
    upper_and_lower = any(kind.isupper() for kind in kinds) and any(kind.islower() for kind in kinds)
    mixed = len(kinds) * 6 >= len(value) or re.fullmatch(r"[0-9a-f]{32,}", value) is not None
    return letters and (digits or (upper_and_lower and len(kinds) * 2 >= len(value))) and mixed and len(set(value)) >= 8


RULES: tuple[tuple[_Needs, _Rule], ...] = (
    (_says("private key"), _without_keys),
    (_long_run, lambda text: _TOKENS.sub(MASK, text)),
    (_long_run, lambda text: _LIKE_WORDS.sub(lambda found: MASK if random_looking(found[2]) else found[0], text)),
    (_says("://"), lambda text: _HOOK.sub(rf"\1{MASK}", _SENTRY.sub(rf"\1{MASK}", _IN_URL.sub(rf"\1{MASK}", text)))),
    (_says("cookie", "x-", "proxy-authorization"), lambda text: _HEADER.sub(_header, text)),
    (_says("bearer", "basic", "token", "ssws", "apikey"), lambda text: _AUTHORIZATION.sub(_authorization, text)),
    (_says("wandb login", "machine", "mysql", "mariadb", "sshpass"), lambda text: _LOGIN.sub(rf"\1{MASK}", text)),
    (_says(*_WORDS_OF_SECRETS), lambda text: _OPTION.sub(_named, text)),
    (_is_named, lambda text: _NAMED.sub(_named, text)),
)
"""What must stand in a text for a rule to find anything (it costs far less to look for) and the rule, in this order."""
