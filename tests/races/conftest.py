"""Races run on PostgreSQL, inside the same pytest run as the tests that use SQLite.

SQLite lets one writer in at a time, so it hides races. With ``TEST_POSTGRES_URL`` these tests
get a test database of their own there: while one of them runs, Django's default connection is
to it, in every thread.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from tests.postgres import URL, Database, database, default
from tests.races import THREADS

PATIENCE = 60

Outcome = TypeVar("Outcome")


@pytest.fixture(scope="session")
def _postgres_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Database]:
    """A migrated test database, one for each worker of pytest-xdist."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), database(f"test_races_{worker}") as made:
        yield made


@pytest.fixture
def _on_postgres(request: pytest.FixtureRequest) -> Iterator[None]:
    """Before the database is set up for the test, and until it is clean again."""
    if not URL:
        pytest.skip("races need PostgreSQL: set TEST_POSTGRES_URL")
    with default(request.getfixturevalue("_postgres_database")):
        yield


@pytest.fixture
def postgres(_on_postgres: None, transactional_db: None) -> None:
    """The test runs on PostgreSQL, with real commits."""
    assert connection.vendor == "postgresql"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Between the workers of pytest-xdist: together they would need too many connections."""
    with (Path(tempfile.gettempdir()) / "portal-races.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def at_once(postgres: None) -> Callable[[Callable[[int], Outcome], int], list[Outcome]]:
    """``at_once(act, threads)``: calls ``act(0)``, ``act(1)`` ... in threads that start together.

    Returns what each returned. What one raises is raised.
    """

    def run(act: Callable[[int], Outcome], threads: int = THREADS) -> list[Outcome]:
        start = threading.Barrier(threads)

        def one(number: int) -> Outcome:
            try:
                connection.ensure_connection()
                start.wait(PATIENCE)
                return act(number)
            finally:
                connections.close_all()

        with _one_at_a_time(), ThreadPoolExecutor(threads) as pool:
            waiting = [pool.submit(one, number) for number in range(threads)]
            return [done.result(PATIENCE) for done in waiting]

    return run
