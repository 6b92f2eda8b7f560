"""What is made of a call that happened matches that very call."""

from __future__ import annotations

import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from watchkeeper.server.acts.toolbox import rendered
from watchkeeper.server.interfaces.replay import expectations, names
from watchkeeper.server.interfaces.replay.abstracting import Abstraction, facts_of
from watchkeeper.server.interfaces.replay.patterns import check_pattern
from watchkeeper.server.vocabulary.sanitize import mask_secrets

texts = st.sampled_from(["1-quick-1", "1-r1", "Pb19K", "/place", "$run", "${run}", "$$", "completed"]) | st.text()
scalars = st.none() | st.booleans() | st.integers() | texts
KEYS = [
    "run",
    "report",
    "cursor",
    "id",
    "state",
    "phase",
    "path",
    "exit_code",
    "verdict",
    "pid",
    "next",
    "met",
    "status",
]
objects = st.dictionaries(st.sampled_from(KEYS), scalars, max_size=5)
answers = st.fixed_dictionaries(
    {"next": texts},
    optional={
        **dict.fromkeys(KEYS[:6], texts),
        "findings": st.lists(objects, max_size=3),
        "reports": st.lists(objects, max_size=3),
        "changes": st.lists(texts, max_size=3),
        "answer": objects,
        "metrics": st.dictionaries(texts, scalars),
    },
)
tools = st.sampled_from(["poll_training", "start_training", "report_error"])


@settings(deadline=None)
@given(tools, answers)
def test_an_answer_matches_what_is_expected_of_it(tool: str, answer: dict[str, JsonValue]) -> None:
    assume(mask_secrets(str(answer)) == str(answer))
    step = Abstraction(workspace="/place").answered("trainer", tool, {"run": "1-quick-1"}, answer)
    if step is None:
        return
    expected = step.get("until") or step.get("expect")
    expectations.check(expected)
    assert expectations.match(expected, answer, {"workspace": "/place"}).differences == []


@settings(deadline=None)
@given(texts | st.lists(st.integers(0, 99), min_size=60).map(str))
@example("\u1b6d")
def test_a_refusal_matches_its_pattern_however_long_and_strange_it_is(text: str) -> None:
    assume(mask_secrets(text) == text)
    abstraction = Abstraction(workspace="/place")
    abstraction.answered("trainer", "report_error", {}, {"run": "1-quick-1", "report": "1-r1"})
    pattern = str(abstraction.refused("trainer", "stop_training", {}, text)["refused"])
    check_pattern(pattern)
    known: dict[str, JsonValue] = {"workspace": "/place", "run_1_quick_1": "1-quick-1", "report_1_r1": "1-r1"}
    assert re.search(names.filled_pattern(pattern, known), text)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), texts | st.booleans(), max_size=5), texts)
def test_the_text_of_an_argument_comes_back_as_it_was(arguments: dict[str, JsonValue], words: str) -> None:
    given_arguments: dict[str, JsonValue] = {**arguments, "what_happened": words, "validation": {words: [words, 1]}}
    assume(mask_secrets(str(given_arguments)) == str(given_arguments))
    step = Abstraction(workspace="/place").refused("trainer", "report_error", given_arguments, "no")
    made = step["arguments"]
    assert names.filled(made, {"workspace": "/place"}) == given_arguments


def test_a_secret_inside_of_an_argument_or_an_id_is_masked() -> None:
    secret = "sk-ant-api03-" + "aB3dE5fG7hJ9" * 4
    asked: dict[str, JsonValue] = {"validation": {"notes": [f"key {secret}"], secret: 1}, "run": secret}
    answer: dict[str, JsonValue] = {"run": secret, "findings": [[secret]], "next": secret}
    step = Abstraction().answered("trainer", "write_diary_entry", asked, answer)
    assert secret not in str(step)
    assert secret.replace("-", "_") not in str(step)


def test_a_cursor_of_an_earlier_session_and_a_new_one_have_different_names() -> None:
    abstraction = Abstraction()
    abstraction.answered("trainer", "poll_training", {"cursor": "old"}, {"cursor": "new", "reports": [{}], "next": "x"})
    step = abstraction.answered("trainer", "poll_training", {"cursor": "old"}, {"reports": [{}], "next": "x"})
    assert step is not None
    assert step["arguments"] == {"cursor": "old"}, "asked as it was, not from the place of the answer to it"


def test_the_facts_at_the_top_of_a_text_are_read_and_an_error_has_none() -> None:
    answer = {"run": "1-quick-1", "exit_code": 1, "met": True, "findings": [{"id": "x"}], "next": "poll_training()"}
    assert facts_of(rendered(answer)) == {name: answer[name] for name in ("run", "exit_code", "met", "next")}
    assert facts_of("There is no run '9'. Known runs: 1-quick-1.") is None
