"""Indexes for many clients: for what retention lets go, for the desk's figures; and two less of
the events', which begin as others do."""

from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from securelogin import indexing

_EVENTS = "securelogin_securityevent"
_USER, _ACTOR = f"{_EVENTS}_user_id_4f7ae793", f"{_EVENTS}_actor_id_620c2603"


def _without_index(name: str, column: str, index: str, related_name: str) -> Any:
    """The index alone is dropped: Django would make the table anew on SQLite, without the
    triggers that keep it as it is."""
    field = models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=settings.AUTH_USER_MODEL,
    )
    return migrations.SeparateDatabaseAndState(
        [indexing.RemovePlainIndex(index, _EVENTS, column)],
        [migrations.AlterField(model_name="securityevent", name=name, field=field)],
    )


class Migration(migrations.Migration):
    """The table of finished tasks belongs to another package, which has no index for this."""

    # Beside processes that serve (securelogin.indexing).
    atomic = False

    dependencies: ClassVar = [
        ("securelogin", "0002_append_only"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        indexing.AddIndex(
            model_name="failures",
            index=models.Index(
                condition=models.Q(("key__startswith", "factor:"), _negated=True),
                fields=["last_failed_at"],
                name="failures_last",
            ),
        ),
        indexing.AddIndex(
            model_name="notice",
            index=models.Index(fields=["created_at"], name="notice_created"),
        ),
        indexing.AddIndex(
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
        indexing.AddPlainIndex(
            "securelogin_tasks_finished", "django_tasks_database_dbtaskresult", "finished_at"
        ),
        _without_index("user", "user_id", _USER, "security_events"),
        _without_index("actor", "actor_id", _ACTOR, "+"),
    ]
