"""``manage.py issue_temporary_code``: how the first member of staff gets in."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.lasting import held_device, own_device

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("issue_temporary_code", *args, stdout=out)
    return out.getvalue()


def test_it_prints_a_code_that_opens(sam: User) -> None:
    printed = run("sam.support")
    found = re.search(r"^Temporary Code: (\d{3} \d{3} \d{3})$", printed, re.MULTILINE)
    assert found
    assert "Full access until: " in printed
    assert "Card request until: " in printed
    response = factories.sign_in(Client(), sam, found[1])
    assert response["Location"] == "/home/"
    event = SecurityEvent.objects.get(kind="device:issued")
    assert (event.actor, event.detail) == (None, {"reason": "A", "ticket": "server"})


def test_it_forgives_capitals_in_the_user_name(sam: User) -> None:
    assert "Temporary Code" in run(" Sam.Support ")


def test_it_takes_reason_and_ticket(sam: User) -> None:
    run("sam.support", "--reason", "B", "--ticket", "T-42")
    code = TemporaryCode.objects.get()
    assert (code.reason, code.ticket, code.issued_by) == ("B", "T-42", None)


def test_it_keeps_to_policy_and_takes_an_override(sam: User) -> None:
    run("sam.support")
    with pytest.raises(CommandError, match=r"not_followed.*--override"):
        run("sam.support")
    assert TemporaryCode.objects.count() == 1
    assert "Temporary Code" in run("sam.support", "--override", "locked out of the server")


@pytest.mark.parametrize("active", [True, False])
def test_it_refuses_an_unknown_or_switched_off_user(sam: User, active: bool) -> None:
    User.objects.update(is_active=active)
    with pytest.raises(CommandError, match="no active user"):
        run("nobody" if active else "sam.support")
    assert not TemporaryCode.objects.exists()


def test_reason_a_puts_own_devices_on_hold_and_takes_nothing_lost(sam: User) -> None:
    phone = own_device(sam)
    with pytest.raises(CommandError, match="Only with --reason B"):
        run("sam.support", "--lost", phone.serial)
    run("sam.support")
    phone.refresh_from_db()
    assert phone.status is Status.ON_HOLD


def test_reason_b_ends_the_only_own_device(sam: User) -> None:
    phone = own_device(sam)
    run("sam.support", "--reason", "B")
    phone.refresh_from_db()
    assert phone.end_reason == EndReason.REPORTED_LOST


def test_of_several_own_devices_it_asks_for_serials(sam: User) -> None:
    phone, key, away = own_device(sam), own_device(sam), held_device(sam)
    with pytest.raises(CommandError, match="--lost SERIAL") as unclear:
        run("sam.support", "--reason", "B")
    for device in (phone, key, away):
        assert device.serial in str(unclear.value)
    run("sam.support", "--reason", "B", "--lost", phone.serial.lower(), "--lost", away.serial)
    for device, lost in ((phone, True), (key, False), (away, True)):
        device.refresh_from_db()
        assert (device.ended_at is not None) is lost


def test_it_knows_only_the_users_own_devices(sam: User, jane: User) -> None:
    own_device(sam)
    for serial in (own_device(jane).serial, "DEV-AAAA-AAAA", "nonsense"):
        with pytest.raises(CommandError, match="No such device"):
            run("sam.support", "--reason", "B", "--lost", serial)
    assert not TemporaryCode.objects.exists()
