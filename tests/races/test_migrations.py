"""A migration keeps nobody waiting whom the portal serves meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

LOCKING = re.compile(r"(CREATE (UNIQUE )?|DROP )INDEX (?!CONCURRENTLY )")
NEW_TABLE = re.compile(r'CREATE TABLE "(\w+)"')
# Name, definition, and whether queries may use it.
Indexes = set[tuple[str, str, bool]]


def own_migrations(loader: MigrationLoader) -> Iterator[tuple[Migration, ProjectState]]:
    """The portal's own, in the order in which they run, each with the models before it."""
    graph = loader.graph
    state = loader.project_state([])
    for node in dict.fromkeys(
        node for leaf in graph.leaf_nodes() for node in graph.forwards_plan(leaf)
    ):
        migration = graph.nodes[node]
        if apps.get_app_config(node[0]).name.startswith(("accounts", "securelogin")):
            yield migration, state.clone()
        state = migration.mutate_state(state)


def statements(migration: Migration, before: ProjectState) -> list[str]:
    """What it says to the database, as ``sqlmigrate`` prints it."""
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        migration.apply(before, editor, collect_sql=True)
    return list(editor.collected_sql)


def locking(said: list[str]) -> list[str]:
    """Those by which an index comes or goes while nobody may write to its table, or read it."""
    new = [f' ON "{table}" ' for text in said for table in NEW_TABLE.findall(text)]
    return [t for t in said if LOCKING.match(t) and not any(table in t for table in new)]


def indexes() -> Indexes:
    """Those of all tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid "
            "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE relnamespace = 'public'::regnamespace"
        )
        return set(cursor.fetchall())


def test_no_index_of_a_table_in_use_comes_or_goes_under_a_lock(postgres: None) -> None:
    beside_others = 0
    for migration, before in own_migrations(MigrationLoader(connection)):
        said = statements(migration, before)
        assert locking(said) == [], migration
        if any("INDEX CONCURRENTLY" in text for text in said):
            beside_others += 1
            # PostgreSQL refuses it inside a transaction.
            assert not migration.atomic, migration
    assert beside_others >= 7


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('CREATE INDEX "one" ON "old" ("at");', True),
        ('CREATE UNIQUE INDEX "one" ON "old" ("at");', True),
        ('DROP INDEX IF EXISTS "one";', True),
        ('CREATE INDEX "one" ON "new" ("at");', False),
        ('CREATE INDEX CONCURRENTLY "one" ON "old" ("at");', False),
        ('DROP INDEX CONCURRENTLY IF EXISTS "one";', False),
    ],
)
def test_the_guard_sees_a_lock(said: str, found: bool) -> None:
    assert locking(['CREATE TABLE "new" ("at" integer);', said]) == ([said] if found else [])


def test_what_is_made_beside_others_can_be_taken_back_and_started_again(postgres: None) -> None:
    made = indexes()
    assert all(valid for _name, _definition, valid in made)
    editor = partial(connection.schema_editor, atomic=False)
    beside_others = [
        (migration, before)
        for migration, before in own_migrations(MigrationLoader(connection))
        if not migration.atomic
    ]
    try:
        for migration, before in reversed(beside_others):
            with editor() as back:
                migration.unapply(before.clone(), back)
        assert "event_by_staff" not in {name for name, _definition, _valid in indexes()}
    finally:
        # The second time is that of a run that was interrupted at its very end.
        for _time in range(2):
            for migration, before in beside_others:
                with editor() as forth:
                    migration.apply(before.clone(), forth)
    assert indexes() == made
