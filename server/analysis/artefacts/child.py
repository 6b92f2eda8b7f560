"""The child's life: limit itself, find the format, import what reads it, seal itself, read, print one JSON document.

python -I -c CODE SERVER_FOLDER DESCRIPTOR MEMORY_BYTES CPU_S WALL_S NAME [WHAT_TO_SEARCH_FOR or chains]
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator

from . import confine, formats, readers
from .chain_facts import CHAINS
from .facts import Container, NotInspected, as_json
from .trouble import CannotInspectError

_MOST_ERROR_CHARACTERS = 200
_EXTRA = "'watchkeeper[bayes]'"
_BROUGHT_BY = {"pyarrow": "pyarrow"}  # no extra of ours has it


def main(arguments: list[str]) -> None:
    """Read the artefact and print its facts. Never returns."""
    descriptor, memory_bytes, cpu_s = (int(one) for one in arguments[:3])
    answer_to = _keep_output()
    confine.limit(memory_bytes, cpu_s, float(arguments[3]))
    rest = document(guarded(lambda: _read(descriptor, *arguments[4:])))
    while rest:
        rest = rest[os.write(answer_to, rest) :]
    os._exit(0)


def document(facts: Container) -> bytes:
    """Return facts as JSON; what is no valid text in a name becomes a question mark."""
    return json.dumps(as_json(facts), allow_nan=False, ensure_ascii=False).encode("utf-8", "replace")


def _keep_output() -> int:
    """Return where the answer goes, and send elsewhere what libraries may print."""
    answer_to = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    return answer_to


def _read(descriptor: int, name: str, wanted: str = "") -> Container:
    look = formats.first_look(descriptor, name)
    if wanted == CHAINS:
        read = readers.drawer(look)
    else:
        read = readers.searcher(look, wanted) if wanted else readers.reader(look)
    confine.seal(look.descriptor)
    if not look.needs_threads:
        confine.forbid_new_processes()
    return read(look)


def guarded(read: Callable[[], Container]) -> Container:  # noqa: PLR0911 # one answer for each cause
    """Return the facts of an artefact, or why there are none; everything a library may raise means the latter."""
    try:
        return read()
    except CannotInspectError as error:
        return NotInspected(reason=error.reason, cause=error.cause)
    except MemoryError:
        return NotInspected(reason="Reading it takes more memory than allowed.", cause="memory")
    except ModuleNotFoundError as error:
        missing = (error.name or "a library").partition(".")[0]
        reason = f"{missing} is not installed: pip install {_BROUGHT_BY.get(missing, _EXTRA)}."
        return NotInspected(reason=reason, cause="library missing")
    except ImportError as error:
        text = str(error)
        if any("map segment" in said or "allocate" in said for said in _chain(error)):  # no address space is left
            return NotInspected(reason="Its libraries take more memory than allowed.", cause="memory")
        reason = f"A library that reads it cannot be loaded: {_shortened(text)}."
        return NotInspected(reason=reason, cause="library missing")
    except Exception as error:  # a library meets damage in any way it likes
        reason = f"It could not be read: {type(error).__name__}: {_shortened(str(error))}."
        return NotInspected(reason=reason, cause="damaged")


def _chain(error: BaseException | None) -> Iterator[str]:
    """Yield what an error says and what those say that it stands for: SciPy calls an install broken that lacks room."""
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__


def _shortened(text: str) -> str:
    return " ".join(text.split())[:_MOST_ERROR_CHARACTERS].rstrip(".")


if __name__ == "__main__":
    main(sys.argv[1:])
