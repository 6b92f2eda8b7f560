"""A finding as the record keeps it. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .runs import Finding


def finding_body(finding: Finding) -> dict[str, Any]:
    """Return a finding as the body of an event: what is empty is absent."""
    return {name: value for name, value in asdict(finding).items() if value not in (None, "", (), False)}
