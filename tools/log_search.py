"""log_search: write down what was searched, what came out, what was chosen and why."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from ..server.acts.desk import Desk, in_thread
from ..server.acts.poll import next_step
from ..server.acts.toolbox import Tool
from ..server.acts.watch import look
from ..server.acts.write import search as searching
from ..server.documents import search_log
from ..server.vocabulary.errors import InvalidArgument
from ..server.vocabulary.json_values import JsonObject
from ..server.vocabulary.runs import Role


class Logged(BaseModel):
    """A search that is in the log."""

    search: int
    path: str
    best: str | None = None
    existing: bool | None = None
    advice: list[str] | None = None
    next: str


async def log_search(
    desk: Desk,
    model: str,
    space: Annotated[JsonObject, "name: values tried"],
    selected: Annotated[JsonObject, "name: value"],
    reasons: Annotated[JsonObject, "name: why that value"],
    insight: Annotated[str, "for the paper"],
    trials: Annotated[list[JsonObject] | None, "parameters, score (null if diverged), note?, run?, diary?"] = None,
    trials_from: Annotated[str | None, "or a file: sklearn cv_results_ as CSV, Optuna's SQLite"] = None,
    metric: Annotated[str | None, "what score is, e.g. 'Val RMSE'"] = None,
    run: str | None = None,
) -> Logged:
    """Log a hyper-parameter search: space, results with the best in bold, each choice with its reason.

    Every selected value needs a reason. Trials without a score link to the diary.
    """
    search = search_log.Search(
        space=space,
        trials=tuple(search_log.trial_of(one, place) for place, one in enumerate(trials or [], start=1)),
        selected=selected,
        reasons=_texts(reasons),
        insight=insight,
        metric=(metric or "").strip(),
    )
    return await in_thread(_log, desk, model, search, run, trials_from or "")


def _texts(reasons: JsonObject) -> dict[str, str]:
    for name, reason in reasons.items():
        if not isinstance(reason, str):
            raise InvalidArgument(f"The reason for {name[:60]} is no text.", f"For example {search_log.EXAMPLE}.")
    return {name: str(reason) for name, reason in reasons.items()}


def _log(desk: Desk, model: str, search: search_log.Search, run_id: str | None, trials_from: str) -> Logged:
    desk.workspace.check_model_id(model)
    run = look.find_run(desk, run_id) if run_id else None
    logged = searching.log_search(desk, model, search, run, trials_from)
    owing = next_step.owed_call(desk, model)
    return Logged(
        search=logged.number,
        path=logged.path,
        best=logged.best or None,
        existing=logged.existing or None,
        advice=list(logged.advice) or None,
        next=owing or "poll_training() shows where everything stands",
    )


TOOL = Tool(log_search, "search", Logged, frozenset({Role.TRAINER}), idempotent=True)
