"""A second person at the desk."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from securelogin.desk.roles import Role
from tests import factories


@pytest.fixture
def sue(db: None) -> User:
    """A senior."""
    return factories.make_staff("sue.senior", Role.SENIOR, first_name="Sue", last_name="Senior")


@pytest.fixture
def sues(sue: User) -> Client:
    """Her browser."""
    return factories.client_with_code(sue)
