"""What a program shows its model is told from the request itself."""

from __future__ import annotations

import pytest

from .shown import PNG, form_of, picture_in
from .turns import Json


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("state: running\nnext: poll_training()", "text"),
        ('[{"type": "text", "text": "state: running\\nnext: poll_training()"}]', "text"),
        ('Output:\n{"state":"running","next":"poll_training()"}', "structured content"),
        ("{'state': 'running', 'next': 'poll_training()'}", "structured content"),
        ('next: x\n{"next": "x"}', "text and structured content"),
        ("An error occurred, try again.", "neither"),
    ],
)
def test_the_form_of_an_answer_is_known_by_its_next(answer: str, form: str) -> None:
    assert form_of(answer) == form


@pytest.mark.parametrize(
    ("body", "way"),
    [
        ({"source": {"type": "base64", "data": f"{PNG}AAA"}}, "as a picture"),
        ({"output": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]}, "as a picture"),
        ({"parts": [{"inlineData": {"data": PNG}}]}, "as a picture"),
        ({"content": f"[ImageContent(data='{PNG}AAA')]"}, "as base64 in a text"),
        ({"content": [{"type": "text", "text": PNG}]}, "as base64 in a text"),
        ({"content": "state: running"}, "not"),
    ],
)
def test_a_picture_is_one_only_where_the_form_has_a_place_for_it(body: Json, way: str) -> None:
    assert picture_in(body) == way
