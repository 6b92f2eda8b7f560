"""One more quick run under another policy approves nothing: before the first full run it is compared with the first."""

from __future__ import annotations

import pytest

from ...play import GOOD, Facts, Place, script

pytestmark = pytest.mark.anyio

DRAWS = """
DRAWS = {draws}
values = [one / DRAWS for one in range(DRAWS)]
print("mean", sum(values) / DRAWS)
leave_what_the_phase_asks_for()
"""


NAMES = '[names]\nscript = "output/implementation/code/model_{i}.py"\n'


async def full_after_two_quick(place: Place, policy: str, second: str = GOOD) -> Facts:
    """Run the quick phase, once more under another policy, and ask for the full one."""
    async with place.trainer() as trainer:
        await trainer.trained()
    (place.root / "watchkeeper.toml").write_text(policy + place.read("watchkeeper.toml"), encoding="utf-8")
    place.script(second)
    async with place.trainer() as trainer:
        await trainer.trained(follows="1-quick-1")
        answer = await trainer.ask("start_training", model="1", phase="full")
        if "run" in answer:
            await trainer.watch(answer["run"])
    return answer


RULES = {
    'judge.told_only = ["method"]': "policy judge.told_only",
    'judge.results = "written"': "policy judge.results",
    "judge.approve_changes = false": "policy judge.approve_changes",
    "budget.attempts = 100": "policy budget.attempts",
    "method.forbidden = []": "policy method.forbidden",
    'environment.DRAWS = "10"': "policy environment.DRAWS",
}


async def test_rules_that_were_changed_between_two_quick_runs_wait_for_the_director(place: Place) -> None:
    answer = await full_after_two_quick(place.script(GOOD), "\n".join(RULES) + "\n")
    assert answer["state"] == "awaiting_approval"
    told = [one for one in answer["changes"] if one.endswith("(since 1-quick-1)")]
    assert [entry for entry in RULES.values() if not any(one.startswith(f"{entry} ") for one in told)] == []


async def test_another_profile_and_cut_draws_between_two_quick_runs_wait_for_the_director(place: Place) -> None:
    place.script(script(DRAWS.format(draws=20000)))
    place.policy(NAMES)
    answer = await full_after_two_quick(place, 'profile = "research"\n', script(DRAWS.format(draws=100)))
    assert answer["state"] == "awaiting_approval"
    assert "policy profile contest -> research (since 1-quick-1)" in answer["changes"]
    assert "DRAWS 20000 -> 100 (since 1-quick-1)" in answer["changes"]


async def test_a_rule_that_was_made_stricter_and_then_dropped_is_compared_with_the_strict_one(place: Place) -> None:
    loose = 'profile = "research"\n' + place.policy(NAMES).read("watchkeeper.toml")
    strict = place.read("watchkeeper.toml")
    place.script(GOOD)
    for number, policy in enumerate((loose, strict, loose)):
        (place.root / "watchkeeper.toml").write_text(policy, encoding="utf-8")
        async with place.trainer() as trainer:
            await trainer.trained(**({"follows": f"1-quick-{number}"} if number else {}))
    async with place.trainer() as trainer:
        answer = await trainer.ask("start_training", model="1", phase="full")
    assert "policy profile contest -> research (since 1-quick-2)" in answer.get("changes", ())
