"""A client's page: where the client stands, what may be done, and not one thing too much."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from securelogin.conf import policy
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.roles import Role
from securelogin.desk.rules import PRESSURE
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Failures, SecurityEvent, factor_key
from securelogin.temporary_code.issuing import ISSUE_ACTION
from tests import factories
from tests.accounts.desk.conftest import Open
from tests.securelogin.clock import Clock

DAY = timedelta(days=1)
ACTIONS = ("Issue Temporary Code", "Revoke", "Unlock login")


def path(client: User) -> str:
    """The page of a client."""
    return reverse("admin:accounts_user_change", args=[client.pk])


def words(text: str) -> str:
    """What a page says, on one line."""
    body = text[text.index("<main") : text.index("</main>")]
    return " ".join(re.sub("<[^>]+>", " ", re.sub("</?(bdi|b|a)\\b[^>]*>", "", body)).split())


def lock(client: User) -> None:
    """Too many wrong answers."""
    Failures.objects.create(
        key=factor_key(client.pk), count=policy().factor_attempts, last_failed_at=timezone.now()
    )


def offered(text: str) -> list[str]:
    """The actions on a page."""
    links = " ".join(re.findall(r"<a [^>]*>([^<]*)</a>", text[text.index("<main") :]))
    return [action for action in ACTIONS if action in links]


# Who it is --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_names_the_client_and_masks_the_rest(opened: Open, jane: User) -> None:
    jane.phone = "+41 44 555 01 01"
    jane.save()
    text = opened(jane)
    assert "<title>Jane Sample | Support desk</title>" in text
    said = words(text)
    assert "Jane Sample j•••••e Client since" in said
    assert "j•••@m•••.example, on file since" in said
    assert "••• 101, on file since" in said
    for hidden in (jane.username, jane.email, jane.phone, "5550101", jane.password):
        assert hidden not in text


@pytest.mark.django_db
def test_the_way_back_is_short(opened: Open, jane: User) -> None:
    crumbs = re.search(r'class="breadcrumbs">(.*?)</div>', opened(jane), re.DOTALL)
    assert crumbs is not None
    said = re.sub("<[^>]+>", " ", crumbs[1].replace("&rsaquo;", ">"))
    assert " ".join(said.split()) == "Desk > Jane Sample"


@pytest.mark.django_db
def test_hostile_names_are_only_text(opened: Open) -> None:
    evil = factories.make_user(
        "evil", first_name="<script>alert(1)</script>", last_name="{{ client.email }}"
    )
    text = opened(evil)
    assert "<script>alert" not in text
    assert "{{ client.email }}" in text


@pytest.mark.django_db
def test_fresh_contact_data_are_a_warning(opened: Open, jane: User) -> None:
    assert "second person" not in words(opened(jane))
    User.objects.filter(pk=jane.pk).update(phone_since=timezone.now() - 13 * DAY)
    said = words(opened(jane))
    assert "Phone changed 13 days ago: a second person must approve." in said
    assert "E-mail changed" not in said
    User.objects.filter(pk=jane.pk).update(phone_since=timezone.now() - 14 * DAY)
    assert "second person" not in words(opened(jane))


@pytest.mark.django_db
def test_a_second_address_is_shown_if_there_is_one_or_was_one_lately(
    opened: Open, jane: User
) -> None:
    assert "Second e-mail" not in words(opened(jane))
    User.objects.filter(pk=jane.pk).update(notify_email_since=timezone.now() - DAY)
    assert "Second e-mail changed 1 day ago" in words(opened(jane))
    long_ago = timezone.now() - 99 * DAY
    User.objects.filter(pk=jane.pk).update(
        notify_email="jane@other.test", notify_email_since=long_ago
    )
    assert "Second e-mail j•••@o•••.test, on file since" in words(opened(jane))


# What holds now ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_without_a_device_there_is_no_access(opened: Open, jane: User) -> None:
    said = words(opened(jane))
    assert "Access None: no device that could log in" in said
    assert "Security devices now None." in said


@pytest.mark.django_db
def test_a_code_is_shown_with_both_its_ends_in_both_zones(
    clock: Clock, opened: Open, jane: User, sam: User
) -> None:
    jane.time_zone = "Europe/London"
    jane.save()
    check = factories.make_check(sam, jane)
    code, _digits = factories.make_code(jane)
    type(code).objects.filter(pk=code.pk).update(issued_by=sam)
    check.close()
    said = words(opened(jane))
    full = "26 October 2025, 13:05 (Zurich time), for the client 12:05 (London time)"
    card = "5 November 2025, 13:05 (Zurich time), for the client 12:05 (London time)"
    assert f"Access Full until {full}; then only requesting a card, until {card}" in said
    assert f"Full access until {full} Card request until {card}" in said
    assert "Last used Not used yet" in said
    assert "24 October 2025, 14:05 (Zurich time), by Sam Support" in said
    assert "Sign-ins left" not in said
    clock.shift(3 * DAY)
    said = words(factories_open(sam, jane))
    assert f"Access Only requesting a card, until {card}" in said


def factories_open(agent: User, client: User) -> str:
    """The page in a new session of the agent."""
    return factories.client_with_code(agent).get(path(client)).content.decode()


@pytest.mark.django_db
def test_a_code_that_nobody_read_back_is_marked(jane: User, sam: User, clock: Clock) -> None:
    factories.make_code(jane)
    assert "Read back not confirmed" not in words(factories_open(sam, jane))
    clock.shift(policy().read_back_wait)
    assert "Read back not confirmed" in words(factories_open(sam, jane))


@pytest.mark.django_db
def test_a_card_tells_the_sign_ins_that_are_left(opened: Open, jane: User) -> None:
    card, _answers = factories.make_card(jane)
    type(card).objects.filter(pk=card.pk).update(answered=101)
    said = words(opened(jane))
    assert "Sign-ins left 11" in said
    assert f"{card.title} Active" in said


@pytest.mark.django_db
def test_what_is_over_is_told_in_the_desks_words(opened: Open, jane: User, sam: User) -> None:
    card, _answers = factories.make_card(jane)
    card.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    code, _digits = factories.make_code(jane)
    factories.shift(code, -30 * DAY)
    said = words(opened(jane))
    assert "Security devices that are over (3)" in said
    assert f"{card.title} Cancelled by the client" in said
    assert "Temporary Code Replaced" in said
    assert "Temporary Code Ended on time" in said
    assert "Security devices now None." in said


@pytest.mark.django_db
def test_a_lock_is_told_with_its_end(opened: Open, jane: User) -> None:
    assert "Locks None" in words(opened(jane))
    lock(jane)
    assert "Second step locked until" in words(opened(jane))


@pytest.mark.django_db
def test_a_pause_of_the_password_is_told_with_its_place(
    opened: Open, client: Client, jane: User
) -> None:
    for _ in range(policy().password_attempts):
        client.post("/login/", {"username": jane.username, "password": "wrong-one"})
    said = words(opened(jane))
    assert "Password entry paused for tries from 127.0.0.0/24, until" in said
    assert "Second step locked" not in said


@pytest.mark.django_db
def test_who_else_talks_to_the_client_is_told(opened: Open, jane: User, sam: User) -> None:
    IdentityCheck.objects.start(sam, jane)
    assert "is talking to this client" not in words(opened(jane))
    mia = factories.make_staff("mia.berg", first_name="Mia", last_name="Berg")
    IdentityCheck.objects.start(mia, jane)
    assert "Mia Berg is talking to this client, too, since" in words(opened(jane))


@pytest.mark.django_db
def test_a_request_for_approval_is_told_to_all_and_linked_for_who_may_decide(
    opened: Open, desk_of: Callable[[Role], Client], jane: User, sam: User
) -> None:
    senior = desk_of(Role.SENIOR)
    approval = Approval.objects.ask(
        ISSUE_ACTION,
        jane,
        requester=sam,
        check=None,
        risks=[PRESSURE],
        details={},
        request_id=uuid4(),
    )
    decide = reverse("admin:desk_approval_change", args=[approval.pk])
    assert "Waiting: Sam Support asked for approval" in words(opened(jane))
    assert decide not in opened(jane)
    assert decide in senior.get(path(jane)).content.decode()
    approval.decide(User.objects.get(username="senior.sample"), approve=True, reason="fine")
    assert "Approved: Sam Support asked" in words(opened(jane))
    assert decide not in senior.get(path(jane)).content.decode()
    Approval.objects.update(used_at=timezone.now())
    assert "asked for approval" not in words(opened(jane)).split("Latest events")[0]


# What may be done -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.AGENT, ACTIONS),
        (Role.SENIOR, ACTIONS),
        (Role.SUPERVISOR, ACTIONS),
        (Role.AUDITOR, ()),
    ],
)
def test_each_role_is_offered_what_it_may_do(
    desk_of: Callable[[Role], Client], jane: User, role: Role, expected: tuple[str, ...]
) -> None:
    factories.make_card(jane)
    lock(jane)
    assert offered(desk_of(role).get(path(jane)).content.decode()) == list(expected)


@pytest.mark.django_db
def test_unlock_is_offered_only_where_something_is_locked(opened: Open, jane: User) -> None:
    assert offered(opened(jane)) == ["Issue Temporary Code"]
    lock(jane)
    assert offered(opened(jane)) == ["Issue Temporary Code", "Unlock login"]


@pytest.mark.django_db
def test_nobody_acts_on_the_own_record(opened: Open, sam: User) -> None:
    text = opened(sam)
    assert "This is your own record." in text
    assert offered(text) == []


@pytest.mark.django_db
def test_only_a_supervisor_acts_on_staff(
    opened: Open, desk_of: Callable[[Role], Client], mallory: User
) -> None:
    User.objects.filter(pk=mallory.pk).update(is_staff=True)
    factories.make_card(mallory)
    assert offered(opened(mallory)) == []
    text = desk_of(Role.SUPERVISOR).get(path(mallory)).content.decode()
    assert offered(text) == ["Issue Temporary Code", "Revoke"]


@pytest.mark.django_db
def test_nothing_is_done_for_an_account_that_is_not_active(opened: Open, jane: User) -> None:
    factories.make_card(jane)
    lock(jane)
    User.objects.filter(pk=jane.pk).update(is_active=False)
    text = opened(jane)
    assert "The account is not active" in text
    assert "Access None" in words(text)
    assert offered(text) == []


# What is on record ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_opened_record_is_on_record(desk: Client, jane: User, sam: User) -> None:
    desk.get(path(jane))
    desk.get(path(jane))
    desk.head(path(jane))
    events = SecurityEvent.objects.filter(kind=Event.RECORD_OPENED)
    assert [(event.user, event.actor) for event in events] == [(jane, sam)] * 2


@pytest.mark.django_db
def test_a_record_that_may_not_be_opened_is_not(jane: User) -> None:
    desk = factories.client_with_code(factories.make_user("new.colleague", is_staff=True))
    assert desk.get(path(jane)).status_code == 403
    assert desk.get(path(User(pk=10**30))).status_code == 403
    assert not SecurityEvent.objects.filter(kind=Event.RECORD_OPENED).exists()


@pytest.mark.django_db
def test_there_is_no_record_of_nobody_and_nothing_to_change(desk: Client, jane: User) -> None:
    assert desk.get(path(User(pk=jane.pk + 999))).status_code == 404
    assert desk.get(path(User(pk=10**30))).status_code == 404
    assert desk.post(path(jane), {"username": "x"}).status_code == 405
    for page in ("add/", f"{jane.pk}/delete/", f"{jane.pk}/history/", f"{jane.pk}/"):
        assert desk.get(f"/admin/accounts/user/{page}").status_code == 404


@pytest.mark.django_db
def test_the_latest_ten_events_are_shown_without_the_visits_of_staff(
    desk: Client, jane: User
) -> None:
    for _ in range(12):
        SecurityEvent.objects.record(Event.LOGGED_OUT, jane, actor=jane)
    for _ in range(3):
        text = desk.get(path(jane)).content.decode()
    latest = words(text).split("Latest events")[1]
    assert latest.count("Logged out") == 10
    assert "Record opened" not in latest
    assert f"{reverse('admin:securelogin_securityevent_changelist')}?client={jane.pk}" in text


@pytest.mark.django_db
def test_more_devices_and_events_cost_no_more_queries(desk: Client, jane: User) -> None:
    factories.make_card(jane)
    with CaptureQueriesContext(connection) as few:
        desk.get(path(jane))
    for number in range(5):
        colleague = factories.make_staff(f"colleague{number}")
        code, _digits = factories.make_code(jane)
        type(code).objects.filter(pk=code.pk).update(issued_by=colleague)
        SecurityEvent.objects.record(Event.NUMBER_SHOWN, jane, actor=colleague)
    with CaptureQueriesContext(connection) as many:
        desk.get(path(jane))
    assert len(many) == len(few)
