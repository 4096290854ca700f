"""The audit trail: what is written, from where, and that it stays as it was written."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.db.models import ProtectedError
from django.test import Client

from accounts.models import User
from securelogin.events import Event, reference_in
from securelogin.models import SecurityEvent, new_reference
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import TemporaryCode
from tests import factories

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.mark.parametrize("event", Event)
def test_every_event_has_a_name_and_words_of_its_own(event: Event) -> None:
    assert re.fullmatch(r"[a-z_]+:[a-z_]+", event.value)
    assert len(event.value) <= 40
    assert [other for other in Event if other.label == event.label] == [event]


def test_a_reference_can_be_said_on_the_phone() -> None:
    drawn = {new_reference() for _ in range(300)}
    assert len(drawn) > 290
    assert all(re.fullmatch(r"[ACDEFHJKLMNPQRTWXY]\d-\d{4}", reference) for reference in drawn)


@pytest.mark.parametrize(
    "typed", ["A7-2210", "a7-2210", "A72210", " a7 2210 ", "A7\u20112210", "Ａ７－２２１０"]
)
def test_a_typed_reference_is_forgiven_case_and_hyphens(typed: str) -> None:
    assert reference_in(typed) == "A7-2210"


@pytest.mark.parametrize("typed", ["", "A7-221", "A7-22100", "77-2210", "AA-2210", "A7-22I0", "é"])
def test_what_is_no_reference_is_none(typed: str) -> None:
    assert reference_in(typed) == ""


@pytest.mark.django_db
def test_an_event_keeps_who_what_and_which_device(jane: User, sam: User) -> None:
    code, _digits = TemporaryCode.objects.issue(
        jane,
        by=sam,
        reason=Reason.AWAY,
        ticket="T-1",
        request_id=uuid4(),
        check=factories.make_check(sam, jane),
    )
    event = SecurityEvent.objects.get(kind=Event.DEVICE_ISSUED)
    assert (event.user, event.actor, event.device) == (jane, sam, code.persistent_id)
    assert event.title == "Temporary Code"
    assert event.detail == {"reason": "A", "ticket": "T-1", "evidence": "document"}
    assert str(event) == f"{event.reference} Issued"


@pytest.mark.django_db
def test_an_event_of_a_request_keeps_its_network_and_browser(jane: User) -> None:
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="198.51.100.77")
    client.post("/login/", {"username": "jane.sample", "password": "wrong"})
    event = SecurityEvent.objects.get()
    assert (event.kind, event.user) == (Event.PASSWORD_REFUSED, jane)
    assert (event.network, event.browser) == ("198.51.100.0/24", "Firefox")


@pytest.mark.django_db
def test_an_event_outside_a_request_has_no_network(jane: User) -> None:
    Client(REMOTE_ADDR="198.51.100.77").get("/")
    event = SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    assert (event.network, event.browser) == ("", "")


@pytest.mark.django_db
def test_an_unknown_user_name_is_not_written_down() -> None:
    Client().post("/login/", {"username": "my-secret-passphrase", "password": "x"})
    event = SecurityEvent.objects.get()
    assert event.user is None
    written = str(SecurityEvent.objects.values().get())
    assert "my-secret-passphrase" not in written


@pytest.mark.django_db
def test_a_whole_sign_in_is_told_in_order(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client = Client()
    client.post("/login/", {"username": "jane.sample", "password": "wrong"})
    client.post("/login/", {"username": "jane.sample", "password": factories.PASSWORD})
    client.post("/login/verify/", {"temporary_code": digits})
    client.post("/logout/")
    told = SecurityEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(told) == [
        Event.DEVICE_ISSUED,
        Event.PASSWORD_REFUSED,
        Event.PASSWORD_ACCEPTED,
        Event.DEVICE_FIRST_USED,
        Event.SIGN_IN_COMPLETED,
        Event.LOGGED_OUT,
    ]


@pytest.mark.django_db
def test_a_client_with_a_history_cannot_be_deleted(jane: User) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    with pytest.raises(ProtectedError):
        jane.delete()


@pytest.mark.django_db
def test_nobody_changes_an_event_at_the_desk(jane: User, sam: User) -> None:
    sam.is_superuser = True
    sam.save()
    client = factories.client_with_code(sam)
    event = SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    table = "/admin/securelogin/securityevent/"
    for page in (f"{event.pk}/change/", f"{event.pk}/delete/", f"{event.pk}/history/", "add/"):
        assert client.get(f"{table}{page}").status_code in {403, 404}, page
        posted = client.post(f"{table}{page}", {"title": "x", "post": "yes"})
        assert posted.status_code in {403, 404}, page
    action = {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    assert client.post(table, action).status_code in {200, 302, 403, 405}
    event.refresh_from_db()
    assert event.title == ""
