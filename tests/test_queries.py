"""Each page asks the database a fixed number of times, however many clients there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories

LIST = "/settings/user/secure-login/"
FEW, MANY = 10, 10_000

Page = Callable[[Client], object]
PAGES: dict[str, tuple[Page, int]] = {
    "start": (lambda client: client.get("/"), 3),
    "home": (lambda client: client.get("/home/"), 6),
    "user settings": (lambda client: client.get("/settings/user/"), 7),
    "own sessions": (lambda client: client.get("/settings/user/sessions/"), 6),
    "contact data": (lambda client: client.get("/settings/user/contact/"), 4),
    "device list": (lambda client: client.get(LIST), 5),
    "desk start": (lambda client: client.get("/admin/"), 5),
    "desk search": (lambda client: client.get("/admin/accounts/user/?q=client"), 12),
    "desk client": (lambda client: client.get(f"/admin/accounts/user/{client_id()}/change/"), 17),
    "desk live": (lambda client: client.get(f"/admin/accounts/user/{client_id()}/progress/"), 7),
}


def client_id() -> int:
    """The client whose record the desk opens."""
    return User.objects.get(username="client0").pk


def populate(first: int, last: int) -> None:
    """Clients with an active card each, in bulk."""
    now = timezone.now()
    users = [
        User(username=f"client{number}", first_name="Client", last_name=f"No{number:05}")
        for number in range(first, last)
    ]
    for user in users:
        user.search_text = user.searchable
    User.objects.bulk_create(users)
    SecurityCard.objects.bulk_create(
        SecurityCard(
            user=user,
            serial=f"T{user.pk:011}",
            requested_with=f"temporary_code.temporarycode/{user.pk}",
            activated_at=now,
            expires_at=now + timedelta(days=21),
            answered=1,
        )
        for user in users
    )


def count(client: Client) -> dict[str, int]:
    """Queries of each page, without those that open and close a transaction."""
    counts = {}
    for name, (page, _expected) in PAGES.items():
        with CaptureQueriesContext(connection) as queries:
            page(client)
        counts[name] = sum(
            not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))
            for query in queries
        )
    return counts


@pytest.mark.django_db
def test_the_number_of_queries_of_a_page_is_fixed(sam: User) -> None:
    client = factories.client_with_code(sam)
    populate(0, FEW)
    count(client)  # content types and permissions are read once for each process
    few = count(client)
    populate(FEW, MANY)
    assert count(client) == few
    assert few == {name: expected for name, (_page, expected) in PAGES.items()}
