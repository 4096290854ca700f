"""The outcomes of a verification: which of them count as a failure."""

from __future__ import annotations

from securelogin.verdict import COUNTED, Verdict


def test_only_an_answer_that_was_compared_counts() -> None:
    unseen = {Verdict.WAIT, Verdict.LOCKED, Verdict.ENDED, Verdict.KEY_MISSING}
    assert not COUNTED & unseen
    assert Verdict.ACCEPTED not in COUNTED
    assert Verdict.WRONG in COUNTED


def test_an_old_code_counts_as_a_failure() -> None:
    # Otherwise somebody who has it could guess on at the newer one for nothing.
    assert Verdict.REPLACED in COUNTED


def test_typed_index_numbers_do_not_count() -> None:
    assert Verdict.INDEX_NUMBERS not in COUNTED
