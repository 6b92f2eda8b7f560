"""Two servers write a model's first entry at once, or two entries: both are written, in one order."""

from __future__ import annotations

import anyio
import pytest
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import PathRefused

from ...play import Agent, Place
from .test_diary import ENTRY, PATH

pytestmark = pytest.mark.anyio


async def test_a_diary_that_another_server_makes_between_two_looks_is_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, misses = Workspace.read_bytes, list[str]()

    def another_was_faster(self: Workspace, path: str, limit_bytes: int) -> bytes:
        try:
            return read(self, path, limit_bytes)
        except PathRefused:
            if path == PATH and not misses:
                misses.append(path)
                self.append_durably(path, "# Diary\n\n## Entry #1\n\nby another server\n")
            raise

    monkeypatch.setattr(Workspace, "read_bytes", another_was_faster)
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **ENTRY)
    assert misses == [PATH]
    assert "by another server" in place.read(PATH)
    assert ENTRY["fix"] in place.read(PATH)


async def test_the_first_entries_of_two_servers_at_once_are_both_written(place: Place) -> None:
    numbers: list[int] = []
    async with place.served() as one, place.served() as other, anyio.create_task_group() as both:
        for agent, fix in ((one, "theta = 1"), (other, "theta = 2")):

            async def write(agent: Agent = agent, fix: str = fix) -> None:
                written = await agent.ask("write_diary_entry", **{**ENTRY, "fix": fix})
                numbers.append(int(written["entry"]))

            both.start_soon(write)
    assert sorted(numbers) == [1, 2]
    text = place.read(PATH)
    assert "theta = 1" in text
    assert "theta = 2" in text
