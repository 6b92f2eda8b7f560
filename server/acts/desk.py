"""The desk: everything that a tool may touch, handed to it. No tool opens a file, a process or a clock of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeVar

import anyio.to_thread

from ..runtime.engines import Engine
from ..runtime.engines.by_run import EngineByRun
from ..storage.files.workspace import Workspace
from ..storage.policy.policy import Policy, read_policy
from ..storage.record import Ledger
from ..vocabulary.runs import Role

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a tool works with.

    :ivar who: who acts, as the record shall name it, for example `trainer over MCP`.
    :ivar clock: gives unix seconds.
    :ivar results_within_s: how long a call waits for a look into a quick run's results, which goes on without it.
    :ivar read_until_s: until when this call reads files whole or looks into them, on the clock of time.monotonic().
    """

    workspace: Workspace
    policy: Policy
    ledger: Ledger
    engine: Engine
    role: Role
    who: str
    clock: Callable[[], float] = field(default=time.time)
    results_within_s: float = 3.0
    read_until_s: float = float("inf")

    def current(self) -> Desk:
        """Return this desk with the policy file as it is now, so that an edit needs no new server.

        :raises PolicyInvalid: if the file was edited into something that cannot be read.
        :raises PathRefused: if the workspace does not lie any more where it was.
        """
        self.workspace.check_place()
        policy = read_policy(self.workspace)
        if policy == self.policy:
            return self
        return replace(self, policy=policy, workspace=self.workspace.named(policy.names))

    def patient(self, wait_s: float | None) -> Desk:
        """Return this desk for somebody who blocks on purpose: a poll may wait that long, whatever agents may."""
        longest = max(wait_s or 0.0, self.policy.watch.max_wait_s)
        watch = self.policy.watch.model_copy(update={"max_wait_s": longest})
        policy = self.policy.model_copy(update={"watch": watch})
        return replace(self, policy=policy, results_within_s=float("inf"))

    def hurried(self, longest_s: float) -> Desk:
        """Return this desk for a client that ends a call after some time: no poll waits longer."""
        watch = self.policy.watch
        shorter = {name: min(getattr(watch, name), longest_s) for name in ("wait_s", "max_wait_s", "brisk_poll_s")}
        policy = self.policy.model_copy(update={"watch": watch.model_copy(update=shorter)})
        return replace(self, policy=policy)

    @property
    def labels(self) -> dict[str, str]:
        """The policy's labels of the phases, such as `{"quick": "5A", "full": "5B"}`."""
        return {"quick": self.policy.quick.label, "full": self.policy.full.label}


def open_desk(workspace: Workspace, role: Role, who: str) -> Desk:
    """Return a desk in a workspace. Its state folder and ledger are made by the first act that records something.

    :raises PolicyInvalid: if watchkeeper.toml cannot be read.
    :raises LedgerUnreadable: if the ledger is damaged.
    """
    policy = read_policy(workspace)
    named = workspace.named(policy.names)
    if os.path.lexists(named.state_dir):
        named.ensure_state()
    return Desk(
        workspace=named,
        policy=policy,
        ledger=Ledger(named.ledger_path, folder=named.ensure_state),
        engine=EngineByRun(),
        role=role,
        who=who,
    )


async def in_thread(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run blocking work in a thread; a cancelled caller does not wait for it.

    What the work has committed stays; every act may be done twice, so nothing is lost or doubled by that.
    """
    return await anyio.to_thread.run_sync(lambda: work(*args, **kwargs), abandon_on_cancel=True)
