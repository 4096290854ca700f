"""Whose record a member of staff may act on: one predicate for pages, buttons and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from securelogin.desk.roles import ACT_ON_STAFF

if TYPE_CHECKING:
    from accounts.models import User


def may_act_on(agent: User, client: User) -> bool:
    """Never on the own record; on the record of other staff only as a supervisor.

    The action's own permission is asked beside it (NIST SP 800-63B-4 6.1: insiders).
    """
    if agent.pk == client.pk:
        return False
    return not (client.is_staff or client.is_superuser) or agent.has_perm(ACT_ON_STAFF)
