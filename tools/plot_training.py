"""plot_training: the shape of a run's curves, as text and as a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from ..server.acts.desk import Desk, in_thread
from ..server.acts.plot import plot
from ..server.acts.toolbox import Tool
from ..server.vocabulary.runs import Role


class Plotted(BaseModel):
    """A plot; its picture goes beside the text, where there is one, and is drawn for who is shown it."""

    run: str
    state: str
    plot: str
    next: str
    picture: SkipJsonSchema[Callable[[], bytes] | None] = Field(default=None, exclude=True)


async def plot_training(
    desk: Desk, run: str, what: Annotated[str | None, "loss, chains or usage; an overview of all if left out"] = None
) -> Plotted:
    """See a run's curves: a sparkline with first, last and extreme values of each, and one small image.

    For a look at the shape; poll_training() tells what is new and judges.
    """
    found = await in_thread(plot.plot, desk, run, what)
    following = f"poll_training(run={found.run.id!r})"
    picture = found.picture if found.charts else None
    return Plotted(run=found.run.id, state=found.state, plot=found.text, next=following, picture=picture)


TOOL = Tool(
    plot_training,
    "plot",
    Plotted,
    frozenset(role for role in Role if role.agent),
    read_only=True,
    idempotent=True,
    picture="picture",
)
