"""What is done to watchkeeper, where, and which promise of docs/reliability.md must hold all the same.

Each row names the test that does it with real processes, real damage and real disks. The tests run with all others; as
torture they run longer (`make torture`): WATCHKEEPER_TORTURE_TRIES is how often a random fault is drawn, and
WATCHKEEPER_TORTURE_SEED from where the draw goes on, so that a failure can be shown again.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A fault, the point at which it strikes, the promises that must hold, and the test that shows it."""

    fault: str
    point: str
    promises: str
    test: str


TABLE = (
    Row("SIGKILL of the keeper", "0 to 100 ms after its launch", "P1 P2", "runtime/keeper/test_kill_anywhere.py"),
    Row("a write, sync or rename that fails", "each of the end, once and for a time", "P1 P2",
        "runtime/keeper/test_failing_disk.py"),
    Row("disk full, memory short", "while a run goes on and ends", "P1 P2", "runtime/keeper/test_disk_and_memory.py"),
    Row("disk full", "poll, status, stop", "P4 P5", "acts/poll/test_full_disk.py"),
    Row("btrfs full to the last byte", "the end of a run, then SIGKILL of its keeper", "P1 P2",
        "runtime/keeper/test_btrfs.py"),
    Row("a small file system that fills", "a run and its watch", "P1 P4", "acts/poll/test_small_disk.py"),
    Row("SIGKILL of a server", "between the steps of a start, and restarts", "P2 P3", "acts/watch/test_restarts.py"),
    Row("two servers at once", "every act that looks", "P3 P5", "acts/watch/test_two_servers.py"),
    Row("two servers at once", "a model's first entry", "P3 P4", "acts/write/test_first_entries_at_once.py"),
    Row("flips, overwritten, swapped and cut pages", "anywhere in the ledger", "P4", "storage/record/test_damage.py"),
    Row("SIGKILL", "anywhere while a ledger is rebuilt", "P4",
        "storage/record/test_damage.py::test_a_rebuilding_that_is_killed_anywhere_can_be_done_again"),
    Row("a folder, link, FIFO or file", "in the place of ledger and state folder", "P4 P8",
        "interfaces/commands/test_doctor.py"),
    Row("a script swapped for a link, without pause", "between hash and first instruction", "P3 P8",
        "acts/start/test_swapped_script.py"),
    Row("hostile files in the run directory", "every look", "P2 P7", "runtime/keeper/test_state.py"),
    Row("a tree that hides, stops its keeper, leaves its session", "stop", "P10", "acts/start/test_hostile_trees.py"),
    Row("a shifted clock of the boot", "poll by another server", "P2", "acts/watch/test_time_namespace.py"),
    Row("results of gigabytes", "the poll that sees the end", "P6", "acts/watch/test_results_look.py"),
    Row("sources of nothing but statements", "every start", "P6", "analysis/scripts/test_bounds.py"),
    Row("absurd numbers", "every recogniser", "P5 P6", "analysis/logs/test_absurd_numbers.py"),
    Row("sparse and huge files", "every look", "P6", "acts/watch/test_huge_files.py"),
    Row("a copy of the workspace", "stop, poll", "P2 P10", "acts/start/test_copies.py"),
    Row("a renamed workspace", "every act", "P1 P8", "acts/poll/test_moved_workspace.py"),
    Row("RLIMIT_NOFILE, _FSIZE, _AS", "start of a server", "P4", "interfaces/commands/test_limits.py"),
    Row("patterns that take for ever", "the policy", "P6", "analysis/logs/test_linear.py"),
    Row("text from logs and names", "whatever leaves", "P9", "vocabulary/test_sanitize.py"),
    Row("the end of the process", "each step of a prune; two prunes at once", "P4 P7", "acts/prune/test_prune.py"),
    Row("power cut", "anywhere in acts on ledger, text and lines", "P4", "torture/test_power_cuts.py"),
    Row("errno once and for good, short writes", "each call that changes the disk", "P4", "torture/test_failpoints.py"),
    Row("records cut at every length, overwritten", "every look at a run directory", "P2",
        "torture/test_every_length.py"),
    Row("a name that changes without pause", "reading, writing, removing", "P8", "torture/test_path_races.py"),
    Row("arguments and addresses of any JSON", "every tool, every resource", "P4 P8 P9",
        "torture/test_hostile_calls.py"),
    Row("raw HTTP requests drawn from the schemas, addresses of the page", "serve --http, ui", "P4 P8 P9",
        "torture/test_hostile_http.py"),
    Row("two clients in any order, servers anew", "every act", "P1 P2 P3 P4 P5 P6 P7 P8 P9 P10",
        "torture/test_agents_in_any_order.py"),
    Row("full disks on ext4, xfs, btrfs, tmpfs", "before and in the middle of every act", "P1 P2 P4",
        "torture/test_campaigns.py"),
    Row("single calls that fail", "servers in every act, keepers, waiters", "P1 P2 P4", "torture/test_campaigns.py"),
    Row("five errors once and for good, half a write", "every call of an act, of a keeper and a waiter, one by one",
        "P1 P2 P3 P4 P5 P9 P10", "torture/test_campaigns.py"),
    Row("FIFOs, folders, links, deep and absurd JSON, noise, a terabyte", "each file of a run, while it goes on",
        "P2 P6 P9 P10", "torture/test_campaigns.py"),
    Row("SIGKILL of servers, their trees, keepers and waiters", "any moment of every act and run", "P1 P2 P3 P4",
        "torture/test_campaigns.py"),
    Row("SIGKILL of a writer", "in the middle of a write", "P4", "storage/files/test_leftovers.py"),
)  # fmt: skip
