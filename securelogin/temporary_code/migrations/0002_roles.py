"""Who at the desk may issue a Temporary Code, and who may approve one that policy refuses."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

from securelogin.desk.roles import Role, grant
from securelogin.temporary_code.issuing import ISSUE, OVERRIDE
from securelogin.temporary_code.models import TemporaryCode

LABELS = dict(TemporaryCode._meta.permissions)


def grant_rights(apps: Any, schema_editor: Any) -> None:
    """Add the type's rights to the desk's groups."""
    for permission, roles in (
        (ISSUE, [Role.AGENT, Role.SENIOR, Role.SUPERVISOR]),
        (OVERRIDE, [Role.SUPERVISOR]),
    ):
        label = LABELS[permission.partition(".")[2]]
        grant(apps, permission, label, "temporarycode", roles)


class Migration(migrations.Migration):
    """After the groups exist."""

    dependencies: ClassVar = [
        ("temporary_code", "0001_temporary_codes"),
        ("desk", "0002_roles"),
    ]
    operations: ClassVar = [migrations.RunPython(grant_rights, migrations.RunPython.noop)]
