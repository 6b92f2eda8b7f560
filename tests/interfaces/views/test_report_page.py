"""The course of a report, however much else happened meanwhile."""

from __future__ import annotations

from contextlib import closing

import pytest
from watchkeeper.server.interfaces.views import report_page
from watchkeeper.server.storage.record import Event, Ledger

from ...play import Place


def test_the_course_of_a_report_is_whole_where_the_record_gives_few_events_at_a_time(
    shared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = Ledger.events

    def few(self: Ledger, *, after: int = 0, run: str | None = None, limit: int = 1000) -> list[Event]:
        return every(self, after=after, run=run, limit=min(limit, 1))

    desk = shared.desk("person")
    with closing(desk.ledger):
        whole = report_page.gather(desk, "1-r1").course
        monkeypatch.setattr(Ledger, "events", few)
        assert report_page.gather(desk, "1-r1").course == whole
    assert any("is answered: RESTART" in line.what for _, line in whole)
