"""Whom the desk's one search field finds: a few clients, the exact ones first, never a list."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from accounts import search
from accounts.models import User
from securelogin.events import reference_in
from securelogin.models import SecurityEvent
from securelogin.registry import device_types

MOST_FOUND = 10
_BY_NAME = ("last_name", "first_name", "pk")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        clients: at most `MOST_FOUND`, those whom the term names exactly first.
        more: there are more than these.
        usable: the term has something to look for.
    """

    clients: list[User]
    more: bool = False
    usable: bool = True


def find(term: str) -> Found:
    """Clients by name, user name, e-mail, phone digits, serial of a device, or reference.

    Args:
        term: what an agent typed or pasted.
    """
    term = search.clean(term)
    needles = search.needles(term)
    if not needles:
        return Found([], usable=False)
    exact = User.objects.filter(_exactly(term)).order_by(*_BY_NAME)
    clients = list(exact[: MOST_FOUND + 1])
    if clients and "@" in term:
        # A whole address says whom the agent looks for.
        return Found(clients[:MOST_FOUND], more=len(clients) > MOST_FOUND)
    words = Q(*(Q(search_text__contains=needle) for needle in needles))
    others = User.objects.filter(words).exclude(pk__in=[client.pk for client in clients])
    clients += others.order_by(*_BY_NAME)[: MOST_FOUND + 1 - len(clients)]
    return Found(clients[:MOST_FOUND], more=len(clients) > MOST_FOUND)


def _exactly(term: str) -> Q:
    """Clients whom the term names as a whole."""
    named = Q(username=term.lower())
    if "@" in term:
        named |= Q(email__iexact=term) | Q(notify_email__iexact=term)
    pks: set[int] = set()
    for config in device_types():
        pks |= config.device_model.clients_by_serial(term)
    if reference := reference_in(term):
        events = SecurityEvent.objects.filter(reference=reference, user__isnull=False)
        pks |= set(events.order_by().values_list("user_id", flat=True))
    return named | Q(pk__in=pks) if pks else named
