"""Indexes for many clients: for what retention lets go, for the desk's figures; and two less of
the events', which begin as others do."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_EVENTS = "securelogin_securityevent"
_USER, _ACTOR = f"{_EVENTS}_user_id_4f7ae793", f"{_EVENTS}_actor_id_620c2603"
_TASKS = (
    "CREATE INDEX securelogin_tasks_finished ON django_tasks_database_dbtaskresult (finished_at)"
)


def _without_index(name: str, column: str, index: str, related_name: str) -> migrations.RunSQL:
    """The index alone is dropped: Django would make the table anew on SQLite, without the
    triggers that keep it as it is."""
    field = models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=settings.AUTH_USER_MODEL,
    )
    return migrations.RunSQL(
        f"DROP INDEX {index}",
        f"CREATE INDEX {index} ON {_EVENTS} ({column})",
        state_operations=[
            migrations.AlterField(model_name="securityevent", name=name, field=field)
        ],
    )


class Migration(migrations.Migration):
    """The table of finished tasks belongs to another package, which has no index for this."""

    dependencies: ClassVar = [
        ("securelogin", "0002_append_only"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        _without_index("user", "user_id", _USER, "security_events"),
        _without_index("actor", "actor_id", _ACTOR, "+"),
        migrations.AddIndex(
            model_name="failures",
            index=models.Index(
                condition=models.Q(("key__startswith", "factor:"), _negated=True),
                fields=["last_failed_at"],
                name="failures_last",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["created_at"], name="notice_created"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(
                condition=models.Q(
                    ("actor__isnull", False),
                    models.Q(("actor", models.F("user")), _negated=True),
                ),
                fields=["kind", "at", "actor"],
                name="event_by_staff",
            ),
        ),
        migrations.RunSQL(_TASKS, "DROP INDEX securelogin_tasks_finished"),
    ]
