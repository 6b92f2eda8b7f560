"""A run or a model as one file to send to somebody: nothing in it asks for anything, no script, curves as SVG."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from markupsafe import Markup

from ...acts.desk import Desk
from ...acts.plot.chains import Chains
from ...storage.record import Run
from ...vocabulary.errors import NotFound
from ...vocabulary.runs import Level
from ..views import run_page
from ..views.logs import END, Logs, Window
from ..views.run_page import RunPage
from . import model_page
from .model_page import ModelPage
from .rendering import STATIC, render

LINES = 120
"""Lines of a log that go with the story: around the first failure, else the last ones."""
MOST_RUNS = 30


def of(desk: Desk, name: str, version: str) -> str:
    """Return the story of a run or a model as HTML.

    :raises NotFound: there is neither of that name.
    """
    run = desk.ledger.run(name)
    if run is None and name not in desk.ledger.models():
        newest = ", ".join(one.id for one in desk.ledger.runs(newest=5))
        raise NotFound(f"There is no run and no model {name[:60]!r}.", f"Newest runs: {newest or 'none yet'}.")
    model = None if run is not None else model_page.gather(desk, name)
    runs = [run] if run is not None else desk.ledger.runs(model=name, newest=MOST_RUNS)
    return render("story.html", _values(desk, name, version, model, runs))


def _values(desk: Desk, name: str, version: str, model: ModelPage | None, runs: list[Run]) -> dict[str, Any]:
    style = (STATIC / "page.css").read_text("utf-8")
    logs, chains = Logs(), Chains()
    pages = [run_page.gather(desk, one.id, {}) for one in runs]
    root = desk.workspace.root
    return {
        "title": f"Model {name}" if model else name,
        "model": model,
        "runs": [(page, _window(desk, logs, page)) for page in pages],
        "drawn": {page.run.id: chains.of(desk, page.run) for page in pages if page.trace},
        "style": Markup(style),  # noqa: S704 (a file of ours)
        "style_sha256": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "workspace_name": root.name or str(root),
        "version": version,
        "now": desk.clock(),
    }


def _window(desk: Desk, logs: Logs, page: RunPage) -> Window:
    broken = [one.line for one in page.findings if one.level is Level.FAILURE and one.line is not None]
    return logs.window(desk, page.run, broken[0] if broken else END, page.findings, LINES)
