"""What `make demo` prints, and the people that it makes."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pyotp
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import Approval, risks_of
from securelogin.desk.roles import Role
from securelogin.desk.rules import ApprovalState
from securelogin.events import Event
from securelogin.lifecycle import Status
from securelogin.models import Failures, SecurityEvent
from securelogin.registry import device_type

pytestmark = pytest.mark.django_db
LINES = ["URL", "Username", "Password", "Temporary Code"]
CLIENTS = {
    "jane.sample",
    "max.muster",
    "erika.beispiel",
    "otto.normal",
    "zoe.vzorova",
    "lena.daheim",
}
KEY = "Authenticator key"


def run(folder: Path) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("demo", memory=folder / "codes.json", url="http://host", stdout=out)
    return out.getvalue()


def people(printed: str) -> dict[str, dict[str, str]]:
    """The lines of each person, by user name."""
    blocks = [dict(re.findall(r"^([\w ]+): (.+)$", block, re.M)) for block in printed.split("\n\n")]
    assert [[line for line in block if line != KEY] for block in blocks] == [LINES] * len(blocks)
    return {block["Username"]: block for block in blocks}


@pytest.fixture
def printed(tmp_path: Path) -> str:
    """The demo, as the first run prints it."""
    return run(tmp_path)


def test_it_prints_who_they_are_and_the_client_first(printed: str) -> None:
    told = people(printed)
    assert next(iter(told)) == "jane.sample"
    staff = {row.username: row.groups.get().name for row in User.objects.filter(is_staff=True)}
    assert sorted(staff.values()) == sorted([Role.AGENT, Role.SUPERVISOR, Role.AUDITOR])
    assert set(told) == {*staff, *CLIENTS}
    for name, lines in told.items():
        assert lines["URL"] == ("http://host/admin/" if name in staff else "http://host/")
        assert User.objects.get(username=name).check_password(lines["Password"])
    for name in {*staff, "jane.sample"}:
        assert re.fullmatch(r"\d{9}", told[name]["Temporary Code"])
    assert told["max.muster"]["Temporary Code"] == "none yet: the support agent issues it"


def test_it_prints_the_same_again_and_does_nothing(printed: str, tmp_path: Path) -> None:
    events = SecurityEvent.objects.count()
    assert run(tmp_path) == printed
    assert SecurityEvent.objects.count() == events
    assert User.objects.count() == len(people(printed))


def log_in(browser: Client, told: dict[str, str]) -> int:
    """The answer to the second step, taken with what was printed."""
    browser.post("/login/", {"username": told["Username"], "password": told["Password"]})
    done = browser.post("/login/verify/", {"temporary_code": told["Temporary Code"]})
    return int(done.status_code)


def test_the_client_and_the_staff_log_in_with_what_is_printed(printed: str) -> None:
    told = people(printed)
    for name in ("jane.sample", "sam.support", "susan.supervisor", "arno.auditor"):
        browser = Client()
        assert log_in(browser, told[name]) == 302, name
        assert browser.get("/admin/").status_code == (302 if name == "jane.sample" else 200)


def test_each_client_is_in_another_state(printed: str) -> None:
    now = timezone.now()
    clients = [name for name in people(printed) if name in CLIENTS]
    jane, max_, erika, otto, zoe, lena = (User.objects.get(username=name) for name in clients)
    assert jane.temporarycodes.get().status is Status.ACTIVE
    assert not SecurityEvent.objects.filter(user=max_).exists()
    card = erika.securitycards.get()
    assert (card.status, card.answered) == (Status.ACTIVE, 3)
    assert card.activated_at
    assert card.activated_at < now - timedelta(days=5)
    assert otto.temporarycodes.get().locked_until
    assert [risk.name for risk in risks_of(zoe, now, None)] == ["no_evidence", "contact_changed"]
    assert timedelta(days=3) <= now - zoe.phone_since < timedelta(days=4)
    assert lena.authenticatorapps.get().status is Status.ACTIVE
    for client in (jane, max_, erika, otto, lena):
        assert "contact_changed" not in {risk.name for risk in risks_of(client, now, None)}


def test_the_printed_key_makes_the_codes_of_the_authenticator_app(printed: str) -> None:
    told = people(printed)["lena.daheim"]
    browser = Client()
    browser.post("/login/", {"username": told["Username"], "password": told["Password"]})
    field = device_type("authenticator-app").load_answer_form().field_name  # type: ignore[union-attr]
    done = browser.post("/login/verify/", {field: pyotp.TOTP(told[KEY]).now()})
    assert done.status_code == 302
    assert browser.get("/home/").status_code == 200


def test_the_requests_of_before_are_on_record(printed: str) -> None:
    states = {row.client.username: row.state for row in Approval.objects.all()}
    assert states == {
        "otto.normal": ApprovalState.EXPIRED,
        "zoe.vzorova": ApprovalState.REFUSED,
    }
    assert not Approval.objects.waiting(timezone.now()).exists()


def test_what_happened_before_is_told_in_order_and_in_the_past(printed: str) -> None:
    now = timezone.now()
    for name in ("erika.beispiel", "otto.normal", "zoe.vzorova"):
        told = SecurityEvent.objects.filter(user__username=name).order_by("at")
        written = list(told.values_list("pk", flat=True))
        assert written == sorted(written)
        assert told[0].at < now - timedelta(days=1)
        last = told.last()
        assert last is not None
        assert last.at < now - timedelta(minutes=30)
    kinds = SecurityEvent.objects.filter(user__username="erika.beispiel")
    assert kinds.filter(kind=Event.SIGN_IN_COMPLETED).count() == 3


def test_a_locked_client_logs_in_once_the_lock_is_gone(printed: str) -> None:
    otto = people(printed)["otto.normal"]
    assert log_in(Client(), otto) == 429
    Failures.objects.all().delete()
    assert log_in(Client(), otto) == 302
