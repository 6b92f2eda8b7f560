"""The workspace: the only place that knows file names, and the only door to files, which opens beneath the root (P8).

Paths are relative to the root (or absolute and lexically beneath it) and resolved by descriptor. Links may lead about
inside the workspace, never out of it.
"""

from __future__ import annotations

import difflib
import errno
import fcntl
import hashlib
import os
import posixpath
import re
import stat
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...vocabulary.errors import InvalidArgument, PathRefused, StorageFailed, WatchkeeperError
from ...vocabulary.sanitize import one_line
from ..policy.policy import Names
from . import listing, rooted
from .paths import Places, check_model_id

STATE_DIR = ".watchkeeper"
CHECKPOINTS = "checkpoints"
_STATE_FOLDERS = ("runs", "snapshots", "reports", "verdicts")
_INTERPRETERS = ("output/venv", "output/implementation/.venv", ".venv")
_RUN_ID = re.compile(r"(.+)-(?:quick|full)-[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class About:
    """What the file system says of a plain file; `modified_at` in seconds since the epoch."""

    size_bytes: int
    modified_at: float


class Workspace(Places):
    """The project directory that the agents work in.

    :param root: an existing directory; links in it are resolved once, here.
    :param names: where files lie, the `[names]` table of the policy.
    :raises PathRefused: the root is no directory that can be opened.
    """

    check_model_id = staticmethod(check_model_id)

    def __init__(self, root: Path, names: Names | None = None) -> None:
        given = os.path.abspath(root)
        try:
            self.root = Path(os.path.realpath(given, strict=True))
            str(self.root).encode()
            self._root = os.open(self.root, rooted.FOLDER)
        except UnicodeEncodeError:
            raise rooted.refused(ascii(given), rooted.NO_UTF_8) from None
        except (OSError, ValueError) as error:
            what = f"The workspace {one_line(given, 300)} is no folder that can be opened: {error}."
            raise PathRefused(what, "Create it, or name an existing folder.") from None
        self._close = weakref.finalize(self, os.close, self._root)
        self._roots = (str(self.root), given)
        self.names = names or Names()
        # Absolute, because other programs (SQLite, a keeper) open these by name.
        self.state_dir = self.root / STATE_DIR
        self.ledger_path = self.state_dir / "ledger.sqlite3"
        self.runs_dir, self.snapshots_dir, self.reports_dir, self.verdicts_dir = (
            self.state_dir / name for name in _STATE_FOLDERS
        )

    def check_place(self) -> None:
        """Refuse to go on with a root that lies elsewhere by now: the ledger is opened by name."""
        with suppress(OSError):
            if os.path.samestat(os.stat(self.root), os.fstat(self._root)):
                return
        raise rooted.refused(str(self.root), rooted.MOVED)

    def named(self, names: Names) -> Workspace:
        """Return the same workspace with other names for its files."""
        return Workspace(self.root, names)

    def close(self) -> None:
        """Give the root's descriptor back; twice is once. Also done when the object is collected."""
        self._close()

    def relative(self, path: str) -> str:
        """Return the canonical form in which a path is stored: relative to the root, `/` between names, no `..`.

        :raises PathRefused: it is empty, too long, no path at all, or lies outside the root.
        """
        try:
            size = max(len(os.fsencode(part)) for part in path.split("/"))
        except UnicodeEncodeError:
            raise rooted.refused(path, rooted.NO_PATH) from None
        if not path or "\0" in path:
            raise rooted.refused(path, rooted.NO_PATH)
        if size > 255 or len(os.fsencode(path)) > 4095:
            raise rooted.refused(path, rooted.RULES[errno.ENAMETOOLONG])
        plain = posixpath.normpath(path)
        if plain.startswith("/"):
            absolute = PurePosixPath("/" + plain.lstrip("/"))
            inside = (str(absolute.relative_to(root)) for root in self._roots if absolute.is_relative_to(root))
            plain = next(inside, "..")
        if plain == ".." or plain.startswith("../"):
            raise rooted.refused(path, rooted.OUTSIDE)
        return plain

    def about(self, path: str) -> About | None:
        """Return size and time of a plain file, None when nothing is there.

        :raises PathRefused: something is there, but no plain file beneath the root.
        """
        plain = self.relative(path)
        try:
            descriptor = self._open(plain, rooted.LOOK)
        except OSError as error:
            if error.errno in rooted.NOTHING_THERE:
                return None
            raise self._refusal(plain, error) from None
        with rooted.closing(descriptor):
            found = os.fstat(descriptor)
            rooted.require_plain(plain, found)
            return About(found.st_size, found.st_mtime)

    def exists(self, path: str) -> bool:
        """Whether a plain file is there; raises as `about`."""
        return self.about(path) is not None

    def link_target(self, path: str) -> str:
        """Return what the last name of a path links to, as it is written; empty where it is no symbolic link."""
        parent, name = posixpath.split(self.relative(path))
        with suppress(OSError, PathRefused), rooted.closing(self._folder(parent)) as folder:
            return os.readlink(name, dir_fd=folder)
        return ""

    def is_taken(self, path: str) -> bool:
        """Whether anything at all stands at a path, a link that leads nowhere too."""
        parent, name = posixpath.split(self.relative(path))
        with suppress(OSError, PathRefused), rooted.closing(self._folder(parent)) as folder:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return True
        return False

    def files(self, most: int = 5_000) -> list[tuple[str, int, float]]:
        """Return (path, size, time of its last change) of the plain files beneath the root, at most so many.

        No link is followed. Hidden folders, environments and caches are left out.
        """
        return listing.files(self._root, most)

    def list_dir(self, path: str = ".") -> list[str]:
        """Return the sorted names in a folder.

        :raises PathRefused: it is no folder beneath the root.
        """
        plain = self.relative(path)
        with self._refusing(plain), rooted.closing(self._folder(plain)) as folder:
            return sorted(os.listdir(folder))

    def has_folder(self, path: str) -> bool:
        """Whether a folder is there that can be opened; whatever else is there is none."""
        try:
            os.close(self.open_folder_beneath(path))
        except PathRefused:
            return False
        return True

    def open_folder_beneath(self, path: str) -> int:
        """Open a folder beneath the root for reading and return its descriptor, which is closed on exec.

        :raises PathRefused: it is missing, no folder, or leads out.
        """
        plain = self.relative(path)
        with self._refusing(plain):
            return self._folder(plain)

    def open_beneath(self, path: str, flags: int, mode: int | None = None, *, make_parents: bool = False) -> int:
        """Open a plain file beneath the root and return its descriptor, which is blocking and closed on exec.

        :param flags: as for `os.open`; `mode` of a file that it creates: 0644, 0600 beneath `.watchkeeper`.
        :param make_parents: create missing folders, durably.
        :raises PathRefused: naming the path, the rule and what to do: outside, missing, a folder, FIFO, device …
        :raises StorageFailed: the disk is full or read-only.
        """
        plain = self.relative(path)
        with self._refusing(plain):
            if make_parents:
                os.close(self._folder(posixpath.dirname(plain), make=True))
            # Non-blocking for the moment of opening only: a FIFO that nobody writes to must not hold us.
            descriptor = self._open(plain, flags | os.O_NONBLOCK | os.O_NOCTTY, _mode(plain, mode))
            try:
                rooted.require_plain(plain, os.fstat(descriptor))
                os.set_blocking(descriptor, True)
            except BaseException:
                os.close(descriptor)
                raise
        return descriptor

    def read_bytes(self, path: str, limit_bytes: int) -> bytes:
        """Return a whole file.

        :raises PathRefused: as `open_beneath`, and when the file is longer than `limit_bytes`.
        """
        with self._refusing(path), open(self.open_beneath(path, os.O_RDONLY), "rb") as file:
            data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise rooted.refused(path, (f"is longer than the {limit_bytes} bytes that are read of it", "Shorten it"))
        return data

    def sha256(self, path: str) -> str:
        """Return the hexadecimal sha256 of a file of any size, read in pieces; raises as `open_beneath`."""
        with self._refusing(path), open(self.open_beneath(path, os.O_RDONLY), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def write_text_atomically(self, path: str, text: str, mode: int | None = None) -> None:
        """Put `text` in the place of a file, durably: a reader sees the old or the new one, whole.

        Missing folders are made. An existing file keeps its permissions; a link is refused, neither followed nor cut.

        :raises PathRefused: as `open_beneath`.
        :raises StorageFailed: the disk is full or read-only; the old file is untouched.
        """
        self._publish(path, rooted.encoded(text), mode, replace=True)

    def create_exclusive(self, path: str, content: str | bytes, mode: int | None = None) -> bool:
        """Create a file, durably and complete from its first moment on; False when the name is taken.

        :raises PathRefused: as `open_beneath`.
        :raises StorageFailed: the disk is full or read-only; nothing was created.
        """
        data = content if isinstance(content, bytes) else rooted.encoded(content)
        return self._publish(path, data, mode, replace=False)

    def append_durably(self, path: str, text: str, mode: int | None = None) -> int:
        """Append to a file, made with its folders where missing, and return the offset at which `text` begins.

        Two writers at once follow one another. What cannot be written whole is taken back.

        :raises PathRefused: as `open_beneath`.
        :raises StorageFailed: the disk is full or read-only; the file is as it was.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        while True:
            with self._refusing(path), rooted.closing(self.open_beneath(path, flags, mode, make_parents=True)) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file).st_nlink:  # 0 when the file was replaced while we waited for the lock
                    begin = rooted.append(file, rooted.encoded(text))
                    with rooted.closing(self._folder(posixpath.dirname(self.relative(path)))) as folder:
                        os.fsync(folder)
                    return begin

    def store_snapshot(self, data: bytes) -> str:
        """Keep `data`, durably, and return its hexadecimal sha256, the name under which it lies in `snapshots_dir`."""
        digest, path = hashlib.sha256(data).hexdigest(), f"{STATE_DIR}/snapshots"
        if not self.state_dir.is_dir():
            self.ensure_state()
        with self._refusing(path), rooted.closing(self._folder(path, make=True)) as folder:
            fcntl.flock(folder, fcntl.LOCK_SH)  # `removing.unused_snapshot` holds it alone
            if not self.create_exclusive(f"{path}/{digest}", data):
                os.utime(digest, dir_fd=folder, follow_symlinks=False)
        return digest

    def snapshot(self, digest: str, limit_bytes: int) -> bytes:
        """Return what `store_snapshot` keeps under a digest; raises as `read_bytes`, and when it was altered."""
        path = f"{STATE_DIR}/snapshots/{digest}"
        data = self.read_bytes(path, limit_bytes)
        if hashlib.sha256(data).hexdigest() != digest:
            raise rooted.refused(path, ("is not what was kept under this name", "Somebody altered it; see `doctor`"))
        return data

    def ensure_state(self) -> None:
        """Make the state folders, 0700, with a `.gitignore` that keeps them out of git; twice is once.

        :raises PathRefused: `.watchkeeper` is a link or a file, or may not be made.
        :raises StorageFailed: the disk is full or read-only.
        """
        for folder in (STATE_DIR, *(f"{STATE_DIR}/{name}" for name in (*_STATE_FOLDERS, CHECKPOINTS))):
            self.make_folder(folder)
        self.create_exclusive(f"{STATE_DIR}/.gitignore", "*\n")

    def make_folder(self, path: str, *, private: bool = True) -> None:
        """Make a folder, and see to it that it is its owner's alone, whatever the umask is, where it is to be private.

        :raises PathRefused: it is a file or, where private, a link, or may not be made.
        :raises StorageFailed: the disk is full or read-only.
        """
        folder = self.relative(path)
        with self._refusing(folder), rooted.closing(self._folder(folder, make=True)) as descriptor:
            if private and stat.S_ISLNK(os.stat(folder, dir_fd=self._root, follow_symlinks=False).st_mode):
                raise rooted.refused(folder, rooted.STATE_LINK)
            if private and os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o700)

    def run_dir(self, run_id: str) -> Path:
        """Return the absolute directory of a run.

        :raises InvalidArgument: `run_id` is not of the form `{model}-{phase}-{n}`.
        """
        match = _RUN_ID.fullmatch(run_id)
        if not match:
            raise InvalidArgument(f"{one_line(ascii(run_id), 60)} is no run id.", "A run id looks like 1-quick-1.")
        check_model_id(match[1])
        return self.runs_dir / run_id

    def interpreter(self) -> str | None:
        """Return the absolute path of the Python of the workspace's first environment, None without one.

        It is only looked at, not opened: in an environment it is a link to a Python outside, as it must be.
        """
        candidates = (self.root / environment / "bin" / "python" for environment in _INTERPRETERS)
        return next((str(one) for one in candidates if one.is_file() and os.access(one, os.X_OK)), None)

    def _open(self, plain: str, flags: int, mode: int = 0) -> int:
        try:
            return rooted.open_by_kernel(self._root, plain, flags, mode)
        except OSError as error:
            if error.errno not in rooted.WALK_INSTEAD:
                raise
        for _ in range(rooted.MOST_LINKS):
            found = rooted.walk(self._root, plain, flags, mode)
            if isinstance(found, int):
                return found
            try:
                plain = self.relative(str(self.root / found))
            except PathRefused:
                break
        else:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    def _folder(self, plain: str, *, make: bool = False) -> int:
        try:
            return self._open(plain or ".", rooted.FOLDER)
        except FileNotFoundError:
            if not make:
                raise
        parent, name = posixpath.split(plain)
        with rooted.closing(self._folder(parent, make=True)) as above:
            with suppress(FileExistsError):  # another process was faster
                os.mkdir(name, 0o700 if _is_state(plain) else 0o755, dir_fd=above)
            os.fsync(above)
        return self._folder(plain)

    def _publish(self, path: str, data: bytes, mode: int | None, *, replace: bool) -> bool:
        plain = self.relative(path)
        parent, name = posixpath.split(plain)
        with self._refusing(plain), rooted.closing(self._folder(parent, make=True)) as folder:
            permissions = _mode(plain, mode)
            with suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if not replace:
                    os.fsync(folder)  # whoever created it may not have come so far
                    return False
                rooted.require_plain(plain, found)
                permissions = stat.S_IMODE(found.st_mode)
            return rooted.put(folder, name, data, permissions, replace=replace)

    @contextmanager
    def _refusing(self, path: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise self._refusal(path, error) from error

    def _refusal(self, path: str, error: OSError) -> WatchkeeperError:
        """Say an operating system's error in words that help."""
        if error.errno == errno.ENOENT:
            return self._missing(path)
        if error.errno in rooted.DISK:
            what = f"{one_line(path, 300)} could not be read or written: {error.strerror}."
            return StorageFailed(what, "Make room on the disk, or make it writable, and repeat the call.")
        return rooted.refused(
            path, rooted.RULES.get(error.errno or 0, (f"could not be opened: {error.strerror}", "Check the path"))
        )

    def _missing(self, path: str) -> PathRefused:
        """Say which folder was looked in and what lies there under a similar name."""
        folder, names = self.relative(path), None
        wanted = ""
        while names is None:
            folder, wanted = posixpath.split(folder)
            with suppress(OSError), rooted.closing(self._folder(folder)) as descriptor:
                names = sorted(os.listdir(descriptor))[:2000]
            names = names if folder or names else []
        near = difflib.get_close_matches(wanted, names, 3, 0.5) or names[:5]
        where = one_line(folder, 300) or "the workspace's top folder"
        there = f"There is: {one_line(', '.join(near), 300)}" if near else "That folder is empty"
        return rooted.refused(path, (f"does not exist: there is no {one_line(wanted, 100)} in {where}", there))


def _is_state(plain: str) -> bool:
    return plain.partition("/")[0] == STATE_DIR


def _mode(plain: str, mode: int | None) -> int:
    return mode if mode is not None else 0o600 if _is_state(plain) else 0o644
