"""The diary: numbered, with evidence, safe to write twice and at once, and gentle with what people wrote."""

from __future__ import annotations

import re

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.documents import diary
from watchkeeper.server.documents.error_report import fence, fenced

from ...play import FAILS, GOOD, Agent, Facts, Place, script

pytestmark = pytest.mark.anyio

ENTRY: Facts = {
    "model": "1",
    "struggle": "The centred model diverged.",
    "investigation": ["More tuning: no change. ❌", "Non-centred: no divergences. ✅"],
    "fix": "theta = mu + tau * eta",
    "why": "Few schools share little data, so tau is near zero and the geometry becomes a funnel for the sampler.",
    "next_steps": ["Say so in the paper."],
}
PATH = "output/docs/insights/dev_diary_1.md"
FAILS_AT_FIRST = "import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] != '1', 'the first attempt fails'\n" + GOOD


async def solved(place: Place, trainer: Agent, director: Agent, text: str = FAILS_AT_FIRST) -> str:
    """Let a run fail, be reported, answered and mended; return the report whose entry is owed."""
    place.script(text)
    run = await trainer.trained()
    reported = await trainer.ask("report_error", run=run, what_happened="it broke", hypothesis="a wrong shape")
    await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="mend it")
    await trainer.trained(follows=run)
    return str(reported["report"])


async def test_an_entry_has_the_form_that_others_parse(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        written = await trainer.ask("write_diary_entry", **ENTRY)
    assert (written["entry"], written["path"], written.get("existing")) == (1, PATH, None)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "WHEN", place.read(PATH))
    assert text == (
        "# Development Diary: Model 1\n\n"
        "## Dev Diary Entry #1\n\n"
        "**Date**: WHEN\n**Phase**: Phase 5B (Model Training)\n**Agent**: @model_trainer\n\n"
        "### The Struggle\n\n**What Happened**:\nThe centred model diverged.\n\n"
        "### The Investigation\n\n"
        "**Test 1**: More tuning: no change. ❌\n\n**Test 2**: Non-centred: no divergences. ✅\n\n"
        "### The Fix\n\ntheta = mu + tau * eta\n\n**Result**: no later attempt has ended well yet.\n\n"
        f"### The Why (Physical Interpretation)\n\n{ENTRY['why']}\n\n"
        "### Actionable Next Steps\n\n1. Say so in the paper.\n\n"
        "**Status**: OPEN, insight extracted\n"
    )


async def test_error_text_evidence_and_status_come_from_the_server_and_the_report_is_closed(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        report = await solved(place, trainer, director)
        brief = await trainer.poll()
        written = await trainer.ask("write_diary_entry", **ENTRY, report=report)
        after = await trainer.poll()
    text = place.read(PATH)
    assert brief["owed"] == ["diary entry for 1-r1 (1)"]
    assert "write_diary_entry(model='1', report='1-r1'" in brief["next"]
    assert (written["closed_report"], after["owed"]) == ("1-r1", [])
    assert "**Error Message**:\n```\nTraceback (most recent call last):" in text
    assert "AssertionError: the first attempt fails\n```" in text
    assert "**Initial Hypothesis**:\na wrong shape" in text
    assert "**Result**: 1-quick-2 completed without this failure." in text
    assert "- Run 1-quick-1: failed" in text
    assert "- Report 1-r1, director: RESTART, mend it" in text
    assert text.endswith("**Status**: ✅ RESOLVED + INSIGHT EXTRACTED\n")
    assert [one.status for one in place.reports()] == ["closed"]


async def test_the_status_is_what_the_runs_say_and_not_what_the_agent_says(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        claim = {**ENTRY, "fix": "**Status**: ✅ RESOLVED + INSIGHT EXTRACTED", "run": run}
        await trainer.ask("write_diary_entry", **claim)
    assert place.read(PATH).endswith("**Status**: OPEN, insight extracted\n")


async def test_the_same_entry_twice_is_one(place: Place) -> None:
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **ENTRY)
        before = place.read(PATH)
        again = await trainer.ask("write_diary_entry", **ENTRY)
        other = await trainer.ask("write_diary_entry", **{**ENTRY, "fix": "another fix"})
    assert (again["entry"], again["existing"], other["entry"]) == (1, True, 2)
    assert place.read(PATH).startswith(before)
    assert place.read(PATH).count("## Dev Diary Entry #") == 2


async def test_two_writers_at_once_get_two_numbers_and_both_entries_are_there(place: Place) -> None:
    numbers: list[int] = []
    async with place.trainer() as one, place.trainer() as other, anyio.create_task_group() as group:
        for place_in_row, agent in enumerate((one, other, one, other)):

            async def write(agent: Agent = agent, fix: str = f"fix {place_in_row}") -> None:
                numbers.append((await agent.ask("write_diary_entry", **{**ENTRY, "fix": fix}))["entry"])

            group.start_soon(write)
    text = place.read(PATH)
    assert sorted(numbers) == [1, 2, 3, 4]
    assert sorted(re.findall(r"^## Dev Diary Entry #(\d)$", text, re.MULTILINE)) == ["1", "2", "3", "4"]
    assert all(f"fix {number}" in text for number in range(4))
    assert text.count("# Development Diary: Model 1") == 1


async def test_what_people_wrote_by_hand_is_left_alone_and_counted(place: Place) -> None:
    by_hand = "# Development Diary: Model 1\n\n## Dev Diary Entry #7\n\nwritten by hand, no newline at the end"
    (place.root / PATH).parent.mkdir(parents=True)
    (place.root / PATH).write_text(by_hand, encoding="utf-8")
    async with place.trainer() as trainer:
        written = await trainer.ask("write_diary_entry", **ENTRY)
    assert written["entry"] == 8
    assert place.read(PATH).startswith(f"{by_hand}\n\n## Dev Diary Entry #8\n\n")


async def test_a_diary_with_a_monstrous_number_or_strange_bytes_can_still_be_written(place: Place) -> None:
    (place.root / PATH).parent.mkdir(parents=True)
    (place.root / PATH).write_bytes(b"## Dev Diary Entry #" + b"9" * 5000 + b"\n\xff\xfe\n")
    async with place.trainer() as trainer:
        assert (await trainer.ask("write_diary_entry", **ENTRY))["entry"] == 1


async def test_an_entry_that_was_recorded_but_not_written_is_made_good_by_the_same_call(place: Place) -> None:
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **ENTRY)
        before = place.read(PATH)
        (place.root / PATH).unlink()
        again = await trainer.ask("write_diary_entry", **ENTRY)
    assert (again["entry"], again["existing"]) == (1, True)
    assert place.read(PATH) == before


@pytest.mark.parametrize("section", ["struggle", "fix", "why"])
@pytest.mark.parametrize("text", ["", "  \n", "TODO", "tbd.", "**N/A**", "..."])
async def test_an_empty_section_is_refused_and_nothing_is_written(place: Place, section: str, text: str) -> None:
    async with place.trainer() as trainer:
        refusal = await trainer.refused("write_diary_entry", **{**ENTRY, section: text})
    assert f"nothing under {section}" in refusal
    assert not (place.root / PATH).exists()
    assert place.entries() == []


async def test_an_investigation_without_a_test_is_refused(place: Place) -> None:
    async with place.trainer() as trainer:
        assert "nothing under investigation" in await trainer.refused(
            "write_diary_entry", **{**ENTRY, "investigation": ["", " "]}
        )
        one_text = await trainer.ask("write_diary_entry", **{**ENTRY, "investigation": "one test: it failed"})
    assert one_text["entry"] == 1


async def test_a_section_of_punctuation_is_taken(place: Place) -> None:
    async with place.trainer() as trainer:
        written = await trainer.ask("write_diary_entry", **{**ENTRY, "struggle": "!" * 19_000 + "a"})
    assert written["entry"] == 1


async def test_backticks_in_the_error_do_not_end_its_fence(place: Place) -> None:
    place.script(script("raise ValueError('bad ```python ```` block')"))
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **ENTRY, run=await trainer.trained())
    text = place.read(PATH)
    opening = re.search(r"\*\*Error Message\*\*:\n(`+)\n", text)
    assert opening
    inside = text[opening.end() : text.index(f"\n{opening[1]}\n", opening.end())]
    assert "ValueError: bad ```python ```` block" in inside
    assert opening[1] == "`" * 5


async def test_a_short_why_is_written_with_advice(place: Place) -> None:
    async with place.trainer() as trainer:
        written = await trainer.ask("write_diary_entry", **{**ENTRY, "fix": "lr 0.1 -> 0.01", "why": "it was high"})
    assert written["entry"] == 1
    assert [advice.split(":")[0] for advice in written["advice"]] == [
        "The Why says little beyond the error and the fix",
        "The Why names no cause",
        "0.1, 0.01 in The Fix stands neither in The Why nor in The Investigation",
    ]
    assert place.read(PATH).endswith("**Status**: OPEN, insight missing\n")


async def test_an_entry_tells_of_its_own_model_only(place: Place) -> None:
    async with place.trainer() as trainer, place.director() as director:
        report = await solved(place, trainer, director)
        about_other = {**ENTRY, "model": "2"}
        assert "belongs to model 1" in await trainer.refused("write_diary_entry", **about_other, report=report)
        assert "belongs to model 1" in await trainer.refused("write_diary_entry", **about_other, run="1-quick-1")
        assert "Open reports: 1-r1." in await trainer.refused("write_diary_entry", **ENTRY, report="1-r9")
    assert [one.status for one in place.reports()] == ["applied"]
    assert place.entries() == []


async def test_a_diary_that_is_a_link_out_of_the_workspace_is_refused(place: Place) -> None:
    outside = place.root.parent / f"{place.root.name}-outside.md"
    outside.write_text("not ours")
    (place.root / PATH).parent.mkdir(parents=True)
    (place.root / PATH).symlink_to(outside)
    async with place.trainer() as trainer:
        assert "leads out of the workspace" in await trainer.refused("write_diary_entry", **ENTRY)
    assert outside.read_text() == "not ours"


@given(st.text(st.sampled_from("`~ab\n"), max_size=60))
def test_no_text_can_end_its_own_fence(text: str) -> None:
    lines = fenced(text).split("\n")
    assert lines[0] == lines[-1] == fence(text)
    assert not any(line.startswith(lines[0]) for line in lines[1:-1])


@given(st.lists(st.integers(0, 10**6), max_size=5), st.text(max_size=40))
def test_the_next_number_is_above_every_heading(numbers: list[int], between: str) -> None:
    text = "".join(f"\n## Dev Diary Entry #{number}\n{between}\n" for number in numbers)
    assert diary.last_number(text) >= max(numbers, default=0)


async def test_validation_and_narrative_value_have_their_sections(place: Place) -> None:
    place.script(GOOD)
    said = {"validation": "Cross-validation: 4.2 vs. 5.8.", "narrative_value": "Section 3.2: identifiability."}
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **ENTRY, **said)
    text = place.read(PATH)
    assert f"### Validation\n\n{said['validation']}\n\n### Narrative Value\n\n{said['narrative_value']}\n" in text
    assert text.index("### The Why") < text.index("### Validation") < text.index("### Actionable Next Steps")


async def test_a_fence_at_the_start_of_a_test_swallows_nothing(place: Place) -> None:
    place.script(GOOD)
    steps = ["```python\nlr = 0.1\n```\nstill diverged", "- ```\n  lr = 0.01\n  ```"]
    async with place.trainer() as trainer:
        await trainer.ask("write_diary_entry", **{**ENTRY, "investigation": steps, "next_steps": steps})
    lines = place.read(PATH).split("\n")
    fences = [number for number, line in enumerate(lines) if re.match(r"\s*(\d\. )?```", line)]
    inside = [range(*pair) for pair in zip(fences[::2], fences[1::2], strict=True)]
    headings = [number for number, line in enumerate(lines) if line.startswith("### ")]
    assert not any(heading in block for heading in headings for block in inside)


async def test_an_entry_for_a_model_that_does_not_exist_is_refused_with_the_models_there_are(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained()
        text = await trainer.refused("write_diary_entry", **{**ENTRY, "model": "11"})
    assert "There is no model 11" in text
    assert "Models: 1." in text
    assert not (place.root / "output/docs/insights/dev_diary_11.md").exists()


@pytest.mark.parametrize(
    "words", ["1-quick-1", "quick-1 broke", "the first one, attempt 1, broke", "Input X contains NaN"]
)
async def test_a_failed_attempt_that_an_entry_speaks_of_is_not_asked_for(place: Place, words: str) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        await trainer.trained()
        silent = await trainer.ask("write_diary_entry", **ENTRY)
        told = await trainer.ask("write_diary_entry", **{**ENTRY, "struggle": f"It broke: {words}"})
    assert any("no entry mentions it" in one for one in silent["advice"])
    assert not any("no entry mentions it" in one for one in told.get("advice", []))


async def test_what_people_wrote_into_the_diary_counts_as_told(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        await trainer.trained()
        await trainer.ask("write_diary_entry", **ENTRY)
        (place.root / PATH).write_text(place.read(PATH) + "\nBy hand: 1-quick-1 had NaN in X.\n", encoding="utf-8")
        told = await trainer.ask("write_diary_entry", **{**ENTRY, "fix": "another one"})
    assert not any("no entry mentions it" in one for one in told.get("advice", []))
