"""Indexes of large tables, made and dropped while the portal serves.

For migrations. Django's own operations lock the table until their transaction ends, and nobody
can log in without the table of events. Those of `django.contrib.postgres` do not, but know
PostgreSQL only, and need its driver where nobody uses it.

A migration with one of these says ``atomic = False``, and holds nothing that could not be done
twice: what is interrupted is started again, from its beginning. So each makes way for what is
half made, and drops what may be gone already. Drops come last, behind what takes their place.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation


def _keyword(schema_editor: Any) -> str:
    # Elsewhere there is one writer at a time anyway.
    return "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""


def _drop(schema_editor: Any, name: str) -> None:
    name = schema_editor.quote_name(name)
    schema_editor.execute(f"DROP INDEX {_keyword(schema_editor)}IF EXISTS {name}")


def _add(schema_editor: Any, model: Any, index: Any) -> None:
    # One that was interrupted is there, and is not valid.
    _drop(schema_editor, index.name)
    if _keyword(schema_editor):
        schema_editor.add_index(model, index, concurrently=True)
    else:
        schema_editor.add_index(model, index)


class AddIndex(migrations.AddIndex):
    """An index of a model; its table can be read and written meanwhile."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Make it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _add(schema_editor, model, self.index)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop it."""
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _drop(schema_editor, self.index.name)


class RemoveIndex(migrations.RemoveIndex):
    """The same for an index that is no longer needed."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop it."""
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _drop(schema_editor, self.name)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Make it again."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _add(schema_editor, model, index)


class AddPlainIndex(Operation):
    """An index of one column that no model of ours tells of: another package's table, or the
    one that Django makes for a foreign key."""

    reversible = True

    def __init__(self, name: str, table: str, column: str) -> None:
        self.name = name
        self.table = table
        self.column = column

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Make it."""
        self._make(schema_editor)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop it."""
        _drop(schema_editor, self.name)

    def describe(self) -> str:
        """What ``migrate --plan`` says."""
        return f"Index {self.name} on {self.table} ({self.column})"

    def _make(self, schema_editor: Any) -> None:
        _drop(schema_editor, self.name)
        quote = schema_editor.quote_name
        schema_editor.execute(
            f"CREATE INDEX {_keyword(schema_editor)}{quote(self.name)} "
            f"ON {quote(self.table)} ({quote(self.column)})"
        )


class RemovePlainIndex(AddPlainIndex):
    """The other way round."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Drop it."""
        _drop(schema_editor, self.name)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Make it again."""
        self._make(schema_editor)

    def describe(self) -> str:
        """What ``migrate --plan`` says."""
        return f"No index {self.name} on {self.table}"
