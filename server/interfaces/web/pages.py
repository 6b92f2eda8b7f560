"""The pages and what is asked by them: each request is one reading of the record, or one act in it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ...acts.desk import Desk, in_thread
from ...acts.plot import charts
from ...acts.plot.chains import Chains
from ...acts.plot.charts import Chart
from ...acts.start import comparison, provenance
from ...acts.watch.look import find_run
from ...vocabulary.errors import InvalidArgument, NotFound, WatchkeeperError
from ...vocabulary.runs import ErrorType
from ..views import answering, overview, report_page, run_page
from ..views.answering import ACTIONS, LONGEST_INSTRUCTIONS, LONGEST_OTHER, Given
from ..views.hub import Hub
from ..views.logs import END, LINES, Logs
from ..views.overview import Sparks
from . import model_page
from .door import FIELD, Door
from .guarding import form, given, one
from .rendering import compile_all, render

ROWS = 60


class Pages:
    """Draws pages of one workspace.

    :param door: who is in, for the hidden field of forms.
    """

    def __init__(self, hub: Hub, door: Door, version: str) -> None:
        self._hub = hub
        self._door = door
        self._version = version
        self._sparks = Sparks()
        self._logs = Logs()
        self._chains = Chains()

    async def warm(self) -> None:
        """Draw the first page for nobody, so that the first person does not wait for templates to be compiled."""
        with suppress(WatchkeeperError):  # whoever asks for it is told why
            await in_thread(self._warmed)

    def _warmed(self) -> None:
        compile_all()
        self._overview(self._hub.desk)

    async def overview(self, request: Request) -> Response:
        """Draw the first page."""
        return await self._page(request, "overview.html", "overview", self._overview)

    def _overview(self, desk: Desk) -> Mapping[str, Any]:
        return {"page": overview.gather(desk, self._hub.looks, self._sparks)}

    async def runs(self, request: Request) -> Response:
        """Draw a page of all runs, newest first."""
        before, model = _number(request, "before"), request.query_params.get("model", "")

        def gathered(desk: Desk) -> Mapping[str, Any]:
            found = desk.ledger.runs(model=model or None, newest=ROWS, before=before)
            rows = [self._row(desk, one) for one in reversed(found)]
            older = found[0].first_seq if len(found) == ROWS else None
            return {"rows": rows, "older": older, "before": before, "model": model}

        return await self._page(request, "runs.html", "runs", gathered)

    def _row(self, desk: Desk, run: Any) -> overview.Row:  # noqa: ANN401
        return overview.ended_row(desk, run) if run.ended else overview.active_row(desk, run, {}, self._sparks)

    async def models(self, request: Request) -> Response:
        """Draw a page of the models."""
        begin = _number(request, "from") or 0

        def gathered(desk: Desk) -> Mapping[str, Any]:
            names = sorted(desk.ledger.models())
            rows = [overview.model_row(desk, one) for one in names[begin : begin + ROWS]]
            return {"rows": rows, "left": max(0, len(names) - begin - ROWS), "next": begin + ROWS}

        return await self._page(request, "models.html", "models", gathered)

    async def run(self, request: Request) -> Response:
        """Draw the page of a run, its log open at the line that was asked for or at its end."""
        name, line = request.path_params["run"], _number(request, "line") or END

        def gathered(desk: Desk) -> Mapping[str, Any]:
            page = run_page.gather(desk, name, self._hub.looks)
            return {"page": page, "window": self._logs.window(desk, page.run, line, page.findings, LINES)}

        return await self._page(request, "run.html", "runs", gathered)

    async def log(self, request: Request) -> Response:
        """Return lines of a log from one on, as they stand on the page."""
        name, first = request.path_params["run"], _number(request, "from") or 1
        count = _number(request, "count") or LINES

        def gathered(desk: Desk) -> Mapping[str, Any]:
            run = find_run(desk, name)
            found = desk.ledger.findings(run=run.id)
            return {"window": self._logs.onwards(desk, run, first, found, count)}

        return await self._page(request, "lines.html", "", gathered)

    async def charts(self, request: Request) -> Response:
        """Return a run's curves and usage as numbers."""
        page = await in_thread(run_page.gather, self._hub.desk, request.path_params["run"], self._hub.looks)
        told = {"curves": [numbers(one) for one in page.curves], "usage": [numbers(one) for one in page.usage]}
        return Response(json.dumps(told, allow_nan=False), media_type="application/json")

    async def chains(self, request: Request) -> Response:
        """Draw the chains that a run left, which are read when somebody asks."""
        name = request.path_params["run"]

        def gathered(desk: Desk) -> Mapping[str, Any]:
            run = find_run(desk, name)
            return {"run": run, "drawn": self._chains.of(desk, run)}

        return await self._page(request, "chains.html", "runs", gathered)

    async def report(self, request: Request) -> Response:
        """Draw the page of a report."""
        done = request.query_params.get("done") == "1"
        return await self._report(request, Given(), done=done)

    async def answer(self, request: Request) -> Response:
        """Record the answer that a form gives; what is refused is shown with the form as it was."""
        fields = await form(request)
        if not self._door.fits(request.state.session, one(fields, FIELD)):
            raise InvalidArgument(
                "That form is not one of this page.", "Load the report's page again and answer there."
            )
        held, report = given(fields), request.path_params["report"]
        try:
            await in_thread(answering.record, self._hub.desk, report, held)
        except NotFound:
            raise
        except WatchkeeperError as error:
            return await self._report(request, held, refused=str(error))
        return RedirectResponse(f"/reports/{quote(report, safe='')}?done=1", 303)

    async def _report(self, request: Request, held: Given, *, refused: str = "", done: bool = False) -> Response:
        name = request.path_params["report"]

        def gathered(desk: Desk) -> Mapping[str, Any]:
            page = report_page.gather(desk, name)
            return {
                "report": page.report,
                "document": page.document,
                "changes": page.changes,
                "course": page.course,
                "actions": ACTIONS,
                "types": list(ErrorType),
                "longest": (LONGEST_INSTRUCTIONS, LONGEST_OTHER),
                "given": held,
                "refused": refused,
                "done": done,
            }

        return await self._page(request, "report.html", "", gathered, 409 if refused else 200)

    async def model(self, request: Request) -> Response:
        """Draw the page of a model."""
        name = request.path_params["model"]
        return await self._page(request, "model.html", "models", lambda desk: {"page": model_page.gather(desk, name)})

    async def compare(self, request: Request) -> Response:
        """Draw two runs side by side."""
        names = [request.query_params.get(one, "") for one in ("a", "b")]
        if not all(names):
            raise InvalidArgument("Two runs are needed.", "Choose them on the page of their model.")

        def gathered(desk: Desk) -> Mapping[str, Any]:
            first, second = (run_page.gather(desk, one, self._hub.looks) for one in names)
            told = comparison.difference(desk, provenance.of(first.run), provenance.of(second.run))
            return {
                "one": first,
                "two": second,
                "difference": told,
                "both": charts.together(first.curves, second.curves, (first.run.id, second.run.id)),
            }

        return await self._page(request, "compare.html", "", gathered)

    async def _page(
        self,
        request: Request,
        template: str,
        here: str,
        gathered: Callable[[Desk], Mapping[str, Any]],
        status: int = 200,
    ) -> Response:
        seq = self._hub.seq  # before it is read: what comes meanwhile is told again and drawn again
        common = self.common(request, here) | {"seq": seq}

        def drawn() -> str:
            return render(template, {**common, **gathered(self._hub.desk), "now": self._hub.desk.clock()})

        return HTMLResponse(await in_thread(drawn), status)

    def common(self, request: Request, here: str = "") -> dict[str, Any]:
        """Return what every page shows."""
        root = self._hub.desk.workspace.root
        return {
            "seq": self._hub.seq,
            "here": here,
            "workspace": str(root),
            "workspace_name": root.name or str(root),
            "version": self._version,
            "trouble": self._hub.trouble,
            "csrf": self._door.field(request.state.session),
        }

    async def session(self, _request: Request) -> Response:
        """Say to the sign-in page's script that it is in."""
        return Response(status_code=204)


def _number(request: Request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def numbers(chart: Chart) -> dict[str, Any]:
    """Return a chart as the page's script draws it."""
    series = [{"name": name, "values": values} for name, values in chart.series]
    marks = [dataclasses.asdict(one) for one in chart.marks]
    return {
        "title": chart.title,
        "x_name": chart.x_name,
        "time": chart.time,
        "x": list(chart.x),
        "series": series,
        "marks": marks,
    }
