"""The groups of the desk, with their rights (securelogin.desk.roles)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

from securelogin.desk.models import Approval
from securelogin.desk.roles import PERMISSIONS, grant

LABELS = dict(Approval._meta.permissions)


def make_roles(apps: Any, schema_editor: Any) -> None:
    """Make the groups; what they have beyond that stays."""
    for role, permissions in PERMISSIONS.items():
        for permission in permissions:
            grant(apps, permission, LABELS[permission.partition(".")[2]], "approval", [role])


class Migration(migrations.Migration):
    """After the tables of Django's rights."""

    dependencies: ClassVar = [
        ("desk", "0001_identity_and_approvals"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations: ClassVar = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
