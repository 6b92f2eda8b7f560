"""Plants one bug after the other in a copy of the tree and shows the test that turns red for each.

    python -P tests/torture/mutants.py            # all; ends with 1 if a bug was not found
    python -P tests/torture/mutants.py chain      # those whose name holds a word
    python -P tests/torture/mutants.py --results FILE       # a line for each; called again, those of it are not played

A bug that no test finds is a promise that nothing holds: it is shown as NOT FOUND.
Tests that are red without a bug show nothing: they are run once as they stand, and unless they are green it ends there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Mutant(NamedTuple):
    """A bug: in which file, what stands there, what stands there instead, and the tests that must not let it pass."""

    name: str
    file: str
    before: str
    after: str
    tests: str


MISSED = "NOT FOUND"
RECORD, FILES, KEEPER = "server/storage/record", "server/storage/files", "server/runtime/keeper"
MUTANTS = (
    Mutant("weaker sync of the ledger", f"{RECORD}/ledger.py", "synchronous = EXTRA", "synchronous = NORMAL",
           "tests/storage/record/test_ledger.py::test_a_commit_is_synced_and_so_is_its_folder"),
    Mutant("deferred transaction", f"{RECORD}/ledger.py", 'connection.execute("BEGIN IMMEDIATE")\n            try:',
           'connection.execute("BEGIN")\n            try:',
           "tests/storage/record/test_ledger.py::test_a_transaction_holds_the_ledger_from_its_first_moment_on"),
    Mutant("empty start on a corrupt ledger", f"{RECORD}/ledger.py",
           "            self._foreign.close()\n            raise\n",
           '            self._foreign.close()\n            return self._open(":memory:")\n',
           "tests/storage/record/test_ledger.py::test_a_damaged_file_is_refused_and_kept"),
    Mutant("chain that asks for no hash", f"{RECORD}/chain.py", "return computed == stored", "return bool(computed)",
           "tests/storage/record/test_ledger.py::test_a_changed_or_missing_event_breaks_the_chain"),
    Mutant("chain that asks for no link", f"{RECORD}/chain.py", "elif prev != expected_prev:", "elif not prev:",
           "tests/storage/record/test_ledger.py::test_an_event_that_was_put_in_place_of_another_breaks_the_chain"),
    Mutant("chain that misses no event", f"{RECORD}/chain.py", "if seq != expected_seq:", "if seq < 0:",
           "tests/storage/record/test_ledger.py::test_a_changed_or_missing_event_breaks_the_chain"),
    Mutant("scan position of whoever comes last", f"{RECORD}/ledger.py",
           "if (tuple(row) if row else None) != expected:", "if row is expected:",
           "tests/storage/record/test_ledger.py::test_a_scan_position_moves_only_from_where_it_was_read"),
    Mutant("cursor of any ledger", f"{RECORD}/cursor.py", " or cursor[:2] != _tie(ledger, scope)", "",
           "tests/storage/record/test_cursor.py"),
    Mutant("salvage that believes any row", f"{RECORD}/pages.py", "if computed == digest else None",
           "if computed else None", "tests/storage/record/test_damage.py"),
    Mutant("rebuilding that loses the old ledger", f"{RECORD}/rebuilding.py", "        draft.rename(aside)\n",
           "        draft.unlink()\n", "tests/storage/record/test_damage.py"),
    Mutant("ledger through a link", f"{RECORD}/place.py", "    if stat.S_ISREG(mode):\n        return True\n",
           "    if not stat.S_ISFIFO(mode):\n        return True\n", "tests/storage/record/test_damage.py"),
    Mutant("prefix path check", f"{FILES}/workspace.py", "if absolute.is_relative_to(root))",
           "if str(absolute).startswith(root))", "tests/storage/files/test_workspace.py"),
    Mutant("no size cap", f"{FILES}/workspace.py", "if len(data) > limit_bytes:", "if not limit_bytes:",
           "tests/storage/files/test_workspace.py"),
    Mutant("links are followed out", f"{FILES}/rooted.py", "mode, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)",
           "mode, _RESOLVE_NO_MAGICLINKS)", "tests/storage/files/test_workspace.py"),
    Mutant("drafts of the living are swept", f"{FILES}/leftovers.py", ".st_mtime < before", ".st_mtime > 0",
           "tests/storage/files/test_leftovers.py"),
    Mutant("pid-only liveness", f"{KEEPER}/procfs.py", " and found.start_ticks == start_ticks and found.alive",
           " and found.alive and start_ticks != 0",
           "tests/runtime/keeper/test_tree.py tests/runtime/keeper/test_state.py"),
    Mutant("a shell", f"{KEEPER}/child.py", "os.execvpe(spec.argv[0], spec.argv, spec.env)",
           'os.execvpe("/bin/sh", ["sh", "-c", " ".join(spec.argv)], spec.env)', "tests/runtime/keeper/test_child.py"),
    Mutant("stop that ends what descends only", f"{KEEPER}/tree.py",
           "if (bool(self._marker) and procfs.carries(pid, self._marker)) or self._prints(pid, found):",
           "if not pid:", "tests/runtime/keeper/test_stop.py tests/runtime/keeper/test_tree.py"),
    Mutant("records of any start are believed", "server/runtime/run_records.py", 'found.get("nonce") != nonce',
           "not nonce", "tests/acts/start/test_proof.py"),
    Mutant("a script is not looked at again", f"{KEEPER}/child.py", "    for path, sha256 in spec.sources:\n",
           "    for path, sha256 in spec.sources[:0]:\n", "tests/acts/start/test_swapped_script.py"),
    Mutant("whatever Python opened may run", "server/runtime/witness/hook/watchkeeper_witness/own_script.py",
           "if not _same(args[0], _expected(snapshot, path)):", "if not _expected(snapshot, path):",
           "tests/acts/start/test_swapped_script.py"),
    Mutant("approval that is not bound to its digest", "server/acts/start/approvals.py",
           "digest = _digest(base, origin, compared)", "digest = base.id", "tests/acts/start/test_approvals.py"),
    Mutant("no Host check", "server/interfaces/network/guard.py",
           'if not self._names.host_fits(headers(scope, b"host")):',
           "if not self._names:", "tests/interfaces/network"),
    Mutant("a rule that may take for ever", "server/analysis/logs/linear.py",
           '("MAX_REPEAT", "MIN_REPEAT", "BRANCH") for one', '("NOTHING",) for one',
           "tests/analysis/logs/test_linear.py"),
    Mutant("a server that goes on in a moved workspace", "server/acts/desk.py",
           "        self.workspace.check_place()\n", "", "tests/acts/poll/test_moved_workspace.py"),
    Mutant("a diary that another server made is an error", "server/acts/sections.py",
           "        present = desk.workspace.read_bytes(path, LONGEST_DOCUMENT_BYTES)  # another",
           "        raise  # another", "tests/acts/write/test_first_entries_at_once.py"),
    Mutant("a run is searched for by what it can give up only", f"{KEEPER}/tree.py",
           "return bool(self._wall) and procfs.sees(pid, self._wall)", "return False",
           "tests/acts/start/test_hostile_trees.py"),
    Mutant("another clock of the boot is taken for ours", f"{KEEPER}/hosts.py",
           'if records.text(record, CLOCK) not in ("", _namespace("time")):', "if not record:",
           "tests/acts/watch/test_time_namespace.py"),
    Mutant("pruned before it is on record", "server/acts/prune/prune.py",
           "    done = _record(desk, wanted, found) if found else ()\n    left = list(_removed(desk))\n",
           "    left = list(_removed(desk))\n    done = _record(desk, wanted, found) if found else ()\n",
           "tests/acts/prune/test_prune.py"),
    Mutant("the quick run behind a full one is pruned", "server/acts/prune/needed.py",
           "behind = (same or quick)[-1:] if run.phase is Phase.FULL else []", "behind = quick[:0]",
           "tests/acts/prune/test_needed.py"),
    Mutant("a snapshot goes that a start asks for", "server/storage/files/removing.py",
           "if about.st_mtime >= since:", "if about.st_mtime > 1e12:",
           "tests/storage/files/test_removing.py"),
    Mutant("the reserved record is copied on write", f"{KEEPER}/records.py",
           "        write_in_place(descriptor)\n", "",
           "tests/runtime/keeper/test_btrfs.py"),
    Mutant("the ledger is copied on write", f"{RECORD}/place.py", "        records.write_in_place(descriptor)\n",
           "        pass\n", "tests/storage/record/test_full_disk.py"),
    Mutant("rename without the folder's sync", "server/storage/files/rooted.py",
           "            os.unlink(temporary, dir_fd=folder)\n        os.fsync(folder)\n",
           "            os.unlink(temporary, dir_fd=folder)\n",
           "tests/torture/test_power_cuts.py"),
    Mutant("a resource's address that is none", "server/interfaces/mcp/resources.py",
           "    except ValueError:  # watchkeeper://[", "    except KeyError:  # w",
           "tests/torture/test_hostile_calls.py"),
    Mutant("control characters leave", "server/vocabulary/sanitize.py",
           'return _capped(" ".join(_seen(text).split()), limit)', "return _capped(str(text), limit)",
           "tests/vocabulary/test_sanitize.py"),
    Mutant("a keeper in the session of its server", f"{KEEPER}/__main__.py", "    os.setsid()\n    if os.fork():\n",
           "    if os.fork():\n", "tests/runtime/keeper/test_cases.py -k launcher"),
    Mutant("a stop by signal is told once", "server/runtime/engines/local.py", "        if run_dir in self._unheard:\n",
           "        if run_dir is None:\n", "tests/runtime/keeper/test_engine.py -k later"),
    Mutant("a start that was made is made again", "server/acts/start/start.py", "        run = earlier or _record(",
           "        run = _record(", "tests/acts/start/test_start.py -k same_call_again"),
    Mutant("each look reads the log from its beginning", "server/acts/watch/look.py",
           "            self._offset = self._stored[0]\n            self._beside, self._cuts = log_files.place(",
           "            self._offset = status.log_begin or 0\n            self._beside, self._cuts = log_files.place(",
           "tests/acts/watch/test_huge_files.py -k next_look"),
    Mutant("a quiet answer of any length", "server/acts/poll/token_limits.py",
           "    if _characters(answer, change) > QUIET_CHARACTERS:\n", "    if not answer:\n",
           "tests/acts/poll/test_token_limits.py"),
    Mutant("a hole is hashed for as long as may be", f"{FILES}/hashing.py", "            if not hopeful:\n",
           "            if took_s < 0.0:\n", "tests/storage/files/test_hashing.py"),
    Mutant("a long record is copied for every block", f"{KEEPER}/records.py", "            blocks.append(block)\n",
           '            blocks = [b"".join([*blocks, block])]\n', "tests/runtime/keeper/test_records.py -k long"),
    Mutant("whatever ended has ended well", "server/analysis/evidence/checks.py",
           '    if evidence.state is RunState.COMPLETED:\n        return passed("ending",',
           '    if evidence.state.final:\n        return passed("ending",', "tests/analysis/verdict/test_verdict.py"),
)  # fmt: skip
PROMISES = {
    "P1": "a keeper in the session of its server",
    "P2": "pid-only liveness",
    "P3": "a start that was made is made again",
    "P4": "weaker sync of the ledger",
    "P5": "scan position of whoever comes last",
    "P6": "each look reads the log from its beginning",
    "P7": "whatever ended has ended well",
    "P8": "links are followed out",
    "P9": "control characters leave",
    "P10": "stop that ends what descends only",
}
"""For each promise of docs/reliability.md a bug that breaks it, and so a test that fails without what keeps it."""


def main(arguments: list[str]) -> int:
    """Show each bug and the test that turns red; return 1 if one was not found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="play those only whose name holds each of these")
    parser.add_argument("--results", type=Path, help="a file that a line is added to for each; it is gone on with")
    options = parser.parse_args(arguments)
    chosen = [one for one in MUTANTS if all(word in one.name for word in options.words)]
    results: Path | None = options.results
    lines = results.read_text(encoding="utf-8").splitlines() if results and results.exists() else []
    played = {line.partition(" s  ")[2]: line for line in lines}
    green: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="watchkeeper-mutants-") as folder:
        tree = _copy(Path(folder))
        for one in chosen:
            if one.name not in played:
                played[one.name] = _shown(tree, one, green)
                if results:
                    with results.open("a", encoding="utf-8") as file:
                        file.write(f"{played[one.name]}\n")
            print(played[one.name], flush=True)
    found = sum(not played[one.name].startswith(MISSED) for one in chosen)
    print(f"{found} of {len(chosen)} planted bugs turned a test red")
    return 0 if found == len(chosen) else 1


def _shown(tree: Path, mutant: Mutant, green: set[str]) -> str:
    """Plant one bug; return a line with the test that turned red, how long that took, and the bug's name.

    :param green: tests that were seen green without a bug; those of this one are added.
    """
    if mutant.tests not in green:
        require_green(tree, mutant.tests)
        green.add(mutant.tests)
    begun = time.monotonic()
    red = _planted(tree, mutant)
    return f"{red or MISSED:<100.100} {time.monotonic() - begun:5.0f} s  {mutant.name}"


def _copy(folder: Path) -> Path:
    """Copy what git knows of the tree; it is the package `watchkeeper` for whatever has its folder on the path."""
    tree = folder / "watchkeeper"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    return tree


def _planted(tree: Path, mutant: Mutant) -> str:
    """Run the tests of a bug with the bug in place; return the first test that failed, empty when all passed."""
    path = tree / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.file} holds {mutant.before!r} {text.count(mutant.before)} times")
    _written(path, text.replace(mutant.before, mutant.after))
    try:
        done = _tested(tree, mutant.tests)
    finally:
        _written(path, text)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed and done.returncode == 1:
        return failed[0].split(" - ")[0]
    print(done.returncode, done.stdout[-1500:], done.stderr[-500:], sep="\n")
    return ""


def _written(path: Path, text: str) -> None:
    """Write a source, and forget what was compiled of the one before: a bug may have its size and its second."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def require_green(tree: Path, tests: str) -> None:
    """End with what was seen unless these tests pass in a tree without a bug."""
    done = _tested(tree, tests)
    if done.returncode != 0:
        raise SystemExit(f"not green without a bug: {tests}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _tested(tree: Path, tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests.split()]
    environment = {**os.environ, "PYTHONPATH": str(tree.parent), "WATCHKEEPER_TEST_PATIENCE": "0.2"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
