"""The triggers that keep the audit trail as it was written (securelogin.append_only)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

from securelogin import append_only


def install(apps: Any, schema_editor: Any) -> None:
    """Make them."""
    for statement in append_only.installing(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def remove(apps: Any, schema_editor: Any) -> None:
    """Drop them."""
    for statement in append_only.removing(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """A migration that changes one of these tables on SQLite makes a new table, without them: let
    it run ``install`` again."""

    dependencies: ClassVar = [("securelogin", "0001_events_failures_notices")]
    operations: ClassVar = [migrations.RunPython(install, remove)]
