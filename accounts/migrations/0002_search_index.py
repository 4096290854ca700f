"""Makes the desk's search fast on PostgreSQL: parts of words, found through trigrams."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

FORWARDS = (
    # A trusted extension: the owner of the database may create it.
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX accounts_user_search ON accounts_user USING gin (search_text gin_trgm_ops) "
    # Rows change rarely. With a list of entries to be sorted in later, the planner would turn
    # away from the index until that is done.
    "WITH (fastupdate = off)",
)
BACKWARDS = ("DROP INDEX accounts_user_search",)


def on_postgresql(statements: tuple[str, ...]) -> Any:
    """An operation's function that runs the statements there, and elsewhere nothing."""

    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """SQLite reads the whole column, which is quick enough for what it is used for."""

    dependencies: ClassVar = [("accounts", "0001_users_and_sessions")]
    operations: ClassVar = [migrations.RunPython(on_postgresql(FORWARDS), on_postgresql(BACKWARDS))]
