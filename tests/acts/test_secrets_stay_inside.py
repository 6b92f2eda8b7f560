"""A secret that a training prints, or that stands in arguments or the policy, leaves through no door."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.interfaces.commands.cli import main

from ..play import GOOD, Place, script

pytestmark = pytest.mark.anyio

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
HEX = "0123456789abcdef" * 2 + "01234567"
LEAKS = script(
    f"print('clone https://me:{TOKEN}@example.org/x')\n"
    f"print('WANDB_API_KEY={HEX} loss=0.12345678901234567')\n"
    "print('-----BEGIN PRIVATE' + ' KEY-----')\nprint('MIIEvQIBADANBgkqhkiG9w0BAQEFAASC')\n"
    f"raise RuntimeError('login with {TOKEN} failed')"
)
SECRETS = (TOKEN, HEX, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")


def assert_no_secret(text: str) -> None:
    assert not any(one in text for one in SECRETS), text


async def test_no_answer_resource_document_or_command_shows_a_secret_of_the_log(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.script(LEAKS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick", args=[f"--token={TOKEN}"]))["run"]
        seen = await trainer.watch(run, include_text=True)
        reported = await trainer.ask("report_error", run=run, what_happened=f"the token {TOKEN} is refused")
        entry = await trainer.ask(
            "write_diary_entry", model="1", run=run, struggle=f"It broke, key={TOKEN}", investigation=["looked"],
            fix=f"```\ntoken = '{TOKEN}'\n```", why="The registry refuses it because it is old",
        )  # fmt: skip
        verified = await trainer.ask("verify_compute", run=run)
        log = await trainer.client.read_resource(f"watchkeeper://log/{run}/end")
        refused = await trainer.refused("poll_training", run=f"1-quick-{TOKEN}")
    assert_no_secret(json.dumps([seen, reported, entry, verified]))
    assert_no_secret(refused)
    shown = str(log)
    assert_no_secret(shown)
    assert "loss=0.12345678901234567" in shown
    for path in (reported["path"], entry["path"], verified["path"]):
        assert_no_secret(place.read(path))
    main(["--workspace", str(place.root), "poll", run, "--json"])
    assert_no_secret(capsys.readouterr().out)


async def test_secrets_in_arguments_and_policy_are_masked_where_changes_are_shown(place: Place) -> None:
    place.policy(f'[environment]\nWANDB_API_KEY = "{HEX}"\n').script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained(args=[f"--api-key={HEX}"])
        place.policy(f'[environment]\nWANDB_API_KEY = "{HEX[::-1]}"\n')
        waiting = await trainer.ask(
            "start_training", model="1", phase="full", args=[f"--api-key={HEX[::-1]}", f"--hub-token={TOKEN}"]
        )
        standing = await trainer.poll("1-quick-1")
    text = json.dumps([waiting, standing]) + place.read(f".watchkeeper/reports/{waiting['report']}.md")
    assert waiting["state"] == "awaiting_approval"
    assert_no_secret(text)
    assert HEX[::-1] not in text
    assert "[secret]" in text
