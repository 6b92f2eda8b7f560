"""`watchkeeper attest`: sign a statement on a run, make a key for that, check a statement that somebody handed on."""

from __future__ import annotations

import argparse
import getpass
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from ...acts.desk import Desk
from ...storage.files.workspace import STATE_DIR
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import mask_secrets, masked
from . import attest_words as words

COMMAND = "attest"
LONGEST_PASSPHRASE_BYTES = 4096
Opener = Callable[[argparse.Namespace, Role], AbstractContextManager[Desk]]


def add_arguments(command: argparse.ArgumentParser, desk: Opener) -> None:
    """Add the arguments of the command.

    :param desk: opens the workspace, for the one of the three acts that needs it.
    """
    command.add_argument("run", metavar="RUN", nargs="?", help=words.RUN)
    command.add_argument("--key", metavar="FILE", type=Path, help=words.KEY)
    command.add_argument("--out", metavar="FILE", type=Path, help=words.OUT)
    command.add_argument("--crate", metavar="FOLDER_OR_ZIP", type=Path, help=words.CRATE)
    command.add_argument("--force", action="store_true", help="overwrite the file that lies there")
    command.add_argument("--make-key", metavar="FILE", type=Path, help=words.MAKE_KEY)
    command.add_argument("--passphrase-fd", metavar="N", type=int, help=words.PASSPHRASE_FD)
    command.add_argument("--no-passphrase", action="store_true", help="with --make-key: do not encrypt the key")
    command.add_argument("--verify", metavar="FILE", type=Path, help=words.VERIFY)
    command.add_argument("--trust", metavar="FILE", type=Path, help=words.TRUST)
    command.add_argument("--files", metavar="DIR", type=Path, help=words.FILES)
    command.add_argument("--require", choices=["full", "met", "any"], default="full", help=words.REQUIRE)
    command.add_argument("--statement-only", action="store_true", help=words.STATEMENT_ONLY)
    command.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
    command.set_defaults(command=partial(_attest, desk))


def _attest(desk: Opener, options: argparse.Namespace) -> int:
    acts = {"run": options.run, "--make-key": options.make_key, "--verify": options.verify}
    asked = [name for name, value in acts.items() if value is not None]
    if len(asked) != 1:
        what = "attest does one of three things: sign a RUN, --make-key, --verify."
        raise InvalidArgument(what, "`watchkeeper attest --help` shows each.")
    _refuse_idle(options, asked[0])
    if asked == ["--make-key"]:
        return _make_key(options)
    return _verify(options) if asked == ["--verify"] else _sign(desk, options)


_BELONGS = {
    "run": ("key", "out", "crate", "force", "passphrase_fd"),
    "--make-key": ("passphrase_fd", "no_passphrase"),
    "--verify": ("key", "trust", "files", "statement_only"),
}


def _refuse_idle(options: argparse.Namespace, act: str) -> None:
    """Refuse an option that would do nothing: somebody would think that it did."""
    every = {name for names in _BELONGS.values() for name in names}
    idle = [one for one in sorted(every - set(_BELONGS[act])) if getattr(options, one) not in (None, False)]
    if idle:
        shown = ", ".join(f"--{one.replace('_', '-')}" for one in idle)
        what = f"{shown} has no meaning for {'signing a run' if act == 'run' else act}."
        raise InvalidArgument(what, "`watchkeeper attest --help` shows what belongs together.")


def _sign(desk: Opener, options: argparse.Namespace) -> int:
    from ...acts.attest import attest, keys  # noqa: PLC0415 (heavy: the other commands do without)

    if options.key is None:
        raise InvalidArgument("Name the key that signs: --key FILE.", words.FIRST_KEY)
    out = options.out
    if out is None and options.crate is None:
        out = Path(attest.envelope_name(options.run.replace("/", "_")))
    with desk(options, Role.OBSERVER) as opened:
        asks = partial(_passphrase, options.passphrase_fd, f"Passphrase of {options.key}: ")
        key = keys.signing_key(options.key, opened.workspace.root, asks)
        made = attest.attest(opened, options.run, key, out=out, crate_at=options.crate, force=options.force)
    told: dict[str, Any] = {
        "attestation": made.id,
        "verdict": made.word,
        "verdict_id": made.verdict,
        "met": made.met,
        "key": made.keyid,
        "outputs": list(made.outputs),
        "recorded_here": made.recorded_here,
        "wrote": list(made.paths),
    }
    _print(json.dumps(masked(told), ensure_ascii=False) if options.json else mask_secrets(words.signed(told)))
    return 0


def _make_key(options: argparse.Namespace) -> int:
    from ...acts.attest import keys  # noqa: PLC0415 (the same)

    passphrase = b"" if options.no_passphrase else _new_passphrase(options.passphrase_fd)
    public = keys.make(options.make_key, _root(options), passphrase)
    told = {"key": str(options.make_key), "public": f"{options.make_key}.pub", "fingerprint": public.keyid}
    _print(json.dumps(told, ensure_ascii=False) if options.json else words.made(told))
    return 0


def _root(options: argparse.Namespace) -> Path | None:
    """Return the workspace, if the folder is one: a key may be made where there is none."""
    folder = Path(os.path.realpath(options.workspace or os.environ.get("WATCHKEEPER_WORKSPACE") or os.curdir))
    known = any(os.path.lexists(folder / name) for name in (STATE_DIR, "watchkeeper.toml"))
    return folder if known else None


def _verify(options: argparse.Namespace) -> int:
    from ...acts.attest import check, signers  # noqa: PLC0415 (the same)

    trusted = signers.trusted(options.key, options.trust)
    answers = check.check(
        options.verify,
        trusted,
        files=options.files,
        require=check.Require(options.require),
        statement_only=options.statement_only,
    )
    proved = check.holds(answers)
    rows = [(one.what, one.state.value, one.detail, one.asked) for one in answers]
    if options.json:
        names = ("what", "state", "detail", "asked")
        told = {"proved": proved, "answers": [dict(zip(names, row, strict=True)) for row in rows]}
        _print(json.dumps(masked(told), ensure_ascii=False))
    else:
        _print(mask_secrets(words.checked(rows, proved=proved)))
    return 0 if proved else 1


def _new_passphrase(descriptor: int | None) -> bytes:
    first = _passphrase(descriptor, "Passphrase for the new key (empty for none): ")
    if descriptor is None and first != _passphrase(None, "The same again: "):
        raise InvalidArgument("The two passphrases differ.", "Nothing was made; try again.")
    return first


def _passphrase(descriptor: int | None, prompt: str) -> bytes:
    """Return a passphrase from a file descriptor up to its first line end, else from the terminal."""
    if descriptor is not None:
        return _line(descriptor)
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        do_next = "Give it with --passphrase-fd N, or make a key without one: --no-passphrase."
        raise InvalidArgument("A passphrase is needed, and there is no terminal to ask on.", do_next) from None
    return getpass.getpass(prompt).encode("utf-8", "surrogateescape")


def _line(descriptor: int) -> bytes:
    data = b""
    try:
        while b"\n" not in data and len(data) <= LONGEST_PASSPHRASE_BYTES and (block := os.read(descriptor, 4096)):
            data += block
    except OSError as error:
        what = f"No passphrase can be read from descriptor {descriptor}: {error.strerror}."
        raise InvalidArgument(what, "Open it for the command: --passphrase-fd 3 3<FILE") from None
    return data.partition(b"\n")[0]


def _print(text: str) -> None:
    print(text)  # noqa: T201 (a command prints)
