"""Many rows on PostgreSQL, and the question whether it reads them all to answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from accounts.models import User
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard

# Tables that grow with the clients or with time. Others hold few rows here, which the planner
# rightly reads as a whole.
BIG: tuple[type[models.Model], ...] = (User, SecurityEvent, SecurityCard)
# What differs from row to row, made from its number n; the rest is as in the row to copy.
USERS = {
    "username": "'client' || n",
    "first_name": "'F' || md5(n::text)",
    "last_name": "'L' || md5('l' || n)",
    "email": "'client' || n || '@mail.example'",
    "phone": "'+41 44 ' || lpad(n::text, 7, '0')",
    "search_text": "' f' || md5(n::text) || ' l' || md5('l' || n) || ' client' || n || ' client' "
    "|| n || '@mail.example 4144' || lpad(n::text, 7, '0') || ' '",
}
# About as a desk goes: of a hundred events, how many are of which kind.
SHARES = {
    Event.PASSWORD_ACCEPTED: 25,
    Event.SIGN_IN_COMPLETED: 25,
    Event.SIGN_IN_REFUSED: 10,
    Event.LOGGED_OUT: 15,
    Event.DEVICE_ISSUED: 5,
    Event.DEVICE_SHOWN: 3,
    Event.DEVICE_ACTIVATED: 2,
    Event.NOTICE_SENT: 8,
    Event.RECORD_OPENED: 5,
    Event.APPROVAL_ASKED: 1,
    Event.APPROVAL_GIVEN: 1,
}
# Rules first: those of uniqueness bring their index, and keys to other tables come last.
_RULES = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('u', 'f') ORDER BY contype DESC"""
_INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary"""
_KINDS = ", ".join(f"'{kind}'" for kind, share in SHARES.items() for _ in range(share))
_BY_STAFF = ", ".join(
    f"'{kind}'" for kind in (Event.RECORD_OPENED, Event.APPROVAL_ASKED, Event.APPROVAL_GIVEN)
)
_DEVICES = "'temporary_code.temporarycode/', 'security_card.securitycard/'"
_AGENTS = "username LIKE 'agent%' AND is_staff"


def desk_events(clients: int, agents: int, apart: str) -> dict[str, str]:
    """Columns of events for `copy`, as of a desk that has worked for long.

    Args:
        clients: the copies made with `USERS`, in one go.
        agents: staff called ``agent1`` and so on, made in one go.
        apart: from one event to the next, such as ``10 minutes``.
    """
    kind = f"(ARRAY[{_KINDS}])[1 + (n * 37) % 100]"
    client = (
        f"(SELECT min(id) FROM accounts_user WHERE username = 'client1') + (n * 31) % {clients}"
    )
    agent = f"(SELECT min(id) FROM accounts_user WHERE {_AGENTS}) + n % {agents}"
    by_staff = f"{kind} IN ({_BY_STAFF}) OR ({kind} = '{Event.DEVICE_ISSUED}' AND n % 2 = 0)"
    return {
        "user_id": client,
        "actor_id": f"CASE WHEN {by_staff} THEN {agent} ELSE {client} END",
        "reference": "chr(65 + n % 26) || n % 10 || '-' || lpad((n / 7 % 10000)::text, 4, '0')",
        "at": f"now() - n * interval '{apart}'",
        "kind": kind,
        "device": f"(ARRAY[{_DEVICES}])[1 + n % 2] || n % {clients}",
        "chain": "'copies'",
        "sequence": "n",
    }


@contextmanager
def bare(table: str) -> Iterator[None]:
    """A table with nothing but its primary key meanwhile: many rows come in much faster, and
    its rules and indexes are made anew in a fraction of the time that they take row by row.

    Inside another `bare` of the same table it does nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RULES, [table])
        rules = cursor.fetchall()
        for name, _definition in rules:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(_INDEXES, [table])
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for name, definition in rules:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def copy(row: models.Model, rows: int, **columns: str) -> None:
    """Copies of a row in the database, much faster than through the ORM.

    Args:
        row: what is copied.
        rows: how often.
        columns: SQL of the columns that differ, with ``n`` from 1.
    """
    meta = row._meta
    key = meta.pk.column
    names = [
        str(field.column)
        for field in meta.concrete_fields
        if not field.primary_key or field.column in columns
    ]
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(columns.get(name, f'copied."{name}"') for name in names)
    with transaction.atomic(), bare(meta.db_table), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({quoted}) SELECT {values} "
            f"FROM {meta.db_table} AS copied, generate_series(1, {rows}) AS n "
            f"WHERE copied.{key} = '{row.pk}'"
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """What was asked of the database, with its values."""

    sql: str
    values: Any


@contextmanager
def listening() -> Iterator[list[Statement]]:
    """The statements that are executed meanwhile."""
    asked: list[Statement] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(Statement(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield asked


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def read_whole(statements: Iterable[Statement], tables: Collection[str]) -> list[str]:
    """Of these tables those that a statement reads from one end to the other, as it is planned now.

    Args:
        statements: as they were asked. Nothing is executed again.
        tables: their names.
    """
    found = []
    with connection.cursor() as cursor:
        for asked in statements:
            if not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", asked.sql):
                continue
            cursor.execute(f"EXPLAIN (FORMAT JSON) {asked.sql}", asked.values)
            [(plans,)] = cursor.fetchall()
            found += [
                f"{node['Relation Name']}: {asked.sql}"
                for node in nodes(plans[0]["Plan"])
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
            ]
    return found


def whole_reads(act: Callable[[], object], big: tuple[type[models.Model], ...] = BIG) -> list[str]:
    """The big tables that what ``act`` asks would read from one end to the other.

    Args:
        act: opens a page, say.
        big: whose tables.
    """
    with listening() as asked:
        act()
    assert asked
    return read_whole(asked, {model._meta.db_table for model in big})
