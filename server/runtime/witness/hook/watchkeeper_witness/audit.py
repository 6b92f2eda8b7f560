"""What a process does to the outside: files, modules, code that stands in no file, programs, the network.

One audit hook that asks a table first: events without an entry cost a tenth of a microsecond.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from . import importing, places
from .files import digest, is_cache, note_read, note_write
from .more import tell_each
from .state import here, ours, state
from .trouble import trouble
from .writer import sha256

MOST_CODES = 200
MOST_CODE = 4000
_MOST_READ = 1 << 20
"""Of a file that is compared with the text that was compiled under its name."""
_WRITES = os.O_WRONLY | os.O_RDWR
_codes: set[str] = set()
_modules: set[str] = set()
_source: dict[str, Any] = {}
_RUNS_CODE = {"eval", "exec", "compile", "system", "popen", "Popen", "run", "call", "__import__", "execv"}
_MODULES_THAT_RUN = ("builtins", "os", "posix", "subprocess", "runpy", "importlib", "sys", "operator", "code")


def before_exec() -> None:
    """What is to be done before another program takes this process over; set by `starting`."""


def install() -> None:
    """Listen from now on; Python offers no way to stop."""
    # Bound here: the hook outlives the module's own names.
    find, current, mine, busy, tell, frame = _handlers().get, state, here, ours, trouble, sys._getframe
    known = _modules

    def hook(event: str, args: tuple[Any, ...]) -> None:
        handle = find(event)
        if handle is None or current.writer is None or mine.busy:
            return
        if event == "exec" and args[0].co_filename in known:
            return
        try:
            with busy():
                handle(args, frame().f_back)
        except Exception as error:
            tell(event, error)

    sys.addaudithook(hook)


def _handlers() -> dict[str, Callable[[tuple[Any, ...], Any], None]]:
    return {
        "open": _open,
        "os.rename": lambda args, frame: note_write(args[1], "rename", frame, source=args[0], itself=True),
        "os.remove": lambda args, frame: note_write(args[0], "remove", frame, itself=True),
        "os.truncate": lambda args, frame: note_write(args[0], "truncate", frame),
        "os.utime": lambda args, frame: note_write(args[0], "utime", frame),
        "os.symlink": lambda args, frame: _link(args[0], args[1], "symlink", frame),
        "os.link": lambda args, frame: _link(args[0], args[1], "link", frame),
        "sqlite3.connect": lambda args, frame: note_read(args[0], frame),
        "exec": _exec,
        "compile": _compile,
        "pickle.find_class": _pickled,
        "subprocess.Popen": lambda args, frame: _program("subprocess.Popen", args[0], args[1], frame),
        "os.system": lambda args, frame: _program("os.system", "/bin/sh", ["sh", "-c", args[0]], frame),
        "os.exec": _replaced,
        "os.posix_spawn": _posix_spawn,
        "socket.connect": _connect,
    }


def _open(args: tuple[Any, ...], frame: Any) -> None:
    path, mode, flags = args
    if type(path) is str and (path.endswith(".pyc") or places.is_plainly_library(path)):
        return
    if not isinstance(path, (str, bytes)) and not hasattr(path, "__fspath__"):
        return  # a descriptor
    writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool((flags or 0) & _WRITES)
    if writes:
        note_write(path, "open", frame, mode=mode if isinstance(mode, str) else "")
    else:
        note_read(path, frame)


def _link(target: Any, path: Any, by: str, frame: Any) -> None:
    where = places.where(frame)
    told = {"path": places.inside(os.fsdecode(path)), "target": os.fsdecode(target)[:300], "by": by}
    if where or not os.path.isabs(told["path"]):
        tell_each("link", by, where, told)


def _exec(args: tuple[Any, ...], frame: Any) -> None:
    """A module's code that is run by its import, or code that somebody hands to `exec`."""
    code = args[0]
    path = getattr(code, "co_filename", "")
    if path in _modules:
        return
    if path.startswith("<"):
        _tell_code("exec", _source.pop("text", None), code, frame)
        return
    _modules.add(path)
    importing.begun()
    special = path.endswith(("/sitecustomize.py", "/usercustomize.py"))
    if places.places is None or (not special and places.places.is_library(path)):
        return
    own = places.places.person(path)
    if not own and is_cache(path):
        return
    if "/ipykernel_" in path or not os.path.exists(path):
        return
    name = frame.f_globals.get("__name__", "") if frame is not None else ""
    told = {"module": "" if name.startswith("importlib") else name, "path": own or path, **digest(path)}
    state.writer.tell("import", places.where(frame), told)


def _compile(args: tuple[Any, ...], frame: Any) -> None:
    """Remember text that is compiled: the `exec` that follows is told with it.

    Text under the name of a file is told at once where that file is none, or holds something else.
    """
    source, filename = args
    if filename is None or not places.is_persons(frame):
        return
    path = os.fsdecode(filename)
    if path.startswith("<"):
        _source["text"] = source
    elif isinstance(source, (str, bytes)) and "/ipykernel_" not in path and not _stands_in(path, source):
        _tell_code("compile", source, None, frame)


def _stands_in(path: str, source: Any) -> bool:
    """Whether text that is compiled is a part of the file whose name it was given, as a person's own loader does it."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        held = file.read(_MOST_READ + 1)
    raw = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    return len(held) > _MOST_READ or b"".join(raw.split()) in b"".join(held.split())


def _tell_code(by: str, source: Any, code: Any, frame: Any) -> None:
    if not places.is_persons(frame):
        return
    if source is None and code is not None:
        text, raw = f"<code object {code.co_name}>", code.co_code
    else:
        raw = source if isinstance(source, (bytes, bytearray)) else str(source).encode("utf-8", "surrogatepass")
        text = raw.decode("utf-8", "replace")
    sha = sha256(bytes(raw)).hexdigest()
    if sha in _codes or len(_codes) >= MOST_CODES:
        return
    _codes.add(sha)
    told = {"by": by, "bytes": len(raw), "sha256": sha, "text": text[:MOST_CODE]}
    state.writer.tell("code", places.where(frame), told)


def _pickled(args: tuple[Any, ...], frame: Any) -> None:
    module, name = str(args[0]), str(args[1])
    if module.partition(".")[0] in _MODULES_THAT_RUN and name in _RUNS_CODE:
        tell_each("code", "pickle", places.where(frame), {"by": "pickle", "text": f"{module}.{name}"})


def _program(by: str, executable: Any, argv: Any, frame: Any) -> None:
    words = [argv] if isinstance(argv, (str, bytes)) or hasattr(argv, "__fspath__") else list(argv or [])
    texts = [
        os.fsdecode(each) if isinstance(each, (str, bytes)) or hasattr(each, "__fspath__") else str(each)
        for each in words
    ]
    given = executable if executable is not None else (texts[0] if texts else "")
    where = places.where(frame)
    told = {
        "by": by,
        "argv": [each[:300] for each in texts[:40]],
        "path": os.fsdecode(given)[:300],
        "files": _files_in(texts) if where else [],
    }
    if os.path.realpath(told["path"]) == os.path.realpath(sys.executable):
        told["python"] = True
    tell_each("program", os.path.basename(told["path"]), where, told)


def _files_in(words: Any) -> Any:
    """Return the files of the workspace that a command names, also inside of a line for a shell."""
    found = []
    for word in [part for each in words[:40] for part in each.split()][:80]:
        path = word.strip("'\";")
        if path and places.places is not None and places.places.person(os.path.abspath(path)) and os.path.isfile(path):
            found.append({"path": places.inside(path), **digest(path)})
    return found[:20]


def _replaced(args: tuple[Any, ...], frame: Any) -> None:
    _program("os.exec", args[0], args[1], frame)
    before_exec()


def _posix_spawn(args: tuple[Any, ...], frame: Any) -> None:
    if frame is None or not frame.f_code.co_filename.endswith("subprocess.py"):  # that one has said so itself
        _program("os.posix_spawn", args[0], args[1], frame)


def _connect(args: tuple[Any, ...], frame: Any) -> None:
    address = args[1]
    if not isinstance(address, tuple) or len(address) < 2:
        return
    host, port = str(address[0]), address[1]
    if host.startswith("127.") or host in ("::1", "localhost", ""):
        return
    tell_each("network", f"{host}:{port}", places.where(frame), {"address": host[:200], "port": port})
