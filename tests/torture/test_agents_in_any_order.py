"""Two clients do anything in any order in one workspace, as a state machine; what was acknowledged holds (P1 to P10).

P1 to P5 are judged by the client's list (acknowledged.py), P6, P7, P9, P10 by each answer (answers.py), P8 by a script
beside the workspace that no name may reach.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.acts.toolbox import outgoing_facts
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import WatchkeeperError
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

from ..runtime.keeper.helpers import end_processes_of, until
from . import shim
from .day import SCRIPTS, Day

MODELS = st.sampled_from(sorted(SCRIPTS))
CLIENTS = st.sampled_from((0, 1))
ANSWERS = st.sampled_from(("RESTART", "RESUME", "CONTINUE", "TERMINATE"))
TOOL = {one.name: one for one in TOOLS}


class Agents(RuleBasedStateMachine):
    """Two trainers and two directors, each with a server's desk of its own; trainings, keepers and ledger are real."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="watchkeeper-agents-"))
        self._day = Day(self._folder, self._folder / "workspace", random.Random(0))
        self._numbers = iter(range(10**6))
        self._desks: dict[tuple[str, int], Desk] = {}
        outside = self._folder / "outside.py"
        outside.write_text(f"open({str(self._folder / 'ran')!r}, 'w')\n")
        (self._day.root / "link.py").symlink_to(outside)

    def _desk(self, role: str, client: int) -> Desk:
        if (role, client) not in self._desks:
            found = open_desk(Workspace(self._day.root), Role(role), who=f"{role} {client} of the test")
            self._desks[role, client] = found.hurried(0.0)
        return self._desks[role, client]

    def _do(self, role: str, client: int, name: str, **arguments: Any) -> dict[str, Any]:
        tool, desk = TOOL[name], self._desk(role, client)

        async def called() -> dict[str, Any]:
            run: Any = tool.run
            return outgoing_facts(await run(desk.current(), **tool.take(arguments)))

        self._day.known.asked(name, arguments)
        try:
            content = anyio.run(called)
        except WatchkeeperError:
            return {}  # in words; whatever else is raised ends the test
        self._day.known.take(name, arguments, {"structuredContent": content})
        return content

    def _latest(self, model: str) -> str:
        runs = self._desk("trainer", 0).ledger.runs(model=model)
        return runs[-1].id if runs else f"{model}-quick-1"

    @rule(model=MODELS, client=CLIENTS, again=st.booleans())
    def start(self, model: str, client: int, again: bool) -> None:
        follows = {"follows": self._latest(model)} if again else {}
        self._do("trainer", client, "start_training", model=model, phase="quick", **follows)

    @rule(model=MODELS, client=CLIENTS, role=st.sampled_from(("trainer", "director", "observer")), one=st.booleans())
    def poll(self, model: str, client: int, role: str, one: bool) -> None:
        about = {"run": self._latest(model)} if one else {}
        self._do(role, client, "poll_training", wait_s=0, **about)

    @rule(model=MODELS, client=CLIENTS)
    def report(self, model: str, client: int) -> None:
        self._do("trainer", client, "report_error", run=self._latest(model), what_happened="it broke")

    @rule(client=CLIENTS, action=ANSWERS)
    def answer(self, client: int, action: str) -> None:
        known = [one.id for one in self._desk("director", client).ledger.reports() if one.status == "open"]
        for one in known[:1]:
            self._do("director", client, "answer_report", report=one, action=action, instructions="mend it")

    @rule(model=MODELS, client=CLIENTS)
    def verify(self, model: str, client: int) -> None:
        self._do("trainer", client, "verify_compute", run=self._latest(model))

    @rule(model=MODELS, client=CLIENTS)
    def diary(self, model: str, client: int) -> None:
        words = {
            "struggle": "it broke",
            "investigation": ["a test"],
            "why": "a cause",
            "fix": f"fix-{next(self._numbers)}.",
        }
        self._do("trainer", client, "write_diary_entry", model=model, run=self._latest(model), **words)

    @rule(model=MODELS, client=CLIENTS)
    def stop(self, model: str, client: int) -> None:
        self._do("trainer", client, "stop_training", run=self._latest(model), reason="enough")

    @rule(model=MODELS)
    def goes(self, model: str) -> None:
        (self._folder / f"go-{self._latest(model)}").touch()

    @rule(name=st.sampled_from(("../outside.py", "in/../../outside.py", "link.py", "/{}/outside.py")), client=CLIENTS)
    def reaches_outside(self, name: str, client: int) -> None:
        script = name.format(str(self._folder).lstrip("/"))
        assert not self._do("trainer", client, "start_training", model="good", phase="quick", script=script)

    @rule(role=st.sampled_from(("trainer", "director")), client=CLIENTS)
    def restarts(self, role: str, client: int) -> None:
        if gone := self._desks.pop((role, client), None):
            gone.ledger.close()

    @invariant()
    def what_was_acknowledged_is_there_once(self) -> None:
        assert self._day.known.violations() == []
        assert not (self._folder / "ran").exists(), "a script outside of the workspace ran"

    def teardown(self) -> None:
        (self._folder / "go").touch()
        try:
            until(self._over, "every run ends")
            assert self._day.known.violations() + self._day.known.untrue() == []
        finally:
            for one in self._desks.values():
                one.ledger.close()
            end_processes_of(self._folder)
            shutil.rmtree(self._folder)

    def _over(self) -> bool:
        self._do("trainer", 0, "poll_training", wait_s=0)
        active = [one.id for one in self._desk("trainer", 0).ledger.runs() if not one.ended]
        for one in active:
            self._do("trainer", 0, "poll_training", run=one, wait_s=0)
        return not active


@pytest.mark.training
def test_whatever_two_clients_do_in_whatever_order_what_was_acknowledged_holds() -> None:
    examples = max(3, shim.TRIES // 4)
    run_state_machine_as_test(
        Agents,
        settings=settings(max_examples=examples, stateful_step_count=14, deadline=None, derandomize=not shim.TRIES),
    )
