"""The rules of a diary entry by name; what they ask for stands in `documents/diary_rules.py`."""

from __future__ import annotations

from enum import StrEnum


class DiaryRule(StrEnum):
    """The rules by name, as the policy calls them."""

    EMPTY_SECTIONS = "empty_sections"
    WHY_ABOUT_DOMAIN = "why_about_domain"
    CAUSE_NAMED = "cause_named"
    NUMBERS_EXPLAINED = "numbers_explained"
    FAILURES_TOLD = "failures_told"
