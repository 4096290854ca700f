"""When a second person has to agree, and what a request is at each moment: the pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk import rules
from securelogin.desk.rules import ApprovalState, Evidence, Facts, Risk

NOW = datetime(2025, 10, 24, 12, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIFE = timedelta(minutes=10)
QUIET = 14
moments = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - the zone comes from the next line
    max_value=datetime(2026, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
facts = st.builds(
    Facts,
    evidence=st.lists(st.sampled_from(Evidence), unique=True).map(tuple),
    contact_changed_at=st.none() | moments,
    failed_check=st.booleans(),
    locked=st.booleans(),
    staff=st.booleans(),
    pressure=st.booleans(),
)
nothing = Facts(
    evidence=(Evidence.CALL_BACK,),
    contact_changed_at=None,
    failed_check=False,
    locked=False,
    staff=False,
    pressure=False,
)


def risks(given_facts: Facts, now: datetime = NOW) -> list[Risk]:
    return rules.risks(given_facts, now, quiet_days=QUIET)


# States -----------------------------------------------------------------------------------------

DECISIONS = st.sampled_from([None, True, False])


@given(
    asked_at=moments,
    expires_at=moments,
    now=moments,
    approved=DECISIONS,
    used_at=st.none() | moments,
)
def test_a_state_comes_from_the_first_thing_that_settles_it(
    asked_at: datetime,
    expires_at: datetime,
    now: datetime,
    approved: bool | None,
    used_at: datetime | None,
) -> None:
    state = rules.approval_state(
        now, asked_at=asked_at, expires_at=expires_at, approved=approved, used_at=used_at
    )
    if used_at is not None:
        assert state is ApprovalState.USED
    elif approved is False:
        assert state is ApprovalState.REFUSED
    elif now >= expires_at or now < asked_at - timedelta(minutes=1):
        assert state is ApprovalState.EXPIRED
    else:
        assert state is (ApprovalState.APPROVED if approved else ApprovalState.WAITING)


@given(expires_at=moments, approved=DECISIONS, later=st.timedeltas(min_value=timedelta()))
def test_what_is_over_never_comes_back(
    expires_at: datetime, approved: bool | None, later: timedelta
) -> None:
    """SECURITY: no later moment makes an expired request one that may be acted on."""
    at = expires_at + min(later, timedelta(days=4000))
    state = rules.approval_state(
        at, asked_at=expires_at - LIFE, expires_at=expires_at, approved=approved, used_at=None
    )
    assert state in {ApprovalState.EXPIRED, ApprovalState.REFUSED}


@pytest.mark.parametrize(
    ("approved", "before", "at"),
    [
        (None, ApprovalState.WAITING, ApprovalState.EXPIRED),
        (True, ApprovalState.APPROVED, ApprovalState.EXPIRED),
        (False, ApprovalState.REFUSED, ApprovalState.REFUSED),
    ],
)
def test_the_end_is_exclusive(
    approved: bool | None, before: ApprovalState, at: ApprovalState
) -> None:
    def state(now: datetime) -> ApprovalState:
        return rules.approval_state(
            now, asked_at=NOW - LIFE, expires_at=NOW, approved=approved, used_at=None
        )

    assert (state(NOW - SECOND), state(NOW)) == (before, at)
    # The clocks of two machines may differ by a minute.
    begin = NOW - LIFE - timedelta(minutes=1)
    assert (state(begin), state(begin - SECOND)) == (before, at)


# Risks ------------------------------------------------------------------------------------------


def test_one_piece_of_evidence_and_nothing_else_needs_nobody() -> None:
    assert risks(nothing) == []


@given(facts)
def test_without_evidence_there_is_always_a_risk(given_facts: Facts) -> None:
    assert (rules.NO_EVIDENCE in risks(given_facts)) is (not given_facts.evidence)


@given(facts)
def test_each_fact_has_its_own_risk_and_hides_no_other(given_facts: Facts) -> None:
    changed = given_facts.contact_changed_at
    recent = changed is not None and changed + timedelta(days=QUIET) > NOW
    expected = [
        (not given_facts.evidence, "no_evidence"),
        (recent, "contact_changed"),
        (given_facts.failed_check, "failed_check"),
        (given_facts.locked, "locked"),
        (given_facts.staff, "staff"),
        (given_facts.pressure, "pressure"),
    ]
    found = [risk.name for risk in risks(given_facts)]
    assert found == [name for applies, name in expected if applies]


@given(facts, facts)
def test_more_evidence_never_takes_another_risk_away(one: Facts, other: Facts) -> None:
    """SECURITY: a caller who proves who is calling may still be under pressure."""
    proven = Facts(
        tuple({*one.evidence, *other.evidence, Evidence.DOCUMENT}),
        one.contact_changed_at,
        one.failed_check,
        one.locked,
        one.staff,
        one.pressure,
    )
    assert risks(proven) == [risk for risk in risks(one) if risk != rules.NO_EVIDENCE]


@pytest.mark.parametrize(("age", "recent"), [(QUIET * 86400 - 1, True), (QUIET * 86400, False)])
def test_contact_data_is_recent_for_fourteen_days_to_the_second(age: int, recent: bool) -> None:
    changed = Facts((Evidence.CALL_BACK,), NOW - timedelta(seconds=age), *[False] * 4)
    assert bool(risks(changed)) is recent


def test_every_risk_says_why_in_a_sentence() -> None:
    everything = Facts((), NOW, True, True, True, True)
    for risk in (*risks(everything), rules.SECOND_UNLOCK):
        assert risk.words.endswith(".")
        assert risk.words[0].isupper()
    assert rules.contact_changed(QUIET) in risks(everything)
    assert str(QUIET) in rules.contact_changed(QUIET).words
