"""The shapes of secrets that detect-secrets knows: a rule set that others keep. Loaded when a text first needs it.

Only its patterns are used. What it guesses from entropy or from names is left out (it takes digests and metrics for
secrets), and so is its verification, which would ask the network.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

_DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "cloudant": "CloudantDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "ibm_cloud_iam": "IbmCloudIamDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
_SUSPICIOUS = re.compile(r"[A-Za-z0-9_+/=~-]{20,}")
"""Shorter than any secret that has a shape; a text without such a word does not load the rules."""
_SHORTEST = 16
_LONGEST_LINE = 2_000
"""Longer lines are not searched by rules whose cost we do not know; ours are, in proportion to their length."""


@lru_cache(maxsize=1)
def patterns() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of all detectors that are there; a later version may have dropped one."""
    found: list[re.Pattern[str]] = []
    for module, name in _DETECTORS.items():
        try:
            detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        except (ImportError, AttributeError):
            continue
        found.extend(detector.denylist)
    return tuple(found)


def masked(text: str, mask: str, is_secret: Callable[[str], bool]) -> str:
    """Return a text in which what the rules find is replaced.

    :param is_secret: asked about each find, because rules that go by a name take words for secrets.
    """
    if not any(is_secret(one[0]) for one in _SUSPICIOUS.finditer(text)):
        return text
    return "\n".join(_line(one, mask, is_secret) for one in text.split("\n"))


def _line(line: str, mask: str, is_secret: Callable[[str], bool]) -> str:
    if len(line) > _LONGEST_LINE or not _SUSPICIOUS.search(line):
        return line
    for secret in sorted(set(_found(line)), key=len, reverse=True):
        if is_secret(secret):
            line = line.replace(secret, mask)
    return line


def _found(line: str) -> Iterator[str]:
    for pattern in patterns():
        for one in pattern.finditer(line):
            last = next((group for group in reversed(one.groups()) if group), "")
            yield last if len(last) >= _SHORTEST else one[0]  # a group may also hold a prefix, such as `ghp`
