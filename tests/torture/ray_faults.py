"""What Ray clusters do to runs, as often as asked for, as a table: `python -P tests/torture/ray_faults.py --tries 10`.

Each fault is a test of tests/acts/engines/on_ray on a real Ray of its own; a violation is a try after which that test
does not hold. Ends with 1 where there is one. In CI those of test_ray.py are tried once, where pip can bring Ray.
"""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parents[2]
ON_RAY = "tests/acts/engines/on_ray"
_KILLED = "test_ray.py::test_whoever_of_waiter_keeper_and_supervisor_is_killed_the_true_end_is_recorded"
_NODE = (
    "test_ray_faults.py::test_a_run_that_loses_its_node_or_its_raylet_is_interrupted_and_goes_on_from_its_checkpoint"
    "_by_policy"
)
_STOPS = (
    "test_ray.py::test_a_stop_reaches_a_running_job_and_says_who_asked_and_one_from_outside_is_no_failure_of_the_script"
)
_TOKEN = (
    "test_ray_token.py::test_a_ray_that_asks_for_a_token_takes_ours_and_gives_up_nothing_that_we_do_not_hand_over_again"
)
FAULTS = (
    ("same name twice, three servers at once",
     "test_ray.py::test_a_run_is_one_job_whoever_submits_and_its_exit_status_reaches_the_record_and_ray"),
    ("keeper killed (SIGKILL)", f"{_KILLED}[keeper]"),
    ("waiter killed", f"{_KILLED}[waiter]"),
    ("Ray's supervisor killed", f"{_KILLED}[supervisor]"),
    ("stop; stopped outside, SIGTERM ignored", _STOPS),
    ("stop while pending",
     "test_ray.py::test_a_job_that_waits_is_queued_in_rays_words_and_a_stop_ends_it_though_ray_keeps_it_in_the_queue"),
    ("no node can ever take it",
     "test_ray.py::test_a_job_that_no_node_can_take_is_a_failure_at_once_and_a_stop_takes_it_away"),
    ("server killed just after it submitted",
     "test_ray.py::test_a_server_that_is_killed_after_it_submitted_leaves_a_job_that_is_found_by_its_name"),
    ("node loses its power, then raylet killed", _NODE),
    ("head killed and started anew; start without",
     "test_ray_faults.py::test_a_head_that_is_started_anew_interrupts_what_ran_and_is_given_what_waits"),
    ("a token is asked for; given up in the queue", _TOKEN),
)  # fmt: skip
"""What is done, and the test that does it and says what must hold. The last one brings up a Ray of its own."""


def tried(counts: dict[str, collections.Counter[str]]) -> None:
    """Run every fault's test once, and count by the test's name whether it held, did not, or was skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        environment = {**os.environ, "WATCHKEEPER_EVERY_FAULT": "1"}
        command = [sys.executable, "-P", "-m", "pytest", "-q", "-n0", f"--junit-xml={report}"]
        tests = [f"{ON_RAY}/{test}" for _, test in FAULTS]
        subprocess.run([*command, *tests], cwd=ROOT, env=environment, check=False)
        for case in ET.parse(report).getroot().iter("testcase"):
            told = {child.tag for child in case} & {"failure", "error", "skipped"}
            counts[case.get("name", "")][min(told, default="held")] += 1


def main() -> None:
    """Try every fault and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tries", type=int, default=1, help="how often each is tried (default: 1)")
    tries: int = options.parse_args().tries
    begun, violations = time.monotonic(), 0
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for _ in range(tries):
        tried(counts)
    print(f"\n| {'fault':44} | tries | violations |\n|{'-' * 46}|------:|-----------:|")
    for fault, test in FAULTS:
        seen = counts[test.partition("::")[2]]
        bad = seen["failure"] + seen["error"] + (not seen)  # a test that did not even come to be skipped
        made = sum(seen.values()) - seen["skipped"]
        violations += bad
        print(f"| {fault:44} | {made:5} | {bad if made or bad else 'not tried':>10} |")
    print(f"\n{violations} violations; {time.monotonic() - begun:.0f} s, load {os.getloadavg()[0]:.1f} at the end")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
