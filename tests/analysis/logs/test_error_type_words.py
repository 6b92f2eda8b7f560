"""Messages in a program's own words: class, message and raising frame are weighed against each other."""

from __future__ import annotations

import re

import pytest
from watchkeeper.server.analysis.logs.error_type_score import score, words_of_class
from watchkeeper.server.analysis.logs.error_type_table import ROWS
from watchkeeper.server.analysis.logs.error_type_words import WORDS
from watchkeeper.server.analysis.logs.error_types import type_of_exception, type_or_implementation

OWN_WORDS = {
    "resource": (
        "only 3 GB left on /scratch, checkpoint needs 9 GB",
        "compute budget of 100 node hours exhausted",
        "RSS 63.9 GiB over the limit 60 GiB",
        "swap usage 98 %, aborting before the kernel kills us",
        "disk almost full: 1.2 GB free of 900 GB",
        "GPU has 8 GB, this model needs 14 GB",
        "inode quota of project p41 exceeded",
        "cannot fork: process limit of the user reached",
        "peak memory estimate 210 GB exceeds the node's 192 GB",
    ),
    "infrastructure": (
        "license checkout failed: all 4 licenses are in use",
        "mount /mnt/data is not available",
        "node n17 was drained, stopping",
        "could not get the lock within 60 s",
        "wall clock limit of 12 h reached before the last epoch",
        "kerberos ticket expired",
        "tracking server answers 503",
        "GPU 2 is in use by another user",
        "driver 470.82 is older than the 525 that CUDA 12 needs",
        "peer 10.0.0.3 closed the connection",
        "the scheduler cancelled the job",
        "no heartbeat from worker 2 for 120 s",
        "the VPN to the data centre is down",
        "slurm took the node away",
        "port 29500 is taken",
        "cannot log in to the registry",
        "fan failure on GPU 0, clocks throttled, stopping",
        "the container has no access to /dev/nvidia0",
        "DNS lookup of master-0 failed",
        "the job was held by the administrator",
    ),
    "data": (
        "column unit is feet in 2 of 9 files",
        "label 7 has no images",
        "sampling rate 44100, expected 16000",
        "vocabulary has 31 tokens more than the embedding in the checkpoint",
        "no data after the filter",
        "timestamps of sensor 3 jump back by two hours",
        "duplicate ids in train.csv",
        "the fold file lists 12 subjects that do not exist",
        "gene names of the two matrices differ",
        "negative counts in layer X",
        "the test set overlaps the training set",
        "weights file is truncated",
        "input hash differs from the manifest",
    ),
    "implementation": (
        "unknown model 'resnet51'",
        "batch size 30 is not divisible by 4 devices",
        "config key train.lr_schedule is not known",
        "max_epochs must be positive",
        "this script needs python 3.11",
        "the checkpoint was made by another architecture",
        "hidden size 100 does not fit 12 heads",
        "specify either --steps or --epochs",
    ),
    "convergence": (
        "loss went up for 10 epochs in a row, stopping",
        "gradient norm 1e9, stopping",
        "R-hat 1.2 for 3 of 12 parameters",
        "reward fell to zero and stays there",
        "validation loss did not improve below the baseline in 50 epochs",
        "posterior is multimodal: chains 1 and 3 disagree",
        "generator collapsed, all images are equal",
        "KL 14.2 above target, policy update failed",
        "objective is flat: no progress in the last 100 iterations",
        "perplexity 4e5 and growing, giving up",
        "weights became infinite in layer 3",
        "variance of the estimate does not shrink",
        "the fit hit its parameter bounds in 9 of 10 starts",
        "eigen solver gave up after 300 restarts",
    ),
}


@pytest.mark.parametrize(("kind", "message"), [(kind, one) for kind, ones in OWN_WORDS.items() for one in ones])
def test_what_a_message_speaks_of_gives_its_type(kind: str, message: str) -> None:
    assert type_of_exception("SystemExit", message) == kind


def test_a_message_that_speaks_of_nothing_has_no_type() -> None:
    assert type_of_exception("SystemExit", "42") is None
    assert type_of_exception("", "") is None


def test_the_name_of_a_class_is_read_as_words() -> None:
    assert words_of_class("YamlSyntaxException") == "Yaml Syntax"
    assert words_of_class("ValueError") == ""


def test_advice_counts_half_as_much_as_what_is_said() -> None:
    said, advised = score("", "the columns differ"), score("", "Please check the columns")
    assert said["data"] == 2 * advised["data"] > 0  # pyright: ignore[reportArgumentType]


def test_the_library_that_raised_decides_what_the_words_leave_open() -> None:
    words = ("ValueError", "unexpected end of line 4")
    read = type_of_exception(*words, "/work/train.py run() /env/lib/site-packages/pyarrow/csv.py raise err")
    sent = type_of_exception("RuntimeError", "call failed", "/env/lib/site-packages/requests/adapters.py raise err")
    assert (read, sent) == ("data", "infrastructure")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("process finished with execution code: -9", "resource"),
        ("worker exited with return code = -11", "implementation"),
        ("terminated with an error exit status (137)", "resource"),
        ("Command returned non-zero exit status 124", "infrastructure"),
        ("exits with return code = -15", "infrastructure"),
    ],
)
def test_an_exit_status_in_a_message_tells_its_type(message: str, kind: str) -> None:
    assert type_of_exception("", message) == kind


def test_a_failure_has_the_same_type_whatever_the_case_of_its_message() -> None:
    for message in ("out of memory", "Connection refused by peer", "missing column in the table", "loss is not finite"):
        assert len({type_or_implementation("RuntimeError", one) for one in (message, message.upper())}) == 1


def test_the_tables_are_in_lower_case_as_what_they_read_is() -> None:
    messages = [message for _, _, message in ROWS if "(?-i:" not in message] + [words for _, _, words in WORDS]
    assert [one for one in messages if re.search(r"(?<!\\)[A-Z]", one)] == []
