"""What Ray clusters do to runs, as often as asked for, as a table: `python -P tests/torture/ray_faults.py --tries 10`.

Each fault is a test of tests/runtime/engines/on_ray on a real Ray of its own; a violation is a try after which that
test does not hold. Ends with 1 where there is one. In CI those of test_ray.py are tried once, where pip can bring Ray.
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # called by its path; what a test imports leaves the path alone
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.torture.faults import Fault, main

FOLDER = "tests/runtime/engines/on_ray"
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
    Fault("same name twice, three servers at once",
     "test_ray.py::test_a_run_is_one_job_whoever_submits_and_its_exit_status_reaches_the_record_and_ray"),
    Fault("keeper killed (SIGKILL)", f"{_KILLED}[keeper]"),
    Fault("waiter killed", f"{_KILLED}[waiter]"),
    Fault("Ray's supervisor killed", f"{_KILLED}[supervisor]"),
    Fault("stop; stopped outside, SIGTERM ignored", _STOPS),
    Fault("stop while pending",
     "test_ray.py::test_a_job_that_waits_is_queued_in_rays_words_and_a_stop_ends_it_though_ray_keeps_it_in_the_queue"),
    Fault("no node can ever take it",
     "test_ray.py::test_a_job_that_no_node_can_take_is_a_failure_at_once_and_a_stop_takes_it_away"),
    Fault("server killed just after it submitted",
     "test_ray.py::test_a_server_that_is_killed_after_it_submitted_leaves_a_job_that_is_found_by_its_name"),
    Fault("node loses its power, then raylet killed", _NODE),
    Fault("head killed and started anew; start without",
     "test_ray_faults.py::test_a_head_that_is_started_anew_interrupts_what_ran_and_is_given_what_waits"),
    Fault("a token is asked for; given up in the queue", _TOKEN),
)  # fmt: skip
"""What is done, and the test that does it and says what must hold. The last one brings up a Ray of its own."""


if __name__ == "__main__":
    main(str(__doc__), FOLDER, FAULTS)
