"""Browsers in every state that has pages of its own, and those pages, for `bench_pages`."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from accounts.models import User
from securelogin.desk.roles import Role
from tests import factories
from tests.securelogin.authenticator_app import apps

LIST = "/settings/user/secure-login/"
CARD = f"{LIST}card/"
CLIENTS = "/admin/accounts/user/"


class Browsers:
    """One of each kind, with a person of its own.

    Attributes:
        visitor: nobody.
        code: logged in with a Temporary Code.
        card: logged in with a card.
        app: logged in with an authenticator app.
        waiting: logged in with a code; shows a card that waits for activation, at `shown`.
        half: between the password and the second step.
        agent: at the desk.
        superuser: who may open the admin of the bare site.
        shown: the address of the card.
        client: whose record the desk opens.
    """

    def __init__(self) -> None:
        """Make the people and log them in."""
        self.visitor = Client()
        self.code = factories.client_with_code(_user("code"))
        card_holder = _user("card")
        _card, answers = factories.make_card(card_holder)
        self.card = Client()
        factories.sign_in(self.card, card_holder, answers[1], "card_values")
        app_user = _user("app")
        self.app = apps.client_with_app(app_user, apps.make_app(app_user, "my phone"))
        self.waiting = factories.client_with_code(_user("waiting"))
        self.shown = self.waiting.post(CARD)["Location"]
        self.half = apps.after_password(card_holder)
        agent = factories.make_staff("page.agent", Role.SUPERVISOR)
        self.agent = factories.client_with_code(agent)
        self.superuser = factories.make_user("page.root", is_staff=True, is_superuser=True)
        self.client = card_holder


def _user(kind: str) -> User:
    return factories.make_user(
        f"page.{kind}", first_name="Paula", last_name="Page", phone="+41 44 555 01 02"
    )


# In whose browser, at which address, and with which status it is answered.
Place = tuple[Callable[[Browsers], Client], Callable[[Browsers], str], int]


def _at(browser: str, path: str, status: int = 200) -> Place:
    return lambda all_: getattr(all_, browser), lambda _all: path, status


def _shown(step: str = "", status: int = 200) -> Place:
    return lambda all_: all_.waiting, lambda all_: f"{all_.shown}{step}", status


_SIGNED_IN = {
    "home": "/home/",
    "User Settings": "/settings/user/",
    "device list": LIST,
    "own sessions": "/settings/user/sessions/",
    "contact data": "/settings/user/contact/",
    "password": "/settings/user/password/",
    "help": "/help/",
}
CLIENT_PAGES: dict[str, Place] = {
    "start": _at("visitor", "/"),
    "login": _at("visitor", "/login/"),
    "forgotten password": _at("visitor", "/login/forgotten/"),
    "logged out": _at("visitor", "/logged-out/"),
    "help": _at("visitor", "/help/"),
    "privacy": _at("visitor", "/privacy/"),
    "second step": _at("half", "/login/verify/"),
    **{
        f"{name}, with {article} {device}": _at(device, path)
        for name, path in _SIGNED_IN.items()
        for article, device in (("a", "code"), ("a", "card"), ("an", "app"))
    },
    "card": _shown(),
    "card as text": _shown("text/"),
    "card kept?": _shown("have-you-kept-it/"),
    "card activation": _shown("activate/"),
    "card discarded?": _shown("discard/"),
    "not found, visitor": _at("visitor", "/nowhere/", 404),
    "not found, with a card": _at("card", "/nowhere/", 404),
    "wrong method, with a card": _at("card", "/logout/", 405),
}
DESK_PAGES: dict[str, Place] = {
    "desk: start": _at("agent", "/admin/"),
    "desk: search": _at("agent", f"{CLIENTS}?q=Paula"),
    "desk: client": (
        lambda all_: all_.agent,
        lambda all_: f"{CLIENTS}{all_.client.pk}/change/",
        200,
    ),
    "desk: timeline": _at("agent", "/admin/securelogin/securityevent/"),
    "desk: approvals": _at("agent", "/admin/desk/approval/"),
    "desk: figures": _at("agent", "/admin/securelogin/securityevent/figures/"),
}
