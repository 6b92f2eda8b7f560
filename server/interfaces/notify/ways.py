"""The ways to a person: their own command, and services through Apprise. Each sending is a process with a time limit.

So neither a service that hangs nor what it takes to talk to it comes near the answers of tools. Words on what failed
never carry a URL, nor what a program printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...storage.policy.notify_table import Notify
from ...vocabulary.errors import WatchkeeperError
from . import apprise_child, limited, urls

COMMAND = "command"
SLACK_S = 10.0
"""How much longer than its limit is waited for what keeps the limit."""
_CHILD = [sys.executable, "-P", "-m", apprise_child.__name__]
_SAID = {
    apprise_child.NOT_TAKEN: "the service did not take it",
    apprise_child.NOT_INSTALLED: "Apprise is not installed: pip install 'watchkeeper[notify]'",
    apprise_child.NO_URL: "Apprise does not know such a URL, or it is not whole",
}


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person can be told now.

    :ivar urls: by way, such as "url 1"; not shown. :ivar trouble: why a way that the policy names cannot be gone.
    """

    policy: Notify
    folder: Path
    urls: Mapping[str, str] = field(repr=False)
    trouble: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The ways in order."""
        return (*([COMMAND] if self.policy.command else []), *self.urls)

    def send(self, way: str, message: Mapping[str, Any]) -> str:
        """Send a message, as `words.content` gives it; return why that failed, empty where it did not."""
        if way == COMMAND:
            return self._commanded(message)
        return self._apprised(way, {"title": message["title"], "body": message["body"]})

    def check(self, way: str) -> str:
        """Return what can be said to be wrong with a way without sending anything."""
        if way != COMMAND:
            return self._apprised(way, {"check": True})
        program = self.policy.command[0]
        return "" if os.access(program, os.X_OK) and not os.path.isdir(program) else f"{program} cannot be run"

    def _commanded(self, message: Mapping[str, Any]) -> str:
        if trouble := self.check(COMMAND):
            return trouble
        environment = {name: value for name, value in os.environ.items() if name != self.policy.urls_env}
        status = self._run(self.policy.command, message, environment)
        return status if isinstance(status, str) else f"it ended with status {status}" if status else ""

    def _apprised(self, way: str, message: Mapping[str, Any]) -> str:
        url = self.urls.get(way)
        if url is None:
            return "there is no such URL any more"
        status = self._run(_CHILD, {"url": url, **message}, os.environ)
        return status if isinstance(status, str) else _SAID.get(status, f"it failed ({status})") if status else ""

    def _run(self, command: Sequence[str], message: Mapping[str, Any], environment: Mapping[str, str]) -> int | str:
        """Return the exit status of a program that got a message; words where it has none."""
        limit_s, begun = self.policy.timeout_s, time.monotonic()
        text = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        try:
            done = subprocess.run(  # noqa: S603 (an argument list, of the policy or our own)
                [sys.executable, "-I", "-S", limited.__file__, str(limit_s), *command],
                input=text,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self.folder,
                env=environment,
                start_new_session=True,
                timeout=limit_s + SLACK_S,
                check=False,
            )
        except OSError as error:
            return f"it cannot be run: {error.strerror}"
        except subprocess.TimeoutExpired:
            return _too_long(limit_s)
        if done.returncode == limited.TOO_LONG and time.monotonic() - begun >= limit_s:
            return _too_long(limit_s)
        return done.returncode


def _too_long(limit_s: float) -> str:
    return f"it took longer than {limit_s:g} s and was ended"


def open_ways(policy: Notify, folder: Path) -> Ways:
    """Return the ways that there are; what is wrong with one does not close the other."""
    try:
        found = urls.read(policy, folder)
    except WatchkeeperError as error:
        return Ways(policy, folder, {}, str(error))
    return Ways(policy, folder, {f"url {number}": one for number, one in enumerate(found, start=1)})
