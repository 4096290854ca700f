"""Deleting and ending in small pieces: nobody waits, and one row that fails keeps nobody back."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from securelogin import batches
from securelogin.models import Failures

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(db: None) -> QuerySet[Failures]:
    """Ten of them, the oldest first."""
    now = timezone.now()
    Failures.objects.bulk_create(
        Failures(key=f"network:{number}", count=1, last_failed_at=now - timedelta(days=number))
        for number in range(10)
    )
    return Failures.objects.order_by("last_failed_at")


def test_it_deletes_batch_after_batch_until_none_is_left(rows: QuerySet[Failures]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert batches.delete(rows, size=4) == 10
    assert not rows.exists()
    deleted = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    assert len(deleted) == 3


def test_it_deletes_so_many_and_leaves_the_rest_to_the_next_run(rows: QuerySet[Failures]) -> None:
    assert batches.delete(rows, size=2, most=6) == 6
    assert [row.key for row in rows] == ["network:3", "network:2", "network:1", "network:0"]
    assert batches.delete(rows, size=2, most=6) == 4


def test_what_has_to_stay_meanwhile_stays(
    rows: QuerySet[Failures], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = rows.filter(last_failed_at__lt=timezone.now() - timedelta(days=7))

    def somebody_fails_again() -> object:
        Failures.objects.filter(key="network:9").update(last_failed_at=timezone.now())
        return transaction.atomic()

    monkeypatch.setattr(batches, "transaction", SimpleNamespace(atomic=somebody_fails_again))
    assert batches.delete(old) == 2
    assert Failures.objects.filter(key="network:9").exists()


def test_one_row_that_fails_keeps_nobody_back(
    rows: QuerySet[Failures], caplog: pytest.LogCaptureFixture
) -> None:
    def end(row: Failures) -> bool:
        if row.key in {"network:9", "network:4"}:
            raise ValueError
        return bool(Failures.objects.filter(pk=row.pk).delete()[0])

    assert batches.each(rows, end, size=3) == 8
    assert [row.key for row in rows] == ["network:9", "network:4"]
    assert [record.levelname for record in caplog.records].count("ERROR") == 2


def test_rows_for_which_there_is_nothing_to_do_are_asked_once(rows: QuerySet[Failures]) -> None:
    asked: list[str] = []
    assert batches.each(rows, lambda row: asked.append(row.key), size=3) == 0
    assert sorted(asked) == sorted(f"network:{number}" for number in range(10))


def test_it_does_so_many_at_a_time(rows: QuerySet[Failures], jane: User) -> None:
    assert batches.each(rows, lambda row: row.delete(), size=2, most=4) == 4
    assert rows.count() == 6
