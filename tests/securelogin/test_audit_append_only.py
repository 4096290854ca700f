"""Raw SQL against the audit trail: rows come in, none changes or goes.

PostgreSQL's turn is in tests/races/test_audit.py.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from securelogin import append_only
from securelogin.events import Event
from securelogin.models import AuditAnchor, SecurityEvent
from tests.securelogin.audit import TAMPERING, as_the_owner, execute

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows(jane: User) -> None:
    SecurityEvent.objects.record(Event.RECORD_OPENED, jane)
    AuditAnchor.objects.create(day=date(2026, 3, 2), events=1, until=1, key_id="k", digest=b"d")


def rows() -> tuple[list[object], list[object]]:
    """All there is in both tables."""
    return list(SecurityEvent.objects.values_list()), list(AuditAnchor.objects.values_list())


@pytest.mark.parametrize("statement", TAMPERING)
def test_sql_that_changes_or_removes_is_refused(statement: str) -> None:
    before = rows()
    with pytest.raises(DatabaseError, match="append-only"):
        execute(statement)
    assert rows() == before


def test_the_orm_is_refused_too() -> None:
    event = SecurityEvent.objects.get()
    event.title = "x"
    for change in (event.save, event.delete, SecurityEvent.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


# SQLite's INSERT OR REPLACE deletes without asking a trigger for deletions.
REPLACING = (
    "INSERT OR REPLACE INTO securelogin_securityevent ({}) "
    "SELECT {} FROM securelogin_securityevent AS old"
)


@pytest.mark.parametrize(
    "change", [{"id": "old.id", "sequence": "old.sequence + 5"}, {"id": "old.id + 1000"}]
)
def test_replacing_a_row_leaves_the_old_one(change: dict[str, str]) -> None:
    before = rows()
    columns = [str(field.column) for field in SecurityEvent._meta.concrete_fields]
    values = [change.get(column, f"old.{column}") for column in columns]
    execute(REPLACING.format(", ".join(columns), ", ".join(values)))
    assert rows() == before


def test_a_second_anchor_of_a_day_does_not_replace_the_first() -> None:
    with pytest.raises(DatabaseError, match="append-only"):
        execute(
            "INSERT OR REPLACE INTO securelogin_auditanchor (day, events, until, key_id, digest) "
            "SELECT day, 0, 0, key_id, digest FROM securelogin_auditanchor"
        )


def test_all_triggers_are_there() -> None:
    assert append_only.missing(connection) == []
    assert run_checks(databases=["default"]) == []


def test_a_dropped_trigger_is_told() -> None:
    with as_the_owner():
        names = append_only.missing(connection)
        execute("UPDATE securelogin_securityevent SET title = 'x'")
        found = run_checks(databases=["default"])
    assert len(names) == len(append_only.installing(connection.vendor))
    assert [message.id for message in found] == ["securelogin.W002"] * len(names)
    assert names[0] in found[0].msg


def test_a_data_base_without_the_tables_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(connection.introspection), "table_names", lambda _self: [])
    assert append_only.missing(connection) == []
