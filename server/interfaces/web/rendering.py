"""HTML from templates: every value escaped, texts of others cleaned and masked, times that a page lets run on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from ...acts.plot.charts import LEVELS
from ...vocabulary.sanitize import outgoing
from ..views.words import LONGEST_TEXT, amount, block, clock, iso, said, share, took, when
from . import svg

HERE = Path(__file__).parent
STATIC = HERE / "static"


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


@cache
def _markdown() -> MarkdownIt:
    # Without HTML of the text's own, links or images: nothing that it says leads a reader or a browser anywhere.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "reference"])


def markdown(text: str) -> Markup:
    """Return a document as HTML; what it quotes stays text."""
    return Markup(_markdown().render(outgoing(text, LONGEST_TEXT)))  # noqa: S704 (made by a renderer that escapes)
