"""The roles of the desk and what each may do; made as groups by migrations.

A device type adds its own permissions to the same groups, in a migration of its own, by
`grant`. Policy numbers are no right of anybody here: they are part of the installation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

SEARCH = "desk.search_client"
TIMELINE = "desk.view_timeline"
REVOKE = "desk.revoke_device"
UNLOCK = "desk.unlock_login"
APPROVE = "desk.approve_risky"
ACT_ON_STAFF = "desk.act_on_staff"
EXPORT = "desk.export_timeline"
FIGURES = "desk.view_figures"


class Role(StrEnum):
    """The groups (interface 3.1)."""

    AGENT = "Agent"
    SENIOR = "Senior"
    SUPERVISOR = "Supervisor"
    AUDITOR = "Auditor"


_AGENT = (SEARCH, TIMELINE, REVOKE, UNLOCK)
PERMISSIONS: Mapping[Role, tuple[str, ...]] = {
    Role.AGENT: _AGENT,
    Role.SENIOR: (*_AGENT, APPROVE),
    Role.SUPERVISOR: (*_AGENT, APPROVE, ACT_ON_STAFF, EXPORT, FIGURES),
    Role.AUDITOR: (SEARCH, TIMELINE, EXPORT, FIGURES),
}


def grant(apps: Any, permission: str, label: str, model: str, roles: Iterable[Role]) -> None:
    """Give a permission to roles, in a migration.

    Django makes permissions and content types only after all migrations, so both are made
    here when they are missing.

    Args:
        apps: the migration's.
        permission: ``app.codename``.
        label: its words in Django's table.
        model: the model that declares it, in lower case.
        roles: who gets it; their groups are made when they are missing.
    """
    app, codename = permission.split(".")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app, model=model
    )
    row, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": label}
    )
    for role in roles:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role.value)
        group.permissions.add(row)
