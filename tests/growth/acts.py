"""What clients, staff and the jobs do, one step after the other: each step is measured.

A step is yielded and has to be carried out before the next is asked for. The steps have the same
names for every client and at every size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock

from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import password_reset
from accounts.models import User
from securelogin import batches
from securelogin.management.commands.run_jobs import changes, deletable
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.accounts.forgetful import DEVICE, NUMBER, PASSWORD, START
from tests.accounts.mailbox import Postman, number_for
from tests.growth.loader import Filled

Step = tuple[str, Callable[[], Any]]
LIST = "/settings/user/secure-login/"
TIMELINE = "/admin/securelogin/securityevent/"
# Of many clients: the newest events are those of the few who are measured.
_FIRST, _LAST = (timezone.localdate() - timedelta(days=days) for days in (60, 30))
_DAYS = f"since={_FIRST}&until={_LAST}"


def answered(status: int, ask: Callable[[], Any]) -> Callable[[], Any]:
    """A request that has to be answered so, or nothing was measured."""

    def act() -> Any:
        response = ask()
        assert response.status_code == status, (response.status_code, response.request)
        return response

    return act


def opening(browser: Client, path: str) -> Callable[[], Any]:
    """Open a page."""
    return answered(200, partial(browser.get, path))


def sending(browser: Client, path: str, **fields: str) -> Callable[[], Any]:
    """Send a form that leads to another page."""
    return answered(302, partial(browser.post, path, fields))


def of_client(filled: Filled, number: int) -> Iterator[Step]:
    """A client with a card logs in, looks at every page, gets a new card, forgets the password."""
    user, browser = filled.holder(number), Client()
    yield "login page", opening(browser, "/login/")
    known = {"username": user.username, "password": factories.PASSWORD}
    yield "login: password", sending(browser, "/login/", **known)
    yield "second step page", opening(browser, "/login/verify/")
    card = SecurityCard.objects.of(user).open().get()
    right = {"card_values": filled.answers[card.answered]}
    yield "login: second step", sending(browser, "/login/verify/", **right)
    for name, path in (
        ("start page", "/"),
        ("home", "/home/"),
        ("user settings", "/settings/user/"),
        ("own sessions", "/settings/user/sessions/"),
        ("contact data", "/settings/user/contact/"),
        ("password page", "/settings/user/password/"),
        ("devices", LIST),
        ("device: cancel page", f"{LIST}cancel/security-card/{card.pk}/"),
    ):
        yield name, opening(browser, path)
    yield from _new_card(user, browser)
    row = SecurityCard.objects.of(user).open().latest("pk")
    answers = factories.answers_of(browser, row)
    yield "card: activation", sending(browser, _path(row, "activate/"), card_values=answers[0])
    yield "card: confirmation", opening(browser, _path(row, "active/"))
    yield "log out", sending(browser, "/logout/")
    yield from _forgotten(user, answers[1])


def _path(row: SecurityCard, page: str = "") -> str:
    return f"{LIST}card/{row.public_id}/{page}"


def _new_card(user: User, browser: Client) -> Iterator[Step]:
    yield "card: request", sending(browser, f"{LIST}card/")
    row = SecurityCard.objects.of(user).filter(activated_at=None).open().get()
    yield "card: shown", opening(browser, _path(row))
    yield "card: picture", opening(browser, _path(row, "image.png"))
    yield "card: PDF", opening(browser, _path(row, "card.pdf"))
    yield "card: text", opening(browser, _path(row, "text/"))
    yield "card: continue", sending(browser, _path(row, "continue/"), kept="none")
    yield "card: activation page", opening(browser, _path(row, "activate/"))


def _forgotten(user: User, answer: str) -> Iterator[Step]:
    browser = Client()
    yield "reset page", opening(browser, START)
    with mock.patch.object(password_reset, "_postman", Postman()):
        yield "reset: ask", sending(browser, START, username=user.username)
    number = number_for(user.email)
    yield "reset: number", sending(browser, NUMBER, number=number)
    yield "reset: device page", opening(browser, DEVICE)
    yield "reset: device", sending(browser, DEVICE, card_values=answer)
    new = {"password": "four unrelated teapots"}
    yield "reset: new password", sending(browser, PASSWORD, **new)
    mail.outbox.clear()


def of_desk(filled: Filled, number: int, desk: Client) -> Iterator[Step]:
    """A supervisor finds a client by whatever the caller says, and opens every page."""
    client = filled.holder(number)
    card = SecurityCard.objects.of(client).open().get()
    event = SecurityEvent.objects.filter(user=client)[7]
    terms = {
        "user name": client.username,
        "e-mail": client.email,
        "phone": client.phone,
        "full name": f"{client.first_name} {client.last_name}",
        "last name": client.last_name,
        "serial": card.serial,
        "short serial": card.short_serial,
        "reference": event.reference,
        "nobody's name": "Zacharias Quist",
    }
    yield "desk: start", opening(desk, "/admin/")
    for name, term in terms.items():
        ask = partial(desk.get, "/admin/accounts/user/", {"q": term})
        yield f"desk: search by {name}", answered(200, ask)
    one = f"/admin/accounts/user/{client.pk}/"
    pages = {
        "client": f"{one}change/",
        "live status": f"{one}progress/",
        "unlock page": f"{one}unlock/",
        "issue page": f"/admin/temporary_code/temporarycode/issue/{client.pk}/",
        "revoke page": f"/admin/security_card/securitycard/{card.pk}/revoke/",
        "approvals": "/admin/desk/approval/",
        "timeline": f"{TIMELINE}?{_DAYS}",
        "timeline of a client": f"{TIMELINE}?client={client.pk}",
        "timeline of an agent": f"{TIMELINE}?staff=agent7",
        "timeline of logins": f"{TIMELINE}?group=logins&{_DAYS}",
        "timeline of cards": f"{TIMELINE}?group=security-card&{_DAYS}",
        "figures": f"{TIMELINE}figures/",
    }
    for name, path in pages.items():
        yield f"desk: {name}", opening(desk, path)
    yield "desk: code issued", partial(factories.make_code, client)


def of_jobs() -> Iterator[Step]:
    """Each step of ``run_jobs`` when all that was due is done."""
    now = timezone.now()
    for name, step in changes(now).items():
        yield f"job: {name}", step
    for name, rows in deletable(now).items():
        yield f"job: {name} deleted", partial(batches.delete, rows)
