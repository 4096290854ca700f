"""``manage.py verify_events``: what it says, and the status with which it ends."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from securelogin import verification
from securelogin.events import Event
from securelogin.management.commands.verify_events import MOST_TOLD
from securelogin.models import AuditAnchor, SecurityEvent
from tests.securelogin.audit import as_the_owner, execute
from tests.securelogin.clock import AUTUMN, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
DAY = timedelta(days=1)
GOOD = "The audit trail is as it was written."


def run(*args: str) -> tuple[bool, list[str]]:
    """Whether it ended well, and what it said before."""
    out = StringIO()
    try:
        call_command("verify_events", *args, stdout=out)
        passed = True
    except CommandError:
        passed = False
    return passed, out.getvalue().splitlines()


@pytest.fixture
def events(jane: User, mallory: User, clock: Clock) -> list[SecurityEvent]:
    """Six events on three days, with their anchors."""
    rows = []
    for _ in range(3):
        rows += [
            SecurityEvent.objects.record(Event.RECORD_OPENED, user) for user in (jane, mallory)
        ]
        clock.shift(DAY)
        AuditAnchor.objects.make_due(timezone.now())
    return rows


def change(event: SecurityEvent) -> None:
    """As the owner of the table can."""
    with as_the_owner():
        SecurityEvent.objects.filter(pk=event.pk).update(kind=Event.PASSWORD_ACCEPTED)


def test_an_untouched_trail(events: list[SecurityEvent]) -> None:
    assert run() == (True, [GOOD])


def test_an_empty_trail() -> None:
    assert run() == (True, [GOOD])


def test_a_changed_event_is_named_by_number_and_reference(
    events: list[SecurityEvent], jane: User
) -> None:
    change(events[2])
    assert run() == (
        False,
        [
            f"client-{jane.pk}, event 2 ({events[2].reference}): was changed, or written by "
            "somebody without the key."
        ],
    )


def test_faults_end_with_status_one(events: list[SecurityEvent]) -> None:
    change(events[2])
    with pytest.raises(CommandError, match="is not as it was written") as error:
        call_command("verify_events", stdout=StringIO())
    assert error.value.returncode == 1


def test_one_client_alone(events: list[SecurityEvent], jane: User, mallory: User) -> None:
    change(events[2])
    assert run("--client", mallory.username) == (True, [GOOD])
    passed, told = run("--client", jane.username.upper())
    assert (passed, len(told)) == (False, 1)
    with pytest.raises(CommandError, match=r"no client with the user name nobody\.here"):
        call_command("verify_events", "--client", "nobody.here")


def test_what_is_older_can_be_taken_as_it_is(events: list[SecurityEvent]) -> None:
    change(events[0])
    days = [str((AUTUMN + number * DAY).date()) for number in range(4)]
    assert [run("--since", day)[0] for day in days] == [False, True, True, True]
    # The first event that is read is held against the one before it, which is not.
    change(events[2])
    assert [run("--since", day)[0] for day in days] == [False, False, True, True]


def test_a_gap_before_the_first_event_that_is_read(events: list[SecurityEvent], jane: User) -> None:
    with as_the_owner():
        SecurityEvent.objects.filter(pk=events[2].pk).delete()
    since = (AUTUMN + 2 * DAY).date()
    assert list(verification.event_faults(since=since)) == [
        f"client-{jane.pk}, event 2: is missing."
    ]


def test_a_clock_that_was_put_back_hides_nothing(
    events: list[SecurityEvent], jane: User, clock: Clock
) -> None:
    clock.move_to(AUTUMN - 5 * DAY)
    late = SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    change(late)
    clock.move_to(AUTUMN + 3 * DAY)
    passed, (told,) = run("--since", str((AUTUMN + 2 * DAY).date()))
    assert not passed
    assert late.reference in told


def test_a_dropped_trigger(events: list[SecurityEvent]) -> None:
    execute("DROP TRIGGER securelogin_securityevent_no_update")
    assert run() == (
        False,
        [
            "The trigger securelogin_securityevent_no_update is missing: rows of the audit trail "
            "can be changed."
        ],
    )


def test_lines_and_files_of_anchors_that_were_kept_outside(
    events: list[SecurityEvent], tmp_path: Path
) -> None:
    lines = [anchor.line for anchor in AuditAnchor.objects.all()]
    file = tmp_path / "anchors.txt"
    file.write_text("\n".join(lines) + "\n\n")
    assert run("--anchor", str(file), "--anchor", lines[0]) == (True, [GOOD])
    forged = lines[-1].replace("events=6", "events=5")
    passed, (told,) = run("--anchor", forged)
    assert not passed
    assert told.endswith("is not the one that was kept outside.")


@pytest.mark.parametrize("text", ["day=yesterday", "/no/such/file"])
def test_what_is_neither_a_line_nor_a_file(text: str) -> None:
    with pytest.raises(CommandError, match="neither an anchor's line nor a file"):
        call_command("verify_events", "--anchor", text)


def test_a_file_with_something_else(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("buy milk")
    with pytest.raises(CommandError, match="not the line of an anchor: buy milk"):
        call_command("verify_events", "--anchor", str(file))


def test_many_faults_are_told_in_part(jane: User) -> None:
    SecurityEvent.objects.bulk_create(
        SecurityEvent(kind=Event.RECORD_OPENED, user=jane) for _ in range(MOST_TOLD + 7)
    )
    with as_the_owner():
        SecurityEvent.objects.update(title="x")
    passed, told = run()
    assert not passed
    assert len(told) == MOST_TOLD + 1
    assert told[-1] == "... and 7 more."


def test_a_long_trail_takes_as_many_queries_and_as_much_memory(jane: User, mallory: User) -> None:
    queries, memory = [], []
    for more in (1500, 4500):
        SecurityEvent.objects.bulk_create(
            SecurityEvent(kind=Event.RECORD_OPENED, user=(jane, mallory)[number % 2])
            for number in range(more)
        )
        tracemalloc.start()
        with CaptureQueriesContext(connection) as asked:
            assert run() == (True, [GOOD])
        memory.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        queries.append(len(asked))
    assert queries[0] == queries[1]
    assert memory[1] < 1.5 * memory[0]  # of four times the events
