"""`watchkeeper policy`: every rule in force with its value, what it means, and why it is not the document's."""

from __future__ import annotations

from ...storage.files.workspace import Workspace
from ...storage.policy import profiles
from ...storage.policy import toml_text as texts
from ...storage.policy.policy import POLICY_FILE, POLICY_LIMIT_BYTES, Policy, of_profile, read_policy
from ...storage.policy.toml_text import Key

_OPENING = """\
# The rules in force{where}: profile {profile}, {about}.
# A line with -> says why a value is not the requirement document's. What you want otherwise goes into {file}."""


def whole(workspace: Workspace, profile: str | None = None) -> str:
    """Return the policy in force, or that of a profile, as TOML with its reasons; loading it gives the same policy.

    :raises PolicyInvalid: as `read_policy`.
    """
    if profile in profiles.SETTINGS:
        return explained(of_profile(profile), {}, "")  # pyright: ignore[reportArgumentType] (one of its names)
    there = workspace.exists(POLICY_FILE)
    text = workspace.read_bytes(POLICY_FILE, POLICY_LIMIT_BYTES).decode("utf-8-sig", "replace") if there else ""
    policy = read_policy(workspace)
    where = "" if there else f" (there is no {POLICY_FILE})"
    return explained(policy, texts.key_lines(text) if there else {}, where)


def explained(policy: Policy, lines: dict[Key, int], where: str) -> str:
    """Return a policy with its reasons.

    :param lines: where the file names a key.
    """

    def why(key: Key) -> str:
        if key in lines:
            return f"{POLICY_FILE}:{lines[key]}"
        setting = profiles.SETTINGS[policy.profile].get((key[0], key[-1])) if len(key) > 1 else None
        return f"{policy.profile}: {setting.why}" if setting else ""

    about = profiles.ABOUT[policy.profile]
    opening = _OPENING.format(where=where, profile=policy.profile, about=about, file=POLICY_FILE)
    return f"{opening}\n\n{texts.explained(policy, why)}"
