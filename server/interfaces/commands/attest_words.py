"""The words of `watchkeeper attest`: its help, and what it prints. Text only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

RUN = "sign a statement on this run"
KEY = "the private key that signs, outside of every workspace; with --verify the public key that is trusted"
OUT = "where the signed statement goes (default RUN.intoto.json in the current folder)"
CRATE = "write a Process Run Crate with the statement, the outputs and the sources in it"
MAKE_KEY = "make an Ed25519 key, and FILE.pub for whoever checks"
PASSPHRASE_FD = "read the key's passphrase from this file descriptor (default: ask on the terminal)"  # noqa: S105 (a help text)
VERIFY = "check a statement, or the unpacked folder of a crate; needs no workspace"
TRUST = "trust the keys in this file, of the form of OpenSSH's allowed_signers"
FILES = "where the outputs lie (default: beside the statement)"
REQUIRE = "what the verdict has to be: met by a full run (default), met by any, or anything"
STATEMENT_ONLY = "do not ask for the outputs"
FIRST_KEY = "Make one: watchkeeper attest --make-key ~/.config/watchkeeper/attest-key"

SHORT = "hand on a signed proof of a run, or check one"
ABOUT = """\
Sign a statement of what a run was made from, what was witnessed, what it left and what its verdict says, for
somebody who has neither the workspace nor a reason to believe it. The verdict is computed once more before.

The statement is an in-toto Statement in a DSSE envelope; docs/proof.md says what it proves and what not."""
EXAMPLES = """\
  watchkeeper attest --make-key ~/.config/watchkeeper/attest-key      once; hand attest-key.pub to whoever checks
  watchkeeper attest 1-full-1 --key ~/.config/watchkeeper/attest-key  write 1-full-1.intoto.json
  watchkeeper attest 1-full-1 --key ~/.ssh/id_ed25519 --crate 1-full-1.zip
  watchkeeper attest --verify 1-full-1.intoto.json --key attest-key.pub --files results/
  watchkeeper attest --verify unpacked-crate/ --trust allowed_signers

exit status: 0 signed, made, or everything that was asked is proved; 1 refused or not proved; 2 called wrongly."""

_NOT_PROVED = """\
A signature says who vouches, not that they are right: whoever holds the key and the account could have made the record
up before signing it. docs/proof.md, "A proof to hand on", goes through it."""


def signed(told: Mapping[str, Any]) -> str:
    """Return what is said of a statement that was signed."""
    lines = [
        f"signed {told['attestation']}: {told['verdict']} ({told['verdict_id']}), by {told['key']}",
        *(f"  output {one}" for one in told["outputs"]),
        *(f"wrote {one}" for one in told["wrote"]),
    ]
    if not told["met"]:
        lines.append("The verdict is not met, and the statement says so: a check refuses it unless --require any.")
    if told["recorded_here"] is False:
        lines.append("The run was started in another folder, of which this is a copy; the statement says so.")
    return "\n".join([*lines, "Hand it on with outputs and public key: watchkeeper attest --verify FILE --key PUB"])


def made(told: Mapping[str, str]) -> str:
    """Return what is said of a new key."""
    return (
        f"made {told['key']} and {told['public']}, {told['fingerprint']}\n"
        f"Whoever checks needs {told['public']}; tell them the fingerprint by another way.\n"
        f"next: watchkeeper attest RUN --key {told['key']}"
    )


def checked(rows: Sequence[tuple[str, str, str, bool]], *, proved: bool) -> str:
    """Return a check's answers (what, state, detail, whether it was asked) as a table, and what follows."""
    width = max(len(what) for what, *_ in rows)
    lines = [f"{what:<{width}}  {state:<11}  {detail}" for what, state, detail, _ in rows]
    open_ones = [what for what, state, _, asked in rows if asked and state != "proved"]
    end = "Everything that was asked is proved." if proved else f"NOT PROVED: {', '.join(open_ones)}."
    return "\n".join([*lines, "", end, _NOT_PROVED])
