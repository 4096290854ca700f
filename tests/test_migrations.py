"""No model change without a migration, and no migration without a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.django_db
def test_every_model_change_has_its_migration() -> None:
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=3)
    except SystemExit:
        pytest.fail("A model has changed: make the migration with `makemigrations -n NAME`.")


def test_every_migration_is_named_for_what_it_does() -> None:
    migrations = [
        path for path in ROOT.glob("*/**/migrations/[0-9]*.py") if ".venv" not in path.parts
    ]
    assert migrations
    assert [path.name for path in migrations if "_auto_" in path.name] == []
