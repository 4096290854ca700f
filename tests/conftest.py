"""The cast, the clock and the browser that all tests share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from unittest import mock

import pytest
from django.core.cache import cache
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from hypothesis import settings as hypothesis_settings

from accounts.models import User
from securelogin import append_only
from tests import factories

# No test is timed: an example that waits for a processor is as right as one that does not.
hypothesis_settings.register_profile("portal", hypothesis_settings.default, deadline=None)
hypothesis_settings.load_profile("portal")


@pytest.fixture(scope="session", autouse=True)
def _tables_can_be_emptied_between_tests() -> Iterator[None]:
    """Django empties every table after a test with real commits. The triggers of the audit trail
    would refuse it: here, and nowhere else, they step aside for that moment."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def with_triggers_aside(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        flush(self, append_only.emptying(self.connection.vendor, sql_list))

    with mock.patch.object(BaseDatabaseOperations, "execute_sql_flush", with_triggers_aside):
        yield


@pytest.fixture(autouse=True)
def _the_same_draws_in_every_run(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `secrets` and `SystemRandom` draw (codes, cards, keys of sessions) follows from the
    test's name: two numbers that are the same by accident are so in every run, or in none."""
    monkeypatch.setattr(random, "_urandom", random.Random(request.node.nodeid).randbytes)


@pytest.fixture
def jane(db: None) -> User:
    """A client without a device."""
    return factories.make_user("jane.sample", first_name="Jane", last_name="Sample")


@pytest.fixture
def mallory(db: None) -> User:
    """Another client."""
    return factories.make_user("mallory.muster", first_name="Mallory", last_name="Muster")


@pytest.fixture
def sam(db: None) -> User:
    """A support agent."""
    return factories.make_staff("sam.support", first_name="Sam", last_name="Support")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A browser logged in as a client, with a fresh Temporary Code."""
    return factories.client_with_code


@pytest.fixture(autouse=True)
def _no_cache_left_over() -> Iterator[None]:
    yield
    cache.clear()
