"""Each day's anchor: what it covers, and what is found out through it that no chain can tell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from securelogin import verification
from securelogin.anchors import SETTLED_AFTER
from securelogin.events import Event
from securelogin.models import AuditAnchor, SecurityEvent
from tests.securelogin.audit import as_the_owner
from tests.securelogin.clock import AUTUMN, SECOND, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
FIRST = AUTUMN.date()
MIDNIGHT = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=1)


def write(*users: User) -> list[SecurityEvent]:
    """An event for each."""
    return [SecurityEvent.objects.record(Event.RECORD_OPENED, user) for user in users]


def make() -> list[date]:
    """The days of the anchors that are made now."""
    return [anchor.day for anchor in AuditAnchor.objects.make_due(timezone.now())]


def faults(since: date | None = None) -> list[str]:
    """What the anchors say now."""
    return list(verification.anchor_faults(timezone.now(), since))


@pytest.fixture
def week(jane: User, mallory: User, clock: Clock) -> list[SecurityEvent]:
    """Two events on each of five days, and an anchor for each of the days."""
    events = []
    for number in range(5):
        events += write(jane, mallory)
        clock.move_to(MIDNIGHT + timedelta(days=number) + SETTLED_AFTER)
        assert make() == [FIRST + timedelta(days=number)]
    assert faults() == []
    return events


def test_a_day_is_closed_once_all_that_was_begun_in_it_is_done(jane: User, clock: Clock) -> None:
    write(jane)
    clock.move_to(MIDNIGHT)
    write(jane)
    clock.move_to(MIDNIGHT + SETTLED_AFTER - SECOND)
    assert make() == [FIRST - timedelta(days=1)]  # the day before the first event: empty
    clock.shift(SECOND)
    assert make() == [FIRST]
    assert make() == []
    assert AuditAnchor.objects.get(day=FIRST).events == 1


def test_an_empty_trail_has_no_anchor() -> None:
    assert make() == []
    assert faults() == []


def test_days_on_which_no_job_ran_are_closed_later(jane: User, clock: Clock) -> None:
    write(jane)
    clock.shift(timedelta(days=1))
    make()
    clock.shift(timedelta(days=3))
    assert make() == [FIRST + timedelta(days=number) for number in (1, 2, 3)]
    assert faults() == []


def test_jobs_make_anchors(jane: User, clock: Clock) -> None:
    write(jane)
    clock.shift(timedelta(days=1))
    call_command("run_jobs", stdout=(out := StringIO()))
    assert "audit anchors made: 1" in out.getvalue().splitlines()


def test_an_anchor_covers_what_was_written_since_the_one_before(week: list[SecurityEvent]) -> None:
    anchors = AuditAnchor.objects.order_by("day")
    assert [anchor.events for anchor in anchors] == [2, 4, 6, 8, 10]
    assert [anchor.until for anchor in anchors] == [event.pk for event in week[1::2]]


def test_an_end_that_was_cut_off_is_found(week: list[SecurityEvent]) -> None:
    """No chain shows it: what is left of each is without a fault."""
    with as_the_owner():
        SecurityEvent.objects.filter(pk__in=[event.pk for event in week[-3:]]).delete()
    assert list(verification.event_faults()) == []
    days = [FIRST + timedelta(days=number) for number in (3, 4)]
    assert faults() == [
        f"Anchor of {days[0]}: 2 events were signed since the anchor before, 1 are there.",
        f"Anchor of {days[1]}: 2 events were signed since the anchor before, 0 are there.",
    ]


def test_a_client_that_never_was_is_found(week: list[SecurityEvent], mallory: User) -> None:
    with as_the_owner():
        SecurityEvent.objects.filter(user=mallory).delete()
    assert list(verification.event_faults()) == []
    assert len(faults()) == 5


def test_a_chain_that_was_signed_anew_is_found(week: list[SecurityEvent]) -> None:
    """By somebody who has the key, so that no chain shows it."""
    event = week[5]
    event.title = "x"
    before = SecurityEvent.objects.get(chain=event.chain, sequence=event.sequence - 1)
    event.link(before.sequence, bytes(before.digest))
    after = week[7]
    after.link(event.sequence, bytes(event.digest))
    last = week[9]
    last.link(after.sequence, bytes(after.digest))
    with as_the_owner():
        for row in (event, after, last):
            row.save()
    assert list(verification.event_faults()) == []
    assert len(faults()) == 3
    assert faults()[0] == (
        f"Anchor of {FIRST + timedelta(days=2)}: it was changed, or the events since the anchor "
        "before are not those it signed."
    )


@pytest.mark.parametrize(("column", "value"), [("digest", b"x" * 32), ("until", 7)])
def test_an_anchor_that_was_changed_is_found(
    week: list[SecurityEvent], column: str, value: object
) -> None:
    second = FIRST + timedelta(days=1)
    with as_the_owner():
        AuditAnchor.objects.filter(day=second).update(**{column: value})
    assert any(fault.startswith(f"Anchor of {second}") for fault in faults())


@pytest.mark.parametrize(
    ("removed", "told"), [((1, 2), "2025-10-25 to 2025-10-26"), ((4,), "2025-10-28")]
)
def test_an_anchor_that_was_removed_is_missed(
    week: list[SecurityEvent], clock: Clock, removed: tuple[int, ...], told: str
) -> None:
    with as_the_owner():
        days = [FIRST + timedelta(days=number) for number in removed]
        AuditAnchor.objects.filter(day__in=days).delete()
    clock.shift(timedelta(hours=1))
    missing = f"Anchor of {told}: is missing. Either run_jobs did not run, or it was removed."
    assert missing in faults()


def test_anchors_that_were_never_made_are_missed(jane: User, clock: Clock) -> None:
    write(jane)
    clock.move_to(MIDNIGHT + timedelta(minutes=59))
    assert faults() == []
    clock.shift(timedelta(minutes=1))
    assert [fault.split(":")[0] for fault in faults()] == [f"Anchor of {FIRST}"]


def test_what_is_older_can_be_taken_as_it_is(week: list[SecurityEvent]) -> None:
    with as_the_owner():
        SecurityEvent.objects.filter(pk=week[0].pk).update(title="x")
        AuditAnchor.objects.filter(day=FIRST).update(events=3)
    assert faults(since=FIRST + timedelta(days=2)) == []
    assert faults() != []


def test_a_new_key_signs_and_the_old_one_still_verifies(
    week: list[SecurityEvent], jane: User, clock: Clock, settings: Settings
) -> None:
    old = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = (("new", bytes(range(200, 232))), *old)
    write(jane)
    clock.shift(timedelta(days=1))
    make()
    assert AuditAnchor.objects.order_by("day").last().key_id == "new"  # type: ignore[union-attr]
    assert faults() == []
    settings.AUDIT_KEYS = settings.AUDIT_KEYS[:1]
    assert len([fault for fault in faults() if "AUDIT_KEYS does not have" in fault]) == 5


# Kept outside -----------------------------------------------------------------------------


def exported(day: date | None = None) -> str:
    """What the command prints."""
    options = {"day": day} if day else {}
    call_command("audit_anchor", stdout=(out := StringIO()), **options)
    return out.getvalue().strip()


def test_the_line_of_the_last_day_is_printed(week: list[SecurityEvent]) -> None:
    line = exported()
    last = FIRST + timedelta(days=4)
    assert verification.day_of(line) == last
    assert line.startswith(f"day={last} events=10 until={week[-1].pk} key=test-e digest=")
    assert verification.day_of(exported(FIRST)) == FIRST


def test_without_an_anchor_there_is_nothing_to_print() -> None:
    with pytest.raises(CommandError, match="no anchor yet"):
        exported()
    with pytest.raises(CommandError, match="no anchor of 2025-10-24 yet"):
        exported(FIRST)


@pytest.mark.parametrize("text", ["", "day=2025-10-24", "day=2025-99-99 events=1 until=1 key=k x"])
def test_another_text_is_no_line_of_an_anchor(text: str) -> None:
    assert verification.day_of(text) is None
    assert verification.day_of(f"{text} digest={'0' * 64}") is None


def test_whoever_has_the_key_too_is_found_by_the_line_kept_outside(
    week: list[SecurityEvent], clock: Clock
) -> None:
    """Both cut off and written anew with the right key: only the paper tells."""
    line = exported()
    with as_the_owner():
        SecurityEvent.objects.filter(pk=week[-1].pk).delete()
        AuditAnchor.objects.filter(day=FIRST + timedelta(days=4)).delete()
    make()
    assert faults() == []
    assert list(verification.event_faults()) == []
    assert list(verification.exported_faults([line])) == [
        f"Anchor of {FIRST + timedelta(days=4)}: is not the one that was kept outside."
    ]


def test_a_line_of_a_day_that_is_gone_is_told(week: list[SecurityEvent]) -> None:
    line = exported()
    assert list(verification.exported_faults([line, f"  {line}\n"])) == []
    with as_the_owner():
        AuditAnchor.objects.all().delete()
    assert list(verification.exported_faults([line])) == [
        f"Anchor of {FIRST + timedelta(days=4)}: was kept outside and is not in the data base."
    ]
