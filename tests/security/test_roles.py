"""The permission matrix: each role, each address of the desk, each kind of record."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.conf import policy
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import Failures, factor_key
from securelogin.temporary_code.issuing import ISSUE, ISSUE_ACTION, OVERRIDE
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.lasting import LASTING, own_device
from tests.security.breaking import state
from tests.security.cast import Persona, Route, routes, untouched
from tests.security.desk_table import RECORDS, ROLES, RULES

pytestmark = pytest.mark.django_db
STAFF = tuple(role for role in ROLES if role != "Client")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django")


def person(name: str, role: str) -> User:
    """Somebody in a role, or without one, with a device of the own of each type."""
    if role in set(Role):
        user = factories.make_staff(name, Role(role))
    else:
        rights = {"Client": {}, "Staff": {"is_staff": True}}
        others = {"is_staff": True, "is_superuser": True}
        user = factories.make_user(name, **rights.get(role, others))
    for config in LASTING:
        own_device(user, config=config)
    return user


def prepare(user: User, asker: User) -> Persona:
    """A record with everything that an address can name: devices, lock, open request."""
    code = user.temporarycodes.first() or factories.make_code(user)[0]
    card, _answers = factories.make_card(user, code=code, active=False)
    Approval.objects.ask(
        ISSUE_ACTION,
        user,
        requester=asker,
        check=None,
        risks=TemporaryCode.objects.risks(user, timezone.now(), None)[:1],
        details={"reason": "A", "ticket": "T-1", "note": ""},
        request_id=uuid.uuid4(),
    )
    for _ in range(policy().factor_attempts):
        Failures.objects.record(factor_key(user.pk), policy().factor_limit)
    return Persona("subject", Client(), user, user, card)


def addresses(subject: Persona) -> list[Route]:
    """Every address of the desk, about this record."""
    return [route for route in routes(subject) if route.of_admin]


def rule_name(route: Route) -> str:
    """The name of an address in the table."""
    return route.name.rpartition(":")[2]


def entries(route: Route) -> dict[str, str]:
    """What is right in the form of any address: only the role can be what is wrong."""
    reason = "client_asks" if "revoke" in route.name else "A"
    return {
        "do": "unlock" if "unlock" in route.name else "issue",
        "document": "passport",
        "document_seen": "in_person",
        "reason": reason,
        "ticket": "T-7",
        "decision": "approve",
        "request_id": str(uuid.uuid4()),
        "since": "2026-01-01",
        "until": "2026-01-02",
    }


def changes(before: list[Any], now: list[Any]) -> list[Any]:
    """What differs, but for sessions, and for the notes that somebody was refused or looked."""
    noted = Counter(dict.fromkeys((Event.ACTION_REFUSED, Event.RECORD_OPENED), 99))
    for part in (before, now):
        part[2] = part[2] - noted
        del part[5]
    return [pair for pair in zip(before, now, strict=True) if pair[0] != pair[1]]


def test_every_address_of_the_desk_has_a_row_in_the_table(jane: User) -> None:
    subject = Persona("subject", Client(), jane, jane)
    assert {rule_name(route) for route in addresses(subject)} == set(RULES)


@pytest.mark.parametrize("role", STAFF)
def test_each_role_reaches_exactly_what_the_table_says(role: str) -> None:
    me = person("me.sample", role)
    asker = person("asker.sample", "Supervisor")
    browser = factories.client_with_code(me)
    owners = {
        "own": me,
        "client": person("jane.sample", "Client"),
        "colleague": person("other.sample", "Agent"),
        "chief": person("root.sample", "Superuser"),
    }
    wrong = []
    for record in RECORDS:
        with untouched(browser):
            for route in addresses(prepare(owners[record], asker)):
                key = (rule_name(route), record)
                wanted, found = RULES[key[0]].expects(role, record), statuses(browser, route)
                if found != wanted:
                    wrong.append((*key, found, "instead of", wanted))
    assert wrong == []


def statuses(browser: Client, route: Route) -> tuple[int, int]:
    """Of a GET and of a POST. What is refused has changed nothing."""
    read = browser.get(route.path).status_code
    with untouched(browser):
        before = state()
        sent = browser.post(route.path, entries(route)).status_code
        if sent in {403, 404, 405}:
            assert changes(before, state()) == [], route
    return read, sent


def test_a_client_reaches_nothing_of_the_desk(jane: User, mallory: User) -> None:
    subject = prepare(mallory, person("asker.sample", "Supervisor"))
    browser = factories.client_with_code(jane)
    # Rights without being staff are worth nothing.
    jane.groups.add(factories.group_of(Role.SUPERVISOR))
    for route in addresses(subject):
        before = state()
        for response in (
            browser.get(route.path, follow=True),
            browser.post(route.path, entries(route), follow=True),
        ):
            assert [response.status_code, response.request["PATH_INFO"]] == [200, "/home/"], route
        assert changes(before, state()) == [], route


@pytest.mark.parametrize("role", STAFF)
def test_without_a_second_factor_no_role_reaches_anything(role: str, jane: User) -> None:
    subject = prepare(jane, person("asker.sample", "Supervisor"))
    me = person("me.sample", role)
    factories.make_code(me)
    pending, forced = Client(), Client()
    pending.post("/login/", {"username": me.username, "password": factories.PASSWORD})
    for route in addresses(subject):
        # A session that no device has opened is ended at once; so each time a new one.
        forced.force_login(me)
        before = state()
        for browser in (pending, forced):
            for response in (browser.get(route.path), browser.post(route.path, entries(route))):
                assert response.status_code == 302, route
                assert response["Location"].startswith(("/login/", "/logged-out/")), route
        assert changes(before, state()) == [], route


def test_nobody_decides_on_the_own_request() -> None:
    chief = person("root.sample", "Superuser")
    subject = prepare(person("jane.sample", "Client"), chief)
    browser = factories.client_with_code(chief)
    approval = subject.user.approvals.get()
    path = f"/admin/desk/approval/{approval.pk}/change/"
    assert browser.get(path).status_code == 403
    assert browser.post(path, {"decision": "approve", "reason": "Known"}).status_code == 403
    approval.refresh_from_db()
    assert approval.decided_at is None


@pytest.mark.parametrize("role", STAFF)
def test_a_right_that_is_taken_away_is_gone_at_the_next_click(role: str, jane: User) -> None:
    me = person("me.sample", role)
    browser = factories.client_with_code(me)
    page = f"/admin/accounts/user/{jane.pk}/change/"
    issue = f"/admin/temporary_code/temporarycode/issue/{jane.pk}/"
    before = [browser.get(path).status_code for path in (page, issue)]
    assert before == [
        RULES[name].expects(role, "client")[0]
        for name in (
            "accounts_user_change",
            "temporary_code_issue",
        )
    ]
    me.groups.clear()
    User.objects.filter(pk=me.pk).update(is_superuser=False)
    assert [browser.get(path).status_code for path in (page, issue)] == [403, 403]
    assert browser.post(issue, {"reason": "A", "ticket": "T-7"}).status_code == 403
    assert not jane.temporarycodes.exists()
    User.objects.filter(pk=me.pk).update(is_staff=False)
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")


def test_the_groups_have_the_rights_of_the_table_and_no_other() -> None:
    rights = {
        role: {
            f"{app}.{name}"
            for app, name in factories.group_of(role).permissions.values_list(
                "content_type__app_label", "codename"
            )
        }
        for role in Role
    }
    acting = {"desk.search_client", "desk.view_timeline", "desk.revoke_device"}
    acting |= {"desk.unlock_login", ISSUE}
    back = {"desk.export_timeline", "desk.view_figures"}
    assert rights == {
        Role.AGENT: acting,
        Role.SENIOR: acting | {"desk.approve_risky"},
        Role.SUPERVISOR: acting | back | {"desk.approve_risky", "desk.act_on_staff", OVERRIDE},
        Role.AUDITOR: back | {"desk.search_client", "desk.view_timeline"},
    }
