"""The call that starts the next attempt of what was started before, as an answer names it."""

from __future__ import annotations

from collections.abc import Sequence

from ...storage.files.workspace import STATE_DIR
from ...vocabulary.runs import Phase
from ..desk import Desk


def call(
    desk: Desk,
    model: str,
    phase: Phase,
    script: str,
    *,
    args: Sequence[str] = (),
    command: Sequence[str] = (),
    follows: str = "",
) -> str:
    """Return the call that starts this script of a model once more, in this phase.

    A script that the policy does not name for the model is named, else another or none would be started; arguments
    are the reader's to fill in. What was run by a command of its own is run by the same command; so is what names no
    script of the workspace, of which the words of its command stand in the place of one.

    :param script, args, command: as the run or the start before has them.
    :param follows: the attempt that it replaces; empty for none.
    """
    if command or script.startswith(f"{STATE_DIR}/"):
        return f"watchkeeper run --phase {phase.value} --model {model} -- …, by the same command"
    named = [f"model={model!r}", f"phase={phase.value!r}"]
    named += [f"script={script!r}"] * (script != desk.workspace.script(model))
    named += ["args=[…]"] * bool(args)
    named += [f"follows={follows!r}"] * bool(follows)
    return f"start_training({', '.join(named)})"
