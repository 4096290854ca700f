"""Triggers that keep the audit trail as it was written: rows come in, none changes or goes.

They stand in the database, so they bind the portal's own code, the admin, a shell and a
forgotten script alike. Whoever owns the tables can drop them; then `manage.py verify_events`
says so, and the digests tell what was done. There is no setting that switches them off.

Django empties tables between tests. `emptying` is for that, and is called by nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

EVENTS, ANCHORS = "securelogin_securityevent", "securelogin_auditanchor"
TABLES = (EVENTS, ANCHORS)
_FUNCTION = "securelogin_append_only"


def installing(vendor: str) -> list[str]:
    """The statements that make the triggers.

    Args:
        vendor: as in ``connection.vendor``.
    """
    if vendor == "postgresql":
        return [_POSTGRESQL_FUNCTION, *(part for table in TABLES for part in _postgresql(table))]
    return [part for table in TABLES for part in _sqlite(table)]


def removing(vendor: str) -> list[str]:
    """The statements that drop them: to take the migration back."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER {name} ON {table}" for table in TABLES for name in _names(table)]
    return [f"DROP TRIGGER {name}" for table in TABLES for name in _names(table, vendor)]


def emptying(vendor: str, statements: Sequence[str]) -> list[str]:
    """What empties tables, with the triggers out of the way meanwhile. For tests only."""
    return [*removing(vendor), *statements, *installing(vendor)]


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of triggers that should be there and are not, or are switched off.

    A table that does not exist yet misses none.
    """
    tables = set(connection.introspection.table_names()) & set(TABLES)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A: fires in every session, one that replays a replica's changes too.
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'A'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {name for (name,) in cursor.fetchall()}
    wanted = {name for table in tables for name in _names(table, connection.vendor)}
    return sorted(wanted - there)


def _names(table: str, vendor: str = "postgresql") -> list[str]:
    parts = ["append_only"] if vendor == "postgresql" else ["no_update", "no_delete", "no_replace"]
    return [f"{table}_{part}" for part in parts]


_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        MESSAGE = TG_TABLE_NAME || ' is append-only: ' || TG_OP || ' was refused',
        ERRCODE = 'restrict_violation';
END $$
"""


def _postgresql(table: str) -> list[str]:
    (name,) = _names(table)
    return [
        f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
    ]


# SECURITY: on SQLite INSERT OR REPLACE deletes without asking a trigger for deletions. For each
# table: which rows a new one would put out, and what becomes of it then. An event that comes
# second to its place is passed over, as `SecurityEventQuerySet.append` expects.
_RIVALS = {
    EVENTS: ("chain = NEW.chain AND sequence = NEW.sequence", "IGNORE"),
    ANCHORS: ("day = NEW.day", f"ABORT, '{ANCHORS} is append-only'"),
}


def _sqlite(table: str) -> list[str]:
    update, delete, replace = _names(table, "sqlite")
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    rival, outcome = _RIVALS[table]
    return [
        f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {replace} BEFORE INSERT ON {table} WHEN EXISTS "  # noqa: S608 - constants
        f"(SELECT 1 FROM {table} WHERE id = NEW.id OR ({rival})) "
        f"BEGIN SELECT RAISE({outcome}); END",
    ]
