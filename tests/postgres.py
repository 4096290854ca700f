"""A test database on PostgreSQL beside the one of the settings, where one is named.

``TEST_POSTGRES_URL`` names the server: ``postgres://USER@HOST:5432/NAME``, a role that may
create databases. Nothing in the settings has to know.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import environ
from django.contrib.contenttypes.models import ContentType
from django.db import connections

URL = os.environ.get("TEST_POSTGRES_URL", "")
# Settings, and the connection of the thread that made it.
Database = tuple[dict[str, Any], Any]


@contextmanager
def default(database: Database) -> Iterator[None]:
    """Make another database the default one, for this thread and for those started meanwhile."""
    settings, wrapper = database
    before, known = connections["default"], connections.settings["default"]
    connections.settings["default"] = settings
    connections["default"] = wrapper
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        wrapper.close()
        connections.settings["default"] = known
        connections["default"] = before
        ContentType.objects.clear_cache()


@contextmanager
def database(name: str) -> Iterator[Database]:
    """A new, migrated database of this name, dropped afterwards."""
    known = connections.settings["default"]
    # Nothing here has to outlive a power cut, so no commit waits for the disk.
    options = {"options": "-c synchronous_commit=off"}
    settings = {**known, **environ.Env.db_url_config(URL), "OPTIONS": options}
    settings["TEST"] = {**known["TEST"], "NAME": name}
    connections.settings["default"] = settings
    made = settings, connections.create_connection("default")
    connections.settings["default"] = known
    with default(made):
        made[1].creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield made
    finally:
        with default(made):
            made[1].creation.destroy_test_db(URL.rsplit("/", 1)[-1], verbosity=0)
