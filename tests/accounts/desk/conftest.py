"""The desk's browser of each role, and what it shows of a client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.temporary_code.models import TemporaryCode
from tests import factories

Open = Callable[[User], str]


@pytest.fixture
def desk(sam: User) -> Client:
    """The browser of a support agent."""
    return factories.client_with_code(sam)


@pytest.fixture
def desk_of(db: None) -> Callable[[Role], Client]:
    """The browser of a member of staff in a role."""

    def browser(role: Role) -> Client:
        return factories.client_with_code(
            factories.make_staff(f"{role.value.lower()}.sample", role)
        )

    return browser


@pytest.fixture
def opened(desk: Client) -> Open:
    """The page of a client, as an agent sees it."""

    def page(client: User) -> str:
        response = desk.get(reverse("admin:accounts_user_change", args=[client.pk]))
        assert response.status_code == 200
        return response.content.decode()

    return page


@pytest.fixture
def locked(jane: User) -> User:
    """Jane, after ten wrong answers."""
    code, digits = factories.make_code(jane)
    wrong = "".join(str(9 - int(digit)) for digit in digits)
    for _ in range(10):
        TemporaryCode.objects.update(throttling_failure_timestamp=None)
        code.refresh_from_db()
        code.verify_token(wrong)
    assert code.locked_until
    return jane


@pytest.fixture
def sue(db: None) -> User:
    """A senior."""
    return factories.make_staff("sue.senior", Role.SENIOR)
