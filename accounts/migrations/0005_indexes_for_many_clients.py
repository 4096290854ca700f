"""Indexes for many clients: for whole e-mail addresses, for what retention lets go, and for the
key that a session had before its login."""

from __future__ import annotations

from typing import Any

import django.db.models.functions.text
from django.db import migrations, models

from securelogin import indexing


def _leave_room(apps: Any, schema_editor: Any, percent: int = 90) -> None:
    """So that a change stays on its page. Elsewhere each index would get a new entry for the row,
    and the one of the search thirty, when a client logs in with another kind of device."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE accounts_user SET (fillfactor = {percent})")


def _leave_none(apps: Any, schema_editor: Any) -> None:
    _leave_room(apps, schema_editor, percent=100)


class Migration(migrations.Migration):
    # Beside processes that serve (securelogin.indexing).
    atomic = False

    dependencies = [
        ("accounts", "0004_pending_sessions"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        indexing.AddIndex(
            model_name="formeraddress",
            index=models.Index(fields=["left_at"], name="former_address_left"),
        ),
        indexing.AddIndex(
            model_name="newaddress",
            index=models.Index(fields=["asked_at"], name="new_address_asked"),
        ),
        indexing.AddIndex(
            model_name="passwordreset",
            index=models.Index(fields=["started_at"], name="password_reset_started"),
        ),
        indexing.AddIndex(
            model_name="user",
            index=models.Index(django.db.models.functions.text.Upper("email"), name="user_email"),
        ),
        indexing.AddIndex(
            model_name="user",
            index=models.Index(
                django.db.models.functions.text.Upper("notify_email"), name="user_notify_email"
            ),
        ),
        indexing.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("former_key", ""), _negated=True),
                fields=["former_key"],
                name="session_former",
            ),
        ),
        migrations.RunPython(_leave_room, _leave_none),
    ]
