"""What the operating system refuses is told in words, with what to do; what shows a defect is not called so."""

from __future__ import annotations

import errno

import pytest
from watchkeeper.server.vocabulary.refusals import refused_by_machine


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE])
def test_a_refused_call_says_what_was_refused_and_what_to_do(code: int) -> None:
    refusal = refused_by_machine(OSError(code, "no", "/w/runs/1-quick-1/spec.json"))
    assert refusal
    assert "(/w/runs/1-quick-1/spec.json)" in refusal.what
    assert "repeat the call" in refusal.do_next


def test_a_name_that_a_training_chose_cannot_write_over_the_terminal() -> None:
    refusal = refused_by_machine(OSError(errno.EIO, "no", "/w/\x1b[2Jx\ny"))
    assert refusal
    assert "\x1b" not in str(refusal)
    assert "\n" not in str(refusal)


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "no"), OSError(errno.EBADF, "no"), OSError("odd"), KeyError()])
def test_what_shows_a_defect_is_no_refusal(error: Exception) -> None:
    assert refused_by_machine(error) is None
