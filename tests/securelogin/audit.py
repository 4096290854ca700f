"""What somebody with the database's password would try on the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from securelogin import append_only

# Refused on every database.
TAMPERING = (
    "UPDATE securelogin_securityevent SET title = 'x'",
    "UPDATE securelogin_securityevent SET id = id + 1000",
    "DELETE FROM securelogin_securityevent",
    "DELETE FROM securelogin_securityevent WHERE id = (SELECT id FROM securelogin_securityevent)",
    "UPDATE securelogin_auditanchor SET events = 0",
    "DELETE FROM securelogin_auditanchor",
)


def execute(*statements: str) -> None:
    """In a transaction of their own, so that the test's goes on."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def as_the_owner() -> Iterator[None]:
    """The owner of the tables, who can drop the triggers, and puts them back afterwards."""
    execute(*append_only.removing(connection.vendor))
    yield
    execute(*append_only.installing(connection.vendor))
