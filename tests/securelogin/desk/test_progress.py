"""The way from the code to the card or back to the own device, read from the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk.progress import KINDS, Progress, Step, progress
from securelogin.events import Event

START = datetime(2025, 10, 24, 12, 5, tzinfo=UTC)
CLIENT, AGENT = 7, 1
CODE, CARD, NEWER, OWN = "code/1", "card/1", "card/2", "own/1"


@dataclass(frozen=True)
class Line:
    """A row of the audit trail, as the rule sees it."""

    kind: str
    device: str = CODE
    actor_id: int | None = CLIENT
    at: datetime = START
    user_id: int | None = CLIENT


def told(*lines: Line) -> Progress[Line] | None:
    """The progress after these lines, one a minute."""
    minutes = (START + timedelta(minutes=number) for number in range(len(lines)))
    return progress(
        (
            Line(line.kind, line.device, line.actor_id, at)
            for line, at in zip(lines, minutes, strict=True)
        ),
        lambda line: line.device == OWN,
    )


def done(*lines: Line) -> list[Step]:
    """The steps that are done after an issue and these lines."""
    found = told(ISSUED, *lines)
    assert found is not None
    return [step for step, event in found.steps.items() if event]


def trouble(*lines: Line) -> str | None:
    """What went wrong since the latest step."""
    found = told(ISSUED, *lines)
    assert found is not None
    return found.trouble.kind if found.trouble else None


ISSUED = Line(Event.DEVICE_ISSUED, actor_id=AGENT)
LOGGED_IN = Line(Event.SIGN_IN_COMPLETED)
REQUESTED = Line(Event.DEVICE_ISSUED, CARD)
SHOWN = Line(Event.DEVICE_SHOWN, CARD)
KEPT = Line(Event.DEVICE_KEPT, CARD)
NOT_SEEN = Line(Event.DEVICE_NOT_SEEN_KEPT, CARD)
ACTIVE = Line(Event.DEVICE_ACTIVATED, CARD)
WRONG_DIGITS = Line(Event.DEVICE_ACTIVATION_REFUSED, CARD)
WRONG_CODE = Line(Event.SIGN_IN_REFUSED)
WRONG_PASSWORD = Line(Event.PASSWORD_REFUSED, "", None)
WAY = [LOGGED_IN, REQUESTED, SHOWN, KEPT, ACTIVE]
STEPS = [Step.LOGGED_IN, Step.SHOWN, Step.KEPT, Step.ACTIVE]


def test_without_an_issue_there_is_nothing_to_follow() -> None:
    assert told() is None
    assert told(LOGGED_IN, REQUESTED, SHOWN) is None


@pytest.mark.parametrize(
    ("lines", "steps"),
    [(0, 0), (1, 1), (2, 1), (3, 2), (4, 3), (5, 4)],
)
def test_the_steps_come_one_after_the_other(lines: int, steps: int) -> None:
    assert done(*WAY[:lines]) == STEPS[:steps]


def test_an_issue_by_the_server_counts_as_one() -> None:
    found = told(Line(Event.DEVICE_ISSUED, actor_id=None), LOGGED_IN)
    assert found is not None
    assert found.steps[Step.LOGGED_IN]


def test_it_begins_anew_with_the_next_code() -> None:
    found = told(ISSUED, *WAY, Line(Event.DEVICE_ISSUED, "code/2", AGENT))
    assert found is not None
    assert found.issued.device == "code/2"
    assert not any(found.steps.values())


def test_a_login_with_another_device_is_no_step() -> None:
    assert done(Line(Event.SIGN_IN_COMPLETED, "card/0")) == []


def test_a_copy_that_was_seen_after_all_counts_more() -> None:
    found = told(ISSUED, LOGGED_IN, REQUESTED, SHOWN, NOT_SEEN, KEPT)
    assert found is not None
    kept = found.steps[Step.KEPT]
    assert kept is not None
    assert kept.kind == Event.DEVICE_KEPT
    assert done(LOGGED_IN, REQUESTED, SHOWN, NOT_SEEN) == STEPS[:3]


def test_only_the_newest_card_counts() -> None:
    assert done(LOGGED_IN, REQUESTED, SHOWN, KEPT, Line(Event.DEVICE_ISSUED, NEWER)) == STEPS[:1]


@pytest.mark.parametrize("wrong", [WRONG_CODE, WRONG_PASSWORD, Line(Event.LOGIN_LOCKED)])
def test_trouble_is_told_until_the_next_step_is_done(wrong: Line) -> None:
    assert trouble(wrong) == wrong.kind
    assert trouble(wrong, LOGGED_IN) is None


def test_wrong_digits_are_told_until_the_card_is_active() -> None:
    assert trouble(*WAY[:4], WRONG_DIGITS) == Event.DEVICE_ACTIVATION_REFUSED
    assert trouble(*WAY[:4], WRONG_DIGITS, ACTIVE) is None
    assert trouble(*WAY, WRONG_PASSWORD) is None


def test_the_end_of_another_device_is_no_trouble() -> None:
    assert trouble(Line(Event.DEVICE_ENDED, "card/0")) is None
    assert trouble(Line(Event.DEVICE_ENDED)) == Event.DEVICE_ENDED


# The other end -----------------------------------------------------------------------------------


BACK = Line(Event.DEVICE_REACTIVATED, OWN)
ADDED = Line(Event.DEVICE_ACTIVATED, OWN)
OWN_LOGIN = Line(Event.SIGN_IN_COMPLETED, OWN)
CODE_ENDED = Line(Event.DEVICE_ENDED)


@pytest.mark.parametrize("own", [BACK, ADDED, OWN_LOGIN])
@pytest.mark.parametrize("before", range(6))
def test_an_own_device_in_use_is_a_good_end_from_anywhere(own: Line, before: int) -> None:
    lines = [*WAY[:before], own]
    assert done(*lines)[-1] is Step.OWN_DEVICE
    found = told(ISSUED, *lines, CODE_ENDED, WRONG_PASSWORD)
    assert found is not None
    assert None not in found.steps.values(), "nothing is left open"
    assert found.trouble is None


def test_the_first_sign_of_the_own_device_is_told() -> None:
    found = told(ISSUED, LOGGED_IN, BACK, OWN_LOGIN)
    assert found is not None
    event = found.steps[Step.OWN_DEVICE]
    assert event is not None
    assert event.kind == Event.DEVICE_REACTIVATED
    assert list(found.steps) == [Step.LOGGED_IN, Step.OWN_DEVICE]


def test_an_own_device_of_before_the_code_is_no_step() -> None:
    found = told(OWN_LOGIN, ADDED, BACK, ISSUED)
    assert found is not None
    assert list(found.steps) == STEPS
    assert not any(found.steps.values())


def test_a_wrong_answer_at_taking_it_back_is_told_and_its_end_is_not() -> None:
    assert trouble(LOGGED_IN, Line(Event.SIGN_IN_REFUSED, OWN)) == Event.SIGN_IN_REFUSED
    assert trouble(LOGGED_IN, Line(Event.SIGN_IN_REFUSED, OWN), BACK) is None
    assert trouble(LOGGED_IN, Line(Event.DEVICE_ENDED, OWN)) is None


lines = st.builds(
    Line,
    st.sampled_from(sorted(KINDS)),
    st.sampled_from([CODE, CARD, NEWER, OWN, ""]),
    st.sampled_from([CLIENT, AGENT, None]),
)


@given(st.lists(lines, max_size=12))
def test_whatever_happened_every_step_is_told_and_none_is_older_than_the_issue(
    happened: list[Line],
) -> None:
    found = told(*happened)
    issues = [line for line in happened if line.kind == Event.DEVICE_ISSUED]
    assert (found is None) is all(line.actor_id == CLIENT for line in issues)
    if found:
        kept = [step for step in (*STEPS, Step.OWN_DEVICE) if step in found.steps]
        assert list(found.steps) == kept
        assert found.steps.get(Step.OWN_DEVICE) or kept == STEPS
        events = [found.trouble, *found.steps.values()]
        assert all(event.at > found.issued.at for event in events if event)
