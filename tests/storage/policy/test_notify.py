"""[notify] of the policy: off without a way, quiet hours over midnight, and nothing in it that could be a secret."""

from __future__ import annotations

import pytest
from watchkeeper.server.storage.policy.notify_table import Notify
from watchkeeper.server.storage.policy.policy import load_policy
from watchkeeper.server.vocabulary.errors import PolicyInvalid


def test_nobody_is_told_without_a_way() -> None:
    assert not load_policy("").notify.wanted
    assert load_policy('[notify]\nurls_file = "~/.config/urls"').notify.wanted


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        ("22:00-07:00", (22 * 60, 0, 7 * 60 - 1), (7 * 60, 12 * 60, 22 * 60 - 1)),
        ("12:00-13:30", (12 * 60, 13 * 60 + 29), (0, 13 * 60 + 30)),
        ("", (), (0, 12 * 60)),
    ],
)
def test_quiet_hours_begin_and_end_by_the_minute(hours: str, quiet: tuple[int, ...], loud: tuple[int, ...]) -> None:
    policy = Notify(quiet_hours=hours)
    assert [policy.quiet(one) for one in (*quiet, *loud)] == [True] * len(quiet) + [False] * len(loud)


@pytest.mark.parametrize(
    "line",
    [
        'quiet_hours = "22-7"',
        'quiet_hours = "07:00-07:00"',
        'on = ["crashed"]',
        'command = ["tell"]',
        'command = "/bin/tell me"',
        'urls_file = "urls.txt"',
        'urls_file = "~/../x"',
        'urls_env = "json://me:secret@host"',
        "most_per_hour = 0",
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"watchkeeper\.toml:2: \[notify\]"):
        load_policy(f"[notify]\n{line}\n")
