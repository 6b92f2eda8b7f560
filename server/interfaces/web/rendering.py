"""HTML from templates: every value escaped, texts of others cleaned and masked, times that a page lets run on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from ...acts.plot.charts import LEVELS
from ...documents.error_report import clock_time
from ...vocabulary.sanitize import one_line, outgoing
from . import svg

HERE = Path(__file__).parent
STATIC = HERE / "static"
LONGEST_TEXT = 400_000


@cache
def environment() -> Environment:
    """Return the templates' environment."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        said=said,
        block=block,
        clock=clock,
        took=took,
        when=when,
        iso=iso,
        amount=amount,
        markdown=markdown,
        share=share,
    )
    shown: dict[str, Any] = {
        "static": static,
        "spark": svg.spark,
        "svg_chart": svg.chart,
        "svg_timeline": svg.timeline,
        "svg_parallel": svg.parallel,
        "levels": LEVELS,
    }
    made.globals.update(shown)
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a page."""
    return environment().get_template(template).render(values)


def compile_all() -> None:
    """Compile every template."""
    for name in environment().list_templates():
        environment().get_template(name)


@cache
def static(name: str) -> str:
    """Return the address of a file of ours, which changes with its content so that a browser may keep it for good."""
    return f"/static/{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}/{name}"


def said(text: object, limit: int = 240) -> str:
    """Return what others wrote on one line, cleaned and masked."""
    return one_line(outgoing(str(text or ""), 4 * limit), limit)


def block(text: object, limit: int = LONGEST_TEXT) -> str:
    """Return what others wrote with its lines, cleaned and masked."""
    return outgoing(str(text or ""), limit)


def clock(seconds: float | None) -> str:
    """Return a duration."""
    return "–" if seconds is None else clock_time(max(0.0, seconds))


def took(seconds: float | None) -> str:
    """Return a duration that is over, in seconds where it was short."""
    return f"{seconds:.1f} s" if seconds is not None and 0 <= seconds < 60 else clock(seconds)


def when(at: float | None) -> str:
    """Return a time for people; the page shows the reader's own zone in its place."""
    return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(at: float | None) -> str:
    """Return a time for programs."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def amount(size_bytes: float | None) -> str:
    """Return a number of bytes for people."""
    if size_bytes is None:
        return "–"
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= least:
            return f"{size_bytes / least:.3g} {unit}"
    return f"{size_bytes:.0f} B"


def share(value: float | None) -> str:
    """Return a share as percent."""
    return "–" if value is None else f"{value:.0%}"


@cache
def _markdown() -> MarkdownIt:
    # Without HTML of the text's own, links or images: nothing that it says leads a reader or a browser anywhere.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "reference"])


def markdown(text: str) -> Markup:
    """Return a document as HTML; what it quotes stays text."""
    return Markup(_markdown().render(outgoing(text, LONGEST_TEXT)))  # noqa: S704 (made by a renderer that escapes)
