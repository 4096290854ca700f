"""Everybody who can stand before the portal, and every address they can try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.models import User
from securelogin.registry import DeviceTypeConfig, device_types
from securelogin.security_card.models import SecurityCard
from tests import factories

LIST = "/settings/user/secure-login/"
CARD = f"{LIST}card/"
VISITORS = ("anonymous", "pending")
CLIENTS = ("code_full", "code_card_only", "card")
EVERYBODY = (*VISITORS, *CLIENTS, "staff")
# Views marked with Access.NONE: whoever adds one has to add it here as well.
PUBLIC = {
    "accounts:start",
    "accounts:help",
    "accounts:privacy",
    "accounts:forgotten",
    "accounts:reset_number",
    "accounts:reset_device",
    "accounts:reset_password",
    "accounts:login",
    "accounts:logout",
    "accounts:logged_out",
    "csp_report",
    "security_txt",
    "securelogin:authenticator_app:scan",
    "securelogin:authenticator_app:start",
    "securelogin:challenge",
    "securelogin:first_device",
    "securelogin:passkey:add",
    "securelogin:start_over",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern of the resolver, with its arguments filled in."""

    name: str
    path: str

    @property
    def of_admin(self) -> bool:
        """Whether it belongs to the desk."""
        return self.path.startswith("/admin/")


@dataclass(slots=True)
class Persona:
    """A browser in some state, the user behind it, and the devices that addresses name.

    They are the user's own; for staff, those of a client at the desk.
    """

    name: str
    client: Client
    user: User
    subject: User
    waiting: SecurityCard | None = None


def persona(name: str) -> Persona:
    """A browser in the state of that name, with a new user."""
    user = factories.make_user("jane.sample", first_name="Jane", last_name="Sample")
    if name == "staff":
        card, _answers = factories.make_card(user, active=False)
        agent = factories.make_staff("sam.support", first_name="Sam", last_name="Support")
        return Persona(name, factories.client_with_code(agent), agent, user, card)
    if name == "anonymous":
        return Persona(name, Client(), user, user)
    if name == "pending":
        factories.make_code(user)
        client = Client()
        client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
        return Persona(name, client, user, user)
    if name == "card":
        _card, answers = factories.make_card(user)
        client = Client()
        factories.sign_in(client, user, answers[1], "card_values")
    else:
        client = factories.client_with_code(user)
    client.post(CARD)
    if name == "code_card_only":
        for code in user.temporarycodes.all():
            factories.shift(code, timedelta(days=-3))
    waiting = SecurityCard.objects.of(user).filter(activated_at=None).get()
    return Persona(name, client, user, user, waiting)


@contextmanager
def untouched(client: Client) -> Iterator[None]:
    """Whatever the block does to the database and the cookies is taken back."""
    kept = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(kept)


def routes(who: Persona) -> list[Route]:
    """Every pattern of the portal, the desk's included, filled with what belongs to ``who``."""
    card_id = who.waiting.public_id if who.waiting else "AAAAAAAAAAAAAAAA"
    card = who.waiting.pk if who.waiting else 1
    code = who.subject.temporarycodes.values_list("pk", flat=True).last() or 1
    lasting = (config for config in device_types() if not config.device_model.interim)
    # The row that an address names, by the beginning of the address.
    rows = {
        **{f"/admin/{config.label}/": _newest(config, who.subject) for config in lasting},
        "/admin/temporary_code/temporarycode/issue/": who.subject.pk,
        "/admin/temporary_code/": code,
        "/admin/security_card/": card,
        "/admin/desk/": who.subject.approvals.values_list("pk", flat=True).last() or 1,
        "/admin/accounts/": who.subject.pk,
        "/": card,
    }
    found: list[Route] = []
    for name, route in _walk(get_resolver(), "/", ""):
        row = next(pk for start, pk in rows.items() if route.startswith(start))
        # The desk's only regular expressions: labels of apps, and "anything else".
        path = route.replace("^(?P<app_label>", "accounts/?(").replace("(?P<url>.*)$", "nothing/")
        path = re.sub(r"\?\(.*$", "", path)
        path = re.sub(r"<(\w+:)?card_id>", card_id, path)
        path = re.sub(r"<(\w+:)?slug>", "security-card", path)
        path = re.sub(r"<(\w+:)?which>", "email", path)
        found.append(Route(name, re.sub(r"<[^>]+>", str(row), path)))
    return found


def _newest(config: DeviceTypeConfig, user: User) -> int:
    """The primary key of the user's newest device of a type; any where there is none."""
    found = config.device_model.objects.of(user).order_by("pk")
    return int(found.values_list("pk", flat=True).last() or 1)


def _walk(resolver: URLResolver, prefix: str, space: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route, f"{space}{entry.namespace}:" if entry.namespace else "")
        else:
            yield f"{space}{entry.name}", route
