"""Many rows on PostgreSQL, and the question whether it reads them all to answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
# Without those that hold a rule; they have to be there for each row.
_INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid = %s::regclass AND NOT indisunique"""
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


def copy(row: models.Model, rows: int, **columns: str) -> None:
    """Copies of a row in the database, much faster than through the ORM.

    The table's indexes are made anew afterwards, which takes a fraction of the time that they
    take to follow row by row.

    Args:
        row: what is copied.
        rows: how often.
        columns: SQL of the columns that differ, with ``n`` from 1.
    """
    meta = row._meta
    names = [str(field.column) for field in meta.concrete_fields if not field.primary_key]
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(columns.get(name, f'copied."{name}"') for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INDEXES, [meta.db_table])
        indexes = cursor.fetchall()
        for name, _made_by in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({quoted}) SELECT {values} "
            f"FROM {meta.db_table} AS copied, generate_series(1, {rows}) AS n "
            f"WHERE copied.id = {row.pk}"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _name, made_by in indexes:
            cursor.execute(made_by)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def whole_reads(act: Callable[[], object], big: tuple[type[models.Model], ...] = BIG) -> list[str]:
    """The big tables that what ``act`` asks would read from one end to the other.

    Args:
        act: opens a page, say.
        big: whose tables.
    """
    tables = {model._meta.db_table for model in big}
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match(r"\s*SELECT", sql):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        act()
    assert asked
    found = []
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            [(plans,)] = cursor.fetchall()
            found += [
                f"{node['Relation Name']}: {sql}"
                for node in nodes(plans[0]["Plan"])
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
            ]
    return found
