"""The card's row: what it keeps, what it never keeps, and its 111 sign-ins."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from securelogin import keys
from securelogin.events import Event
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.security_card.challenge import PAIRS, Pair
from securelogin.security_card.making import hash_answers
from securelogin.security_card.models import SecurityCard
from securelogin.verdict import Verdict
from tests import factories
from tests.securelogin.clock import AUTUMN, SECOND, Clock
from tests.securelogin.contract import is_inside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
RECORD = 48


def stored(row: SecurityCard) -> dict[str, Any]:
    """All columns as they are in the database."""
    return dict(SecurityCard.objects.filter(pk=row.pk).values().get())


def use(row: SecurityCard, *, answered: int) -> None:
    """Make as if so many pairs had been answered."""
    SecurityCard.objects.filter(pk=row.pk).update(answered=answered)
    row.refresh_from_db()


def test_it_keeps_one_salted_hash_for_each_pair_and_no_value(jane: User) -> None:
    row, answers = factories.make_card(jane, active=False)
    packed = bytes(row.answers)
    records = [packed[at : at + RECORD] for at in range(0, len(packed), RECORD)]
    assert [len(record) for record in records] == [RECORD] * 112
    assert len({record[:16] for record in records}) == 112
    columns = stored(row)
    del columns["created_at"], columns["activate_by"]
    text = repr(columns)
    assert not [answer for answer in answers if answer in text]
    assert sorted(bytes(row.order)) == list(range(1, 225))


def test_its_hashes_stay_in_the_data_base_until_an_answer_is_verified(jane: User) -> None:
    factories.make_card(jane)
    assert SecurityCard.objects.get().get_deferred_fields() == {"answers"}
    assert not SecurityCard.objects.all().for_verification().get().get_deferred_fields()


def test_the_first_copy_that_was_kept_is_remembered(jane: User) -> None:
    row, _answers = factories.make_card(jane, active=False)
    row.keep(SecurityCard.Kept.PDF)
    row.keep(SecurityCard.Kept.PRINT)
    assert stored(row)["kept"] == row.kept == SecurityCard.Kept.PDF
    told = SecurityEvent.objects.filter(kind=Event.DEVICE_KEPT).order_by("pk")
    assert [event.detail for event in told] == [{"how": "pdf"}, {"how": "print"}]


def test_each_hash_is_the_keyed_hash_of_its_answer(settings: Settings) -> None:
    answers = [f"{number:06}" for number in range(PAIRS)]
    packed = hash_answers(answers, b"K" * 32, keys.cost_in_use())
    for number, answer in enumerate(answers):
        record = packed[number * RECORD : (number + 1) * RECORD]
        assert keys.matches(answer, record[:16], b"K" * 32, keys.cost_in_use(), record[16:])
        assert not keys.matches(answer, record[:16], b"L" * 32, keys.cost_in_use(), record[16:])


def test_it_has_a_serial_an_address_and_initials_of_its_own(jane: User, mallory: User) -> None:
    first, _answers = factories.make_card(jane)
    second, _answers = factories.make_card(mallory)
    assert (first.initials, second.initials) == ("J. S.", "M. M.")
    assert first.serial != second.serial
    assert first.public_id != second.public_id
    assert len(first.public_id) == 16
    assert str(first) == f"Online Security Code Card ending {first.serial[-4:]}"


def test_a_client_has_one_active_and_one_waiting_card_at_most(jane: User) -> None:
    active, _answers = factories.make_card(jane)
    for changes in ({}, {"activated_at": None}):
        columns = stored(active) | changes
        columns |= {"id": None, "serial": "OSC-3333-3333", "public_id": "x"}
        if changes:
            SecurityCard.objects.create(**columns)
            columns |= {"serial": "OSC-4444-4444", "public_id": "y"}
        with pytest.raises(IntegrityError), transaction.atomic():
            SecurityCard.objects.create(**columns)


@pytest.mark.parametrize("after", [timedelta(days=21) - SECOND, timedelta(days=21)])
def test_it_works_for_21_days_to_the_second(jane: User, clock: Clock, after: timedelta) -> None:
    row, answers = factories.make_card(jane)
    assert row.expires_at == AUTUMN + timedelta(days=21)
    # 14:05 in summer time; after the clocks went back it is 13:05 by the clocks of Zurich.
    assert row.what_it_may_do == "Full access until 14 November 2025, 13:05 (Zurich time)."
    clock.shift(after)
    alive = after < timedelta(days=21)
    assert row.status is (Status.ACTIVE if alive else Status.ENDED)
    assert row.verify_token(answers[1]) is alive


def test_it_signs_in_111_times_with_a_pair_each_and_never_again(jane: User, clock: Clock) -> None:
    row, answers = factories.make_card(jane)
    asked: set[Pair] = set()
    for number in range(1, 112):
        clock.shift(timedelta(minutes=1))
        pair = row.pair
        assert pair is not None
        assert pair not in asked
        asked.add(pair)
        assert row.logins_left == 112 - number
        assert row.verify_token(answers[number]), number
    assert row.logins_left == 0
    assert row.pair is None
    row.refresh_from_db()
    for answer in answers:
        assert not row.verify_token(answer)
        assert row.verdict is Verdict.ENDED
    assert row.attempts_left == 10


def test_the_last_sign_in_opens_a_session_that_lasts(jane: User) -> None:
    row, answers = factories.make_card(jane)
    use(row, answered=111)
    client = Client()
    factories.sign_in(client, jane, answers[111], "card_values")
    assert is_inside(client)
    assert is_inside(client)


def test_after_the_last_sign_in_the_next_one_is_told_to_call(jane: User, clock: Clock) -> None:
    row, answers = factories.make_card(jane)
    use(row, answered=111)
    factories.sign_in(Client(), jane, answers[111], "card_values")
    response = factories.sign_in(Client(), jane, answers[111], "card_values")
    assert response.status_code == 200
    assert "Call Client Services" in response.content.decode()
    clock.shift(timedelta(hours=9))
    call_command("run_jobs", stdout=StringIO())
    row.refresh_from_db()
    assert row.end_reason == EndReason.USED_UP
    assert row.end_reason_label == "used up"


def test_a_card_with_an_answer_left_may_rest(jane: User, clock: Clock) -> None:
    row, answers = factories.make_card(jane)
    use(row, answered=110)
    factories.sign_in(Client(), jane, answers[110], "card_values")
    clock.shift(timedelta(days=2))
    call_command("run_jobs", stdout=StringIO())
    row.refresh_from_db()
    assert (row.end_reason, row.logins_left) == ("", 1)


@pytest.mark.parametrize(("answered", "left"), [(91, 20), (106, 5)])
def test_few_sign_ins_left_are_told_once(jane: User, answered: int, left: int) -> None:
    row, answers = factories.make_card(jane)
    use(row, answered=answered)
    row.verify_token(answers[answered])
    row.verify_token(answers[answered + 1])
    (notice,) = jane.notices.filter(kind="card_logins_left")
    assert notice.context["logins_left"] == left
    assert notice.context["title"] == row.title


def test_no_warning_is_a_choice_that_breaks_nothing(settings: Settings, jane: User) -> None:
    settings.SECURELOGIN = {"logins_left_warnings": [], "card_reminder_days": []}
    row, answers = factories.make_card(jane)
    use(row, answered=110)
    client = Client()
    assert factories.sign_in(client, jane, answers[110], "card_values").status_code == 302
    call_command("run_jobs", stdout=StringIO())
    assert not jane.notices.filter(kind="card_logins_left").exists()
