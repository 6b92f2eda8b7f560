"""Are model, observations and trace what the design says of them? One check of what only asks. Pure."""

from __future__ import annotations

from ...vocabulary.runs import Phase
from ..artefacts.facts import TableFacts
from ..evidence.checks import Check
from ..evidence.evidence import Evidence
from ..evidence.suspicion import first_of
from ..networks.named_layers import named_layers
from ..results.intervals import by_formula
from ..samplers.anchored import anchored
from ..samplers.counted_otherwise import counted_otherwise
from ..samplers.groups_counted import groups_counted
from ..samplers.held_out_observed import held_out_observed
from ..samplers.left_out_of_trace import left_out_of_trace
from ..samplers.likelihood import model_otherwise
from ..samplers.observed_changed import observed_changed
from ..samplers.predictive import against_predictive
from ..samplers.residual_scale import against_scale
from ..samplers.samplings_asked import samplings_asked
from ..witness.seen import Seen


def model_said(evidence: Evidence, seen: Seen) -> Check | None:
    """Is what was sampled the model that the design names? None where nothing speaks against it."""
    if evidence.phase is Phase.QUICK:
        return None
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    every = (
        *(held_out_observed(evidence.design, seen, table) if isinstance(table, TableFacts) else ()),
        *model_otherwise(evidence.design, seen),
        *counted_otherwise(evidence.design, evidence.program, seen),
        *anchored(evidence.design, seen),
        *groups_counted(evidence.design, seen),
        *observed_changed(evidence, seen),
        *(against_predictive(evidence.design, seen, table) if isinstance(table, TableFacts) else ()),
        *(against_scale(evidence.design, seen, table) if isinstance(table, TableFacts) else ()),
        *samplings_asked(evidence, seen),
        *named_layers(evidence.design, seen),
        *left_out_of_trace(seen, evidence.trace),
        *(by_formula(evidence, table) if isinstance(table, TableFacts) else ()),
    )
    suspicion = first_of(every)
    return None if suspicion is None else suspicion.check("model", "witnessed")
