"""The counter of a passkey: a copy that counts apart is refused, and told."""

from __future__ import annotations

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import User
from securelogin.desk.timeline import timeline_rows
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests.securelogin.contract import LATER, is_inside
from tests.securelogin.passkey.authenticator import Authenticator
from tests.securelogin.passkey.steps import after_password, make_passkey, prove

pytestmark = pytest.mark.django_db
WRONG = "Your passkey could not be confirmed. Try again, or use another way."


def signing(authenticator: Authenticator, count: int) -> Authenticator:
    """The same, its next answer with this count."""
    authenticator.count = count - authenticator.counts
    return authenticator


@pytest.mark.parametrize("count", [7, 6, 1, 0])
def test_one_that_does_not_go_forward_is_a_copy(jane: User, count: int) -> None:
    passkey, authenticator = make_passkey(jane, Authenticator(count=7))
    client = after_password(jane)
    refused = prove(client, signing(authenticator, count))
    assert refused.status_code == 422
    assert WRONG in refused.content.decode()
    assert not is_inside(client)
    passkey.refresh_from_db()
    assert passkey.sign_count == 7
    assert passkey.cloned_at is not None
    assert "may have been copied" in passkey.desk_note
    assert passkey.attempts_left == 9


def test_the_owner_and_the_desk_are_told(jane: User) -> None:
    _passkey, authenticator = make_passkey(jane, Authenticator(count=7), "My key")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _try in range(2):
            prove(after_password(jane), signing(authenticator, 7))
            clock.shift(LATER * 2)
    event = SecurityEvent.objects.filter(kind=Event.SIGN_IN_REFUSED).earliest("pk")
    assert event.detail == {"failures": 1, "verdict": "cloned"}
    [row] = timeline_rows([event], jane)
    assert row.needs_look
    assert "Passkey My key (1 of 10), its counter went backwards" in row.what
    # Once a day, whatever a thief does.
    assert Notice.objects.filter(user=jane, kind="passkey_cloned").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_mail_says_what_to_do(jane: User) -> None:
    _passkey, authenticator = make_passkey(jane, Authenticator(count=7), "My key")
    mail.outbox.clear()
    prove(after_password(jane), signing(authenticator, 3))
    [sent] = mail.outbox
    assert sent.subject == "A copy of your passkey may have been used"
    assert "Passkey My key" in str(sent.body)
    assert "Please call Client Services" in str(sent.body)


def test_a_wrong_signature_is_no_sign_of_a_copy(jane: User) -> None:
    """SECURITY: else anybody with the password could cry wolf."""
    passkey, authenticator = make_passkey(jane, Authenticator(count=7))
    stranger = Authenticator(credential_id=authenticator.credential_id, handle=authenticator.handle)
    prove(after_password(jane), stranger)
    passkey.refresh_from_db()
    assert passkey.cloned_at is None
    assert not Notice.objects.filter(kind="passkey_cloned").exists()


def test_one_that_goes_forward_by_leaps_is_right(jane: User) -> None:
    passkey, authenticator = make_passkey(jane, Authenticator(count=7))
    assert prove(after_password(jane), signing(authenticator, 2**32 - 1)).status_code == 302
    passkey.refresh_from_db()
    assert passkey.sign_count == 2**32 - 1


def test_one_without_a_counter_is_right_each_time(jane: User) -> None:
    """Synced passkeys have none: theirs stays 0."""
    _passkey, authenticator = make_passkey(jane, Authenticator(counts=False, may_sync=True))
    for _login in range(2):
        assert prove(after_password(jane), authenticator).status_code == 302


@pytest.mark.parametrize(
    ("may_sync", "synced", "transports", "words"),
    [
        (False, False, ["usb", "nfc"], "security key"),
        (False, False, ["internal"], "on one device"),
        (False, False, [], "on one device"),
        (True, False, ["internal"], "may be synced"),
        (True, True, ["hybrid"], "synced"),
    ],
)
def test_the_desk_sees_what_kind_it_is(
    jane: User, may_sync: bool, synced: bool, transports: list[str], words: str
) -> None:
    passkey, _authenticator = make_passkey(jane)
    passkey.may_sync, passkey.synced, passkey.transports = may_sync, synced, transports
    assert passkey.desk_note == f"{words}, person verified"
