"""Keys: a user's Ed25519 key that signs, made or opened outside of the workspace; public keys that a check trusts.

Named by a person on the command line and opened by name, outside of the workspace: an agent has no tool for it.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ...storage.files.workspace import STATE_DIR
from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.sanitize import one_line

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LARGEST_BYTES = 64 << 10
_KIND = "ssh-ed25519"
_OTHERS_MAY_READ = 0o077
_WITHOUT_WAITING = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key. `raw` is its 32 bytes."""

    raw: bytes

    @property
    def keyid(self) -> str:
        """Its fingerprint, as `ssh-keygen -l` shows it."""
        blob = b"".join(len(part).to_bytes(4, "big") + part for part in (_KIND.encode(), self.raw))
        return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether a signature is this key's, over exactly this message."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (of an extra)

        try:
            _ed25519().Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that was opened; it is never shown."""

    private: Ed25519PrivateKey
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message."""
        return self.private.sign(message)


def require_library() -> None:
    """Refuse, with what to install, where the extra is missing.

    :raises Refused: if it is.
    """
    try:
        _ed25519()
    except ImportError:
        raise Refused(
            "Signing and checking need the library `cryptography`, which is not installed.",
            "Install the extra: pip install 'watchkeeper[attest]'.",
        ) from None


def _ed25519():  # noqa: ANN202 (a module)
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 (of an extra)

    return ed25519


def outside(path: Path, root: Path | None) -> Path:
    """Return the real path of a key.

    :param root: the workspace; a key may lie in no other either, which its state folder shows.
    :raises Refused: if it lies in one, where trainings and agents may read it.
    """
    real = Path(os.path.realpath(path))
    within = (root is not None and real.is_relative_to(root)) or any(
        os.path.lexists(folder / STATE_DIR) for folder in real.parents
    )
    if within:
        raise Refused(
            f"The key {one_line(str(path), 300)} lies in a workspace, where every training and agent may read it.",
            "Keep it elsewhere, for example: watchkeeper attest --make-key ~/.config/watchkeeper/attest-key",
        )
    return real


def signing_key(path: Path, root: Path, passphrase: Callable[[], bytes]) -> SigningKey:
    """Open a private Ed25519 key, of OpenSSH's form or PKCS #8.

    :param root: the workspace, in which it may not lie.
    :param passphrase: asked for only where the key is encrypted.
    :raises Refused: it lies in the workspace, others may read it, it is of another kind, the passphrase is wrong.
    :raises InvalidArgument: there is no such file, or it holds no private key.
    """
    require_library()
    data = _private(outside(path, root), path)
    try:
        return _unlocked(data, None)
    except _Locked:
        pass
    try:
        return _unlocked(data, passphrase())
    except _Locked:
        raise Refused(f"That passphrase does not open {one_line(str(path), 300)}.", "Try again.") from None


class _Locked(Exception):
    """A key asks for a passphrase, or for another one."""


def _unlocked(data: bytes, passphrase: bytes | None) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (of an extra)
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 (of an extra)

    ssh = b"OPENSSH PRIVATE KEY" in data
    load = serialization.load_ssh_private_key if ssh else serialization.load_pem_private_key
    try:
        private = load(data, passphrase)
    except TypeError:  # encrypted, and no passphrase was given
        raise _Locked from None
    except UnsupportedAlgorithm as error:
        what = f"The key is of a form that `cryptography` cannot open here: {one_line(str(error), 200)}."
        raise Refused(what, "Install the extra: pip install 'watchkeeper[attest]'.") from None
    except ValueError as error:
        if passphrase is not None:
            raise _Locked from None
        if "encrypted" in str(error):
            raise _Locked from None
        raise InvalidArgument(
            "The file holds no private key.", "Name an Ed25519 key, of OpenSSH's form or PEM."
        ) from None
    if not isinstance(private, _ed25519().Ed25519PrivateKey):
        what = "The key is no Ed25519 key, and only those sign here."
        raise Refused(what, "Make one: watchkeeper attest --make-key FILE, or ssh-keygen -t ed25519.")
    return SigningKey(private, PublicKey(_raw(private.public_key())))


def _private(real: Path, named: Path) -> bytes:
    with _opened(real, named) as file:
        about = os.fstat(file.fileno())
        shown = one_line(str(named), 300)
        if about.st_mode & _OTHERS_MAY_READ:
            raise Refused(f"The key {shown} can be read by others than its owner.", f"chmod 600 {shown}")
        if about.st_uid not in (os.getuid(), 0):
            raise Refused(f"The key {shown} belongs to another account.", "Use a key of your own.")
        return file.read(LARGEST_BYTES)


def small_file(path: Path, most_bytes: int = LARGEST_BYTES) -> bytes:
    """Return what a plain file holds, at most so much of it.

    :raises InvalidArgument: there is no such file.
    """
    with _opened(path, path) as file:
        return file.read(most_bytes)


def _opened(real: Path, named: Path) -> BinaryIO:
    shown = one_line(str(named), 300)
    try:
        file = os.fdopen(os.open(real, _WITHOUT_WAITING), "rb")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no path"
        raise InvalidArgument(f"{shown} cannot be opened: {why}.", "Name a file that is there.") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InvalidArgument(f"{shown} is no plain file.", "Name a plain file.")
    return file


def make(path: Path, root: Path | None, passphrase: bytes) -> PublicKey:
    """Make a key of OpenSSH's form, readable by its owner only, and `PATH.pub` beside it.

    :param root: the workspace, in which it may not lie; None where there is none.
    :param passphrase: that encrypts it; empty for none.
    :raises Refused: it would lie in the workspace, or one of the files is there.
    """
    require_library()
    from cryptography.hazmat.primitives import serialization as forms  # noqa: PLC0415 (of an extra)

    real = outside(path, root)
    private = _ed25519().Ed25519PrivateKey.generate()
    locked = forms.BestAvailableEncryption(passphrase) if passphrase else forms.NoEncryption()
    data = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.OpenSSH, locked)
    public = PublicKey(_raw(private.public_key()))
    real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = real.with_name(real.name + ".pub")
    if os.path.lexists(beside):
        raise _taken(beside)
    _create(real, data, 0o600)
    _create(beside, public_line(public).encode(), 0o644)
    return public


def public_line(public: PublicKey) -> str:
    """Return a public key as OpenSSH writes it."""
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (_KIND.encode(), public.raw))
    return f"{_KIND} {base64.b64encode(blob).decode()} watchkeeper-attest\n"


def _create(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        what = f"{one_line(str(path), 300)} cannot be made: {error.strerror}."
        raise Refused(what, "Name a file in a folder that you may write to.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _taken(path: Path) -> Refused:
    return Refused(
        f"{one_line(str(path), 300)} exists; no key is ever overwritten.", "Name another file, or use that key."
    )


def public_key(path: Path) -> PublicKey:
    """Return the public key in a file: a line of OpenSSH's form, or PEM.

    :raises InvalidArgument: there is none, or it is a private key, which nobody needs for a check.
    """
    require_library()
    data = small_file(path)
    shown = one_line(str(path), 300)
    if b"PRIVATE KEY" in data:
        raise InvalidArgument(f"{shown} is a private key.", f"A check needs the public one, such as {shown}.pub.")
    found = _pem(data) if b"BEGIN PUBLIC KEY" in data else ssh_key(data.decode("utf-8", "replace").split())
    if found is None:
        raise InvalidArgument(f"{shown} holds no Ed25519 public key.", "Name the .pub file of the key that signed.")
    return found


def ssh_key(words: list[str]) -> PublicKey | None:
    """Return the key that stands in words of OpenSSH's form, `ssh-ed25519 AAAA…`; None where none does."""
    for kind, blob in itertools.pairwise(words):
        if kind == _KIND:
            return _of_blob(blob)
    return None


def _of_blob(text: str) -> PublicKey | None:
    head = len(_KIND).to_bytes(4, "big") + _KIND.encode() + (32).to_bytes(4, "big")
    try:
        blob = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return PublicKey(blob[len(head) :]) if blob.startswith(head) and len(blob) == len(head) + 32 else None


def _pem(data: bytes) -> PublicKey | None:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 (of an extra)

    try:
        found = load_pem_public_key(data)
    except ValueError:
        return None
    return PublicKey(_raw(found)) if isinstance(found, _ed25519().Ed25519PublicKey) else None


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes_raw()
