"""What a run did outside of its libraries: code in no file, other programs, replaced names, old states. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evidence.checks import Check, passed
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..witness import Line
from ..witness.seen import Seen, place
from ..witness.values import text

_TOOLS = frozenset(
    {
        *("git", "nvidia-smi", "rocm-smi", "uname", "lscpu", "ldconfig", "file", "hostname", "whoami", "df", "free"),
        *(
            "gcc",
            "g++",
            "cc",
            "c++",
            "clang",
            "clang++",
            "ld",
            "objdump",
            "make",
            "cmake",
            "nvcc",
            "sysctl",
            "lsb_release",
        ),
    }
)
"""Programs that look at a machine or build a library's code."""
_OF_LIBRARIES = ("/site-packages/", "/dist-packages/")
_USUAL_IN_PICKLES = frozenset({"builtins.getattr", "builtins.setattr", "builtins.hasattr"})
_STATES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".npz", ".npy", ".nc", ".h5", ".safetensors", ".model")


def outside(evidence: Evidence, seen: Seen) -> Check:
    """Did anything happen that no library and no line of the script accounts for?"""
    if found := first_of(
        (*_replaced(seen), *_code(seen), *_modules(evidence, seen), *_programs(seen), *_of_quick(evidence))
    ):
        return found.check("outside", "witnessed")
    return passed("outside", "no code without a file, no other program, no replaced name was seen (witnessed)")


def _replaced(seen: Seen) -> Iterator[Suspicion]:
    for line in seen.witnessed.of("replaced"):
        what = f"{text(line.facts, 'what')} was not the library's: {text(line.facts, 'by')} of"
        what = f"{what} {text(line.facts, 'defined') or 'nowhere'} stood in its place, seen at {place(line)}"
        yield Suspicion(what, Word.INVESTIGATE, "library_replaced", "Take it out, or have a person read what it does.")
    for line in seen.witnessed.of("import"):
        module = text(line.facts, "module")
        if module in ("sitecustomize", "usercustomize"):
            what = f"{text(line.facts, 'path')} ran in a Python of the run before its script"
            yield Suspicion(what, Word.INVESTIGATE, "startup_code", "Take it out, or have a person read what it does.")


def _code(seen: Seen) -> Iterator[Suspicion]:
    for line in seen.witnessed.of("code"):
        if text(line.facts, "by") == "pickle" and text(line.facts, "text") in _USUAL_IN_PICKLES:
            continue
        shown = " ".join(text(line.facts, "text").split())[:60]
        what = f"code that stands in no file was run by {text(line.facts, 'by')} at {place(line)}: {shown!r}"
        yield Suspicion(what, Word.INVESTIGATE, "code_in_no_file", "Write this code into a file of the workspace.")


def _modules(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """A module that was another file when it was imported than at the start: what was compared did not run."""
    kept = {one.path: one.sha256_at_start for one in evidence.inputs if one.role in ("script", "module")}
    for line in seen.witnessed.of("import"):
        path, digest = text(line.facts, "path"), text(line.facts, "sha256")
        if digest and not line.facts.get("sampled") and kept.get(path) not in (None, digest):
            what = f"{path} was another file when it was imported at {place(line)} than at the start"
            action = "Start again: what was hashed, compared and approved is not what ran."
            yield Suspicion(what, Word.INVESTIGATE, "module_changed_before_import", action)


def _programs(seen: Seen) -> Iterator[Suspicion]:
    """Another program may have done the work where nothing witnessed did; else it is only told."""
    if seen.kinds:
        return
    for line in seen.witnessed.of("program"):
        if line.where and not is_tool(line) and not is_of_a_library(line):
            what = f"{' '.join(command_words(line))[:80]!r} was started at {place(line)}, and nothing witnessed trains"
            action = "Have a person read this program: the witness sees Python's libraries only."
            yield Suspicion(what, Word.INVESTIGATE, "another_program", action)


def is_tool(line: Line) -> bool:
    """Whether a program only looks at the machine, or builds a library's code."""
    name = (command_words(line) or [""])[0].rpartition("/")[2]
    return name in _TOOLS or name.startswith("try_march")  # PyTensor asks its compiler what the machine can do


def is_of_a_library(line: Line) -> bool:
    """Whether a program lies in a library's own folder, as Stan's do in Prophet's wheel, and was given none of ours."""
    own = any(folder in (command_words(line) or [""])[0] for folder in _OF_LIBRARIES)
    return own and not line.facts.get("files") and line.facts.get("python") is not True


def command_words(line: Line) -> Sequence[str]:
    """Return the words of the command that started a program."""
    found = line.facts.get("argv")
    listed: list[object] = found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    return [str(one) for one in listed]


def _of_quick(evidence: Evidence) -> Iterator[Suspicion]:
    """A state that the quick run left and the full one begins with: whose training is it?"""
    for line in reads_of_quick(evidence):
        what = f"{text(line.facts, 'path')}, which {evidence.quick_run} wrote, was read at {place(line)}"
        action = "Say what it is; a full run that goes on from the quick one's state trains less than it says."
        yield Suspicion(what, Word.INVESTIGATE, "state_of_the_quick_run", action)


def reads_of_quick(evidence: Evidence) -> Sequence[Line]:
    """Return where a run read states that its quick run had written."""
    written = evidence.quick_seen.written if evidence.quick_seen is not None else frozenset[str]()
    read = evidence.seen.witnessed.of("read") if evidence.seen is not None else ()
    return [line for line in read if (path := text(line.facts, "path")) in written
            and path.lower().endswith(_STATES) and not path.startswith(".watchkeeper/")]  # fmt: skip
