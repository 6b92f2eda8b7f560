"""What clusters do to runs, as often as is asked for, as a table: `python -P tests/torture/slurm_faults.py --tries 10`.

Each fault is a test of tests/runtime/engines on a real Slurm of its own; a violation is a try after which that test
does not hold. Ends with 1 where there is one. In CI each is tried once, but for those that wait out a minute of
Slurm's.
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # called by its path; what a test imports leaves the path alone
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.torture.faults import Fault, main

FOLDER = "tests/runtime/engines"
FAULTS = (
    Fault("keeper or waiter killed (SIGKILL)",
          "test_slurm.py::test_whoever_of_waiter_and_keeper_is_killed_the_other_one_records_the_true_end"),
    Fault("node loses its power",
          "test_slurm_faults.py::test_a_run_that_loses_its_node_is_interrupted_and_goes_on_from_its_checkpoint_by_policy"),
    Fault("slurmd alone killed",
          "test_slurm_faults.py::test_a_run_goes_on_and_is_recorded_when_only_the_daemon_of_its_node_dies"),
    Fault("slurmctld killed right after sbatch",
          "test_slurm_faults.py::test_a_controller_that_is_killed_right_after_it_took_a_job_costs_nothing"),
    Fault("job forgotten, its number given to another",
          "test_slurm_faults.py::test_a_controller_that_forgets_a_job_is_given_it_again_and_the_job_that_got_its_number"
          "_is_left_alone"),
    Fault("no controller at the start",
          "test_slurm.py::test_without_a_controller_the_start_is_kept_and_any_later_look_hands_it_over"),
    Fault("controller hangs at the start",
          "test_slurm_faults.py::test_a_controller_that_hangs_keeps_no_start_waiting_and_is_handed_it_once_when_it_goes"
          "_on"),
    Fault("server killed after sbatch",
          "test_slurm.py::test_a_server_that_is_killed_after_sbatch_leaves_a_job_that_is_found_by_its_name"),
    Fault("three servers submit at once", "test_slurm.py::test_two_servers_that_submit_at_once_submit_once"),
    Fault("requeued by an operator",
          "test_slurm_faults.py::test_a_job_that_an_operator_puts_back_is_interrupted_and_never_runs_twice"),
    Fault("held",
          "test_slurm.py::test_a_job_that_waits_is_queued_in_slurms_words_a_held_one_is_a_failure_and_a_stop_takes_it"
          "_away"),
    Fault("cancelled from outside in the queue",
          "test_slurm_faults.py::test_what_somebody_cancels_in_the_queue_never_started_in_slurms_words"),
    Fault("dependency never satisfied",
          "test_slurm_sites.py::test_a_job_whose_dependency_never_comes_true_is_a_failure_in_slurms_words"),
    Fault("out of memory in the job's cgroup",
          "test_slurm_memory.py::test_a_training_that_takes_more_than_its_job_has_is_out_of_memory"),
    Fault("cancelled from outside",
          "test_slurm.py::test_what_somebody_cancels_outside_is_stopped_from_outside_and_no_failure_of_the_script"),
    Fault("time limit of the job",
          "test_slurm_faults.py::test_what_runs_into_the_time_limit_of_its_job_is_timed_out_and_was_warned"),
    Fault("forgotten after MinJobAge, no accounting",
          "test_slurm_sites.py::test_what_a_site_without_accounting_forgets_soon_is_told_by_what_lies_there"),
    Fault("the same with accounting (sacct)",
          "test_slurm_accounting.py::test_the_accounts_tell_how_a_job_ended_that_the_controller_forgot"),
    Fault("forgotten with its end unseen",
          "test_slurm_faults.py::test_what_ended_unseen_and_is_forgotten_is_lost_and_told_by_what_slurm_left_beside_it"),
    Fault("GPUs of a job (GRES on fake devices)", "test_slurm_sites.py::test_a_training_is_given_the_gpus_of_its_job"),
    Fault("preempted by partitions (CANCEL, REQUEUE)",
          "test_slurm_sites.py::test_a_run_that_is_preempted_is_interrupted"),
    Fault("preempted by QOS (CANCEL, REQUEUE)",
          "test_slurm_accounting.py::test_a_run_that_gives_way_to_a_better_quality_of_service_is_interrupted"),
    Fault("job outlives its run", "test_slurm_sites.py::test_a_job_that_outlives_its_run_is_taken_from_slurm"),
    Fault("two nodes: a rank fails",
          "test_nodes.py::test_the_first_member_that_fails_is_the_cause_and_its_traceback_is_in_the_log"),
    Fault("two nodes: a keeper killed",
          "test_nodes.py::test_a_keeper_that_is_killed_is_followed_by_its_waiter_on_every_node"),
    Fault("two nodes: a member killed with its keeper",
          "test_nodes.py::test_a_member_that_dies_with_its_keeper_ends_the_run_and_what_was_not_seen_is_a_lower_bound"),
    Fault("two nodes: stop", "test_nodes.py::test_a_stop_reaches_the_members_first"),
    Fault("two nodes: limit", "test_nodes.py::test_a_run_at_its_limit_ends_on_every_node"),
)  # fmt: skip


if __name__ == "__main__":
    main(str(__doc__), FOLDER, FAULTS)
