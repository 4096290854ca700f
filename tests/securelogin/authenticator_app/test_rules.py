"""Which step a code belongs to: the vectors of both RFCs, and what holds for every code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.authenticator_app import rules
from securelogin.authenticator_app.models import code_at
from securelogin.verdict import Verdict

# RFC 4226 and RFC 6238 (SHA-1).
RFC_KEY = b"12345678901234567890"
HOTP = (
    ["755224", "287082", "359152", "969429", "338314"],
    ["254676", "287922", "162583", "399871", "520489"],
)
TOTP = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
keys = st.binary(min_size=20, max_size=20)
steps = st.integers(100, 10**9)
offsets = st.integers(-40, 40)


def codes_of(key: bytes) -> Callable[[int], str]:
    return lambda step: code_at(key, step)


def a_code_per_step(step: int) -> str:
    """Codes none of which is like another nearby: collisions have a test of their own."""
    return f"{step % 10**6:06}"


@pytest.mark.parametrize(("counter", "code"), list(enumerate(chain(*HOTP))))
def test_it_makes_the_codes_of_rfc_4226(counter: int, code: str) -> None:
    assert code_at(RFC_KEY, counter) == code


@pytest.mark.parametrize(("seconds", "code"), list(TOTP.items()))
def test_it_makes_the_codes_of_rfc_6238(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    # The RFC prints eight digits; six are the end of them.
    assert code_at(RFC_KEY, rules.step_at(moment)) == code[-6:]


@given(keys, steps)
def test_it_makes_the_codes_of_another_library(key: bytes, step: int) -> None:
    other = pyotp.HOTP(pyotp.random_base32())
    other.byte_secret = lambda: key  # type: ignore[method-assign]
    assert code_at(key, step) == other.at(step)


def test_a_step_begins_with_its_second() -> None:
    start = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
    step = rules.step_at(start)
    for seconds, there in ((-0.001, step - 1), (0, step), (29.999, step), (30, step + 1)):
        assert rules.step_at(start + timedelta(seconds=seconds)) == there
    assert rules.step_at(datetime.fromtimestamp(0, tz=UTC)) == 0


@given(steps, offsets, st.integers(-50, 50))
def test_a_step_serves_once_within_reach_and_after_the_last_one(
    present: int, offset: int, last: int
) -> None:
    accepted = present + last
    code = a_code_per_step(present + offset)
    verdict, now_accepted = rules.judge(code, a_code_per_step, present, accepted)
    if abs(offset) > rules.REACH:
        assert (verdict, now_accepted) == (Verdict.WRONG, accepted)
    elif offset <= last:
        assert (verdict, now_accepted) == (Verdict.REPLAYED, accepted)
    else:
        assert (verdict, now_accepted) == (Verdict.ACCEPTED, present + offset)
        again, still = rules.judge(code, a_code_per_step, present, now_accepted)
        assert (again, still) == (Verdict.REPLAYED, now_accepted)


@given(keys, steps, st.lists(st.tuples(st.integers(0, 2), st.integers(-2, 2)), max_size=30))
def test_whatever_is_sent_when_no_step_is_accepted_twice_and_none_backwards(
    key: bytes, present: int, sent: list[tuple[int, int]]
) -> None:
    accepted, served = -1, []
    for passed, offset in sent:
        present += passed
        code = code_at(key, present + offset)
        verdict, accepted = rules.judge(code, codes_of(key), present, accepted)
        if verdict is Verdict.ACCEPTED:
            served.append(accepted)
            assert abs(accepted - present) <= rules.REACH
            assert code == code_at(key, accepted)
    assert served == sorted(set(served))


@given(st.integers(0, 3), st.integers(-2, 3))
def test_of_two_steps_with_the_same_digits_neither_serves_twice(
    present: int, accepted: int
) -> None:
    verdict, step = rules.judge("000000", lambda _step: "000000", present, accepted)
    assert step == max(present + rules.REACH, accepted)
    again, _step = rules.judge("000000", lambda _step: "000000", present, step)
    assert (verdict is Verdict.ACCEPTED) == (accepted < step)
    assert again is Verdict.REPLAYED


@given(st.sampled_from([-1, 0, 1, 2]))
def test_every_candidate_is_computed_whichever_fits(offset: int) -> None:
    """SECURITY: the time that it takes does not tell which step it was."""
    computed: list[int] = []

    def counted(step: int) -> str:
        computed.append(step)
        return a_code_per_step(step)

    rules.judge(a_code_per_step(100 + offset), counted, 100, -1)
    assert computed == [99, 100, 101]


def test_there_is_no_step_before_the_first() -> None:
    assert rules.steps_of("000000", a_code_per_step, 0) == [0]


@pytest.mark.parametrize("answer", ["", "0", "00010", "0000100", "００００１０", "00010a"])
def test_what_is_no_code_is_wrong(answer: str) -> None:
    assert rules.judge(answer, a_code_per_step, 10, -1) == (Verdict.WRONG, -1)


@pytest.mark.parametrize(
    ("steps_off", "minutes"),
    [
        *((1, 1), (2, 1), (3, 1), (4, 2), (9, 4), (20, 10), (21, 0)),
        *((-1, -1), (-2, -1), (-5, -2), (-20, -10), (-21, 0)),
    ],
)
def test_a_clock_that_is_wrong_is_recognised_up_to_ten_minutes(
    steps_off: int, minutes: int
) -> None:
    code = a_code_per_step(1000 + steps_off)
    assert rules.minutes_off(code, a_code_per_step, 1000) == minutes


def test_of_two_clocks_that_fit_the_nearer_one_counts() -> None:
    assert rules.minutes_off("0", lambda step: "0" if step in {985, 1004} else "1", 1000) == 2
