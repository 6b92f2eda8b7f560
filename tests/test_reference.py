"""docs/reference.md is what the code says today, and the pages of docs/ link to what is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])


def test_the_reference_is_what_the_code_says() -> None:
    page = runpy.run_path(str(ROOT / "benchmarks/reference.py"))["page"]()
    assert (ROOT / "docs/reference.md").read_text(encoding="utf-8") == page, "make reference"


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"(?m)^#+ +(.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda one: str(one.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    text = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), target


def test_every_page_stands_in_the_navigation_of_the_site_and_every_entry_is_a_page() -> None:
    named = re.findall(r"(?m)^ +- .*: ([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = {str(one.relative_to(ROOT)) for one in PAGES if not re.match(r"\d{4}-", one.name)}
    assert len(named) == len(set(named))
    assert set(named) == pages | {"CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
