"""The desk sees states. No page, filter, search or history of it answers a question on a secret."""

from __future__ import annotations

import logging
import uuid

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from securelogin.desk.admin import ReadOnlyAdmin
from securelogin.desk.models import Approval
from securelogin.desk.rules import NO_EVIDENCE
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.registry import device_types
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, details
from tests import factories
from tests.securelogin.contract import same_for_everybody
from tests.securelogin.lasting import LASTING, own_device
from tests.security.breaking import state

TABLES = (
    "accounts/user",
    "desk/approval",
    "securelogin/securityevent",
    *(f"{config.label}/{config.model_name.lower()}" for config in device_types()),
)


@pytest.fixture
def desk(sam: User, caplog: pytest.LogCaptureFixture) -> Client:
    """The browser of somebody at the desk with every right there is."""
    caplog.set_level(logging.CRITICAL, logger="django")
    sam.is_superuser = True
    sam.save()
    return factories.client_with_code(sam)


def waiting_request(client: User) -> Approval:
    """A request for approval about this client."""
    return Approval.objects.ask(
        ISSUE_ACTION,
        client,
        requester=factories.make_staff("asker.sample"),
        check=None,
        risks=[NO_EVIDENCE],
        details=details(Reason.AWAY, "T-1", ""),
        request_id=uuid.uuid4(),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "question"),
    [
        ("accounts/user/?q=jane", "password__startswith={}"),
        ("accounts/user/?q=jane", "is_superuser={}"),
        ("accounts/user/?q=jane", "temporarycodes__digest__gt={}"),
        ("accounts/user/?q=jane", "sessions__session_key__startswith={}"),
        ("securelogin/securityevent/?group=", "user__password__startswith={}"),
        ("securelogin/securityevent/?group=", "digest__startswith={}"),
        ("securelogin/securityevent/?group=", "chain={}"),
        ("desk/approval/?o=1", "check_row__check_digest__gt={}"),
        ("desk/approval/?o=1", "client__password__startswith={}"),
    ],
)
def test_it_answers_no_question_about_a_column_that_it_does_not_show(
    desk: Client, jane: User, page: str, question: str
) -> None:
    factories.make_card(jane)
    waiting_request(jane)
    plain = desk.get(f"/admin/{page}")
    assert plain.status_code == 200
    assert b"ane" in plain.content
    # Neither a right guess nor a wrong one changes anything: the question is not heard.
    for guess in ("md5", "bcrypt", "0", "1"):
        asked = desk.get(f"/admin/{page}&{question.format(guess)}")
        assert same_for_everybody(asked.content) == same_for_everybody(plain.content), guess


def test_it_has_the_read_only_pages_and_no_other() -> None:
    pages = {model._meta.label_lower.replace(".", "/") for model in admin.site._registry}
    assert pages == set(TABLES)
    assert all(issubclass(type(page), ReadOnlyAdmin) for page in admin.site._registry.values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["password_change/", "password_change/done/", "logout/", "r/1/1/", "jsi18n/x", "doc/"],
)
def test_it_has_no_doors_of_its_own(desk: Client, path: str) -> None:
    for response in (desk.get(f"/admin/{path}"), desk.post(f"/admin/{path}")):
        assert response.status_code == 404, path


@pytest.mark.django_db
def test_its_login_leads_to_the_portals(desk: Client, jane: User) -> None:
    assert Client().get("/admin/login/?next=/admin/")["Location"].startswith("/login/?")
    assert Client().post("/admin/login/", {"username": "x"})["Location"].startswith("/login/")
    browser = factories.client_with_code(jane)
    assert browser.get("/admin/login/?next=//evil.example/")["Location"] == "/home/"
    assert desk.get("/admin/login/?next=//evil.example/")["Location"] == "/home/"


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?app_label=accounts&model_name=user&field_name=id&term=j"])
def test_it_completes_no_names(desk: Client, jane: User, query: str) -> None:
    assert desk.get(f"/admin/autocomplete/{query}").status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_added_changed_or_deleted_by_a_raw_form(
    desk: Client, jane: User, table: str
) -> None:
    factories.make_card(jane)
    request = waiting_request(jane)
    rows = {
        "accounts/user": jane,
        "desk/approval": request,
        "securelogin/securityevent": SecurityEvent.objects.first(),
        "security_card/securitycard": jane.securitycards.get(),
        "temporary_code/temporarycode": jane.temporarycodes.get(),
        **{
            f"{one.label}/{one.model_name.lower()}": own_device(jane, config=one) for one in LASTING
        },
    }
    row = rows[table]
    assert row is not None
    before = state()
    changed = {"username": "x", "serial": "x", "approved": "on", "kind": "x", "post": "yes"}
    for page in ("add/", f"{row.pk}/", f"{row.pk}/delete/", f"{row.pk}/history/"):
        for response in (desk.get(f"/admin/{table}/{page}"), desk.post(f"/admin/{table}/{page}")):
            assert response.status_code == 404, page
    # The desk's own pages of that name are no raw forms.
    sent = desk.post(f"/admin/{table}/{row.pk}/change/", changed)
    assert sent.status_code in {404, 405, 422}
    action = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    assert desk.post(f"/admin/{table}/", action).status_code in {404, 405}
    assert state() == before


@pytest.mark.django_db
def test_it_keeps_no_log_of_its_own(desk: Client, jane: User) -> None:
    """The timeline is the one record: Django's would repeat names and forms without a chain."""
    card, _answers = factories.make_card(jane)
    page = f"/admin/security_card/securitycard/{card.pk}/revoke/"
    assert desk.post(page, {"reason": "lost"}).status_code == 302
    assert not LogEntry.objects.exists()
    kinds = SecurityEvent.objects.filter(kind=Event.DEVICE_ENDED, device=card.persistent_id)
    assert kinds.get().detail["note"] == "lost"
