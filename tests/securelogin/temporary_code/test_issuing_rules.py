"""When a code may be issued: the rule alone, by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from securelogin.temporary_code.issuing import Reason, Refusal, refusal

INTERVAL = timedelta(days=30)


@given(st.timedeltas(timedelta(0), timedelta(days=400)), st.booleans(), st.integers(0, 365))
def test_a_code_is_refused_unless_something_better_followed_and_time_has_passed(
    since: timedelta, proven: bool, days: int
) -> None:
    last = datetime(2025, 3, 1, tzinfo=UTC)
    interval = timedelta(days=days)
    got = refusal(last + since, last, proven_since=proven, interval=interval)
    if not proven:
        assert got is Refusal.NOT_FOLLOWED
    else:
        assert got is (Refusal.TOO_SOON if since < interval else None)


def test_the_first_code_is_never_refused() -> None:
    assert refusal(timezone.now(), None, proven_since=False, interval=INTERVAL) is None


def test_both_reasons_have_the_words_of_the_desk() -> None:
    assert Reason.AWAY.label.startswith("A - ")
    assert Reason.LOST.label.startswith("B - ")
