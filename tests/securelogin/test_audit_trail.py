"""How events come into their chains: in order, signed, at the price of one more statement."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from securelogin import verification
from securelogin.chain import SIGNED, START, digest_of
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories

pytestmark = pytest.mark.django_db
NEW = ("new", bytes(range(200, 232)))


def chain(name: str) -> list[SecurityEvent]:
    """The events of a chain, in order."""
    return list(SecurityEvent.objects.filter(chain=name).order_by("sequence"))


def faults() -> list[str]:
    """What is wrong with all events."""
    return list(verification.event_faults())


def test_each_client_has_a_chain(jane: User, mallory: User) -> None:
    for user in (jane, mallory, jane, jane):
        SecurityEvent.objects.record(Event.RECORD_OPENED, user)
    assert [event.sequence for event in chain(f"client-{jane.pk}")] == [1, 2, 3]
    assert [event.sequence for event in chain(f"client-{mallory.pk}")] == [1]


def test_every_column_but_the_rows_number_is_signed() -> None:
    """A column that is added later has to be signed too."""
    columns = {field.attname for field in SecurityEvent._meta.concrete_fields}
    assert columns - set(SIGNED) == {"id", "digest"}


def test_each_digest_is_over_the_one_before(jane: User, settings: Settings) -> None:
    _code, _digits = factories.make_code(jane)
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane, actor=jane, note="ä \n ✓", times=3)
    before = START
    for event in chain(f"client-{jane.pk}"):
        key_id, key = settings.AUDIT_KEYS[0]
        columns = {name: getattr(event, name) for name in SIGNED}
        assert event.key_id == key_id
        assert bytes(event.digest) == digest_of(key, columns, before)
        before = bytes(event.digest)


def test_what_the_portal_wrote_is_without_a_fault(jane: User, mallory: User) -> None:
    _card, answers = factories.make_card(jane)
    client = Client()
    client.post("/login/", {"username": "no.such.name", "password": "x"})
    client.post("/login/", {"username": mallory.username, "password": "x"})
    factories.sign_in(client, jane, answers[1], "card_values")
    client.post("/logout/")
    assert SecurityEvent.objects.count() >= 8
    assert faults() == []


def test_an_unknown_user_name_goes_to_a_chain_of_its_network() -> None:
    for last in (1, 1, 2):
        Client(REMOTE_ADDR=f"198.51.{last}.77").post(
            "/login/", {"username": "no.such.name", "password": "x"}
        )
    chains = list(SecurityEvent.objects.order_by("pk").values_list("chain", "sequence"))
    assert {name.partition("-")[0] for name, _sequence in chains} == {"nobody"}
    assert chains[1] == (chains[0][0], 2)
    assert chains[2][0] != chains[0][0]


def test_recording_takes_two_statements(jane: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "INSERT"]


def test_the_place_in_the_chain_is_found_in_an_index(jane: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        plan = str(cursor.fetchall())
    assert "USING INDEX" in plan
    assert "(chain=?)" in plan
    assert "TEMP B-TREE" not in plan  # nothing is sorted


def test_a_taken_place_is_left_to_who_took_it(jane: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers read the same last event; the second finds its place taken, and reads again."""
    rows = SecurityEvent.objects.all()
    read, turns = rows._last_of, []

    def overtaken(name: str) -> tuple[int, bytes]:
        last = read(name)
        turns.append(last[0])
        if len(turns) == 1:
            SecurityEvent.objects.record(Event.PASSWORD_ACCEPTED, jane)
        return last

    monkeypatch.setattr(rows, "_last_of", overtaken)
    event = rows.record(Event.RECORD_OPENED, jane)
    assert turns == [0, 1]
    assert event.sequence == 2
    assert SecurityEvent.objects.get(pk=event.pk) == event
    assert faults() == []


def test_a_change_that_is_taken_back_leaves_no_gap(jane: User) -> None:
    with transaction.atomic():
        SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
        transaction.set_rollback(True)
    assert SecurityEvent.objects.record(Event.RECORD_OPENED, jane).sequence == 1
    assert faults() == []


def test_rows_in_bulk_are_chained_too(jane: User, mallory: User) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    SecurityEvent.objects.bulk_create(
        SecurityEvent(kind=Event.PASSWORD_ACCEPTED, user=user)
        for user in (jane, mallory, None, jane)
    )
    assert [event.sequence for event in chain(f"client-{jane.pk}")] == [1, 2, 3]
    assert SecurityEvent.objects.filter(user=None).get().chain.startswith("nobody-")
    assert faults() == []


def test_a_row_outside_of_every_chain_is_refused(jane: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SecurityEvent.objects.create(kind=Event.RECORD_OPENED, user=jane)


def test_a_row_without_a_digest_is_told(jane: User) -> None:
    SecurityEvent(kind=Event.RECORD_OPENED, user=jane, chain="client-1", sequence=1).save()
    (fault,) = faults()
    assert fault.startswith("client-1, event 1 (")
    assert fault.endswith("): has no digest: it was not written by the portal.")


def test_a_new_key_signs_and_the_old_one_still_verifies(jane: User, settings: Settings) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    old = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = (NEW, *old)
    event = SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    assert event.key_id == "new"
    assert faults() == []
    settings.AUDIT_KEYS = (NEW,)
    (fault,) = faults()
    assert "'test-e', which AUDIT_KEYS does not have" in fault


def test_the_trail_outlives_the_device_it_tells_of(jane: User) -> None:
    card, _answers = factories.make_card(jane)
    SecurityCard.objects.filter(pk=card.pk).delete()
    assert faults() == []
