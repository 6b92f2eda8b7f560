"""Where in the person's own code something happens, and which files are the person's."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import os
import sys
import sysconfig
from typing import Any

MOST_FRAMES = 400
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Places:
    """Knows the workspace and what in it is nobody's own: environments, caches, our own records."""

    def __init__(self, workspace: str) -> None:
        self.root = os.path.realpath(workspace) + os.sep if workspace else ""
        prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
        folders = {f"{each.rstrip('/')}/" for each in prefixes if each}
        # With a Python in /usr, a workspace in /usr/src is no library.
        self.libraries: tuple[str, ...] = (_OWN, *(each for each in folders if not self.root.startswith(each)))
        self._known: dict[str, str] = {}

    def person(self, path: str) -> str:
        """Return the file relative to the workspace where it is the person's own, else nothing."""
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._own(path)
        return found

    def _own(self, path: str) -> str:
        if path.startswith("<") or not self.root:
            return ""
        full = os.path.realpath(path)
        if not full.startswith(self.root) or "/site-packages/" in full or "/dist-packages/" in full:
            return ""
        if any(full.startswith(each) for each in self.libraries if each.startswith(self.root)):
            return ""  # an environment inside the workspace
        inside = full[len(self.root) :]
        return "" if inside.startswith((".watchkeeper/", ".git/")) else inside

    def is_library(self, path: str) -> bool:
        """Whether a file belongs to Python, to an environment or to us."""
        plainly = "/site-packages/" in path or "/dist-packages/" in path or path.startswith("<frozen")
        return plainly or path.startswith(self.libraries)

    def where(self, frame: Any) -> str:
        """Return `file:line` of the innermost frame that is the person's, empty where there is none."""
        for _ in range(MOST_FRAMES):
            if frame is None:
                return ""
            name = self.of_frame(frame)
            if name:
                return f"{name}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def of_frame(self, frame: Any) -> str:
        """Return what a frame's code is called where it is the person's, else nothing."""
        path = frame.f_code.co_filename
        found = self._known.get(path)
        if found is None:
            found = self.person(path)
        return found or _nameless(path, frame)


def _nameless(path: str, frame: Any) -> str:
    """Return a name for the person's code that stands in no file: a cell of a notebook, text that was executed."""
    if path.startswith("<"):
        main = frame.f_globals.get("__name__") in ("__main__", "__mp_main__")
        return path if main and not path.startswith("<frozen") else ""
    if "/ipykernel_" in path or path.startswith("<ipython-input"):
        cells = frame.f_globals.get("In")
        return f"<cell {len(cells) - 1}>" if isinstance(cells, list) else "<cell>"
    return ""


places: Places | None = None


def begin(workspace: str) -> Places:
    """Set the workspace of this process."""
    global places  # noqa: PLW0603 (there is one workspace a process)
    places = Places(workspace)
    return places


def where(frame: Any) -> str:
    """Return the person's place that a frame comes from."""
    return places.where(frame) if places is not None else ""


def is_plainly_library(path: str) -> bool:
    """Whether a path says by itself that it is a library's."""
    return places is not None and places.is_library(path)


def is_persons(frame: Any) -> bool:
    """Whether exactly this frame is the person's code."""
    return places is not None and frame is not None and bool(places.of_frame(frame))


def inside(path: str) -> str:
    """Return a path relative to the workspace where it lies in it, else as it is."""
    if places is None or not places.root:
        return path
    full = os.path.realpath(path)
    if full + os.sep == places.root:
        return "."
    return full[len(places.root) :] if full.startswith(places.root) else path
