"""A person who is logged in tried what they may not: it is kept (ASVS 16.3.2).

Every answer 403 ends here, whoever gave it. A GET writes no event (decision 0006): then the line
in the log stays the only record.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from django.db import DatabaseError
from django.http import HttpRequest

from securelogin.events import Event
from securelogin.models import SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)
# What a refused request was about, if the page that refused did not say it.
DESK_PAGE = "desk_page"
FULL_ACCESS = "full_access"
FOREIGN_DEVICE = "foreign_device"
_NOTED = "_refusal_noted"
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


def note(request: HttpRequest, client: User | None, action: str) -> None:
    """Keep one refusal of a request by somebody who is logged in; a second call adds nothing.

    Args:
        request: the one that is refused.
        client: whose record it is about; None: nobody's.
        action: what was not allowed, such as ``revoke``; the desk has words for it.
    """
    if getattr(request, _NOTED, False):
        return
    setattr(request, _NOTED, True)
    person = cast("User", request.user)
    if request.method in _SAFE_METHODS:
        logger.warning(
            "refused: %s", action, extra={"fields": {"event": "authz_fail", "actor": person.pk}}
        )
        return
    SecurityEvent.objects.record(Event.ACTION_REFUSED, client, actor=person, action=action)


def note_forbidden(request: HttpRequest) -> None:
    """As `note`, for a 403 that nobody has noted; never raises for want of a database.

    A request that is refused before its session is read has no person: nothing is kept.
    """
    try:
        person = getattr(request, "user", None)
        if person is None or not person.is_authenticated:
            return
        at_desk = request.path.startswith("/admin/")
        note(request, None if at_desk else person, DESK_PAGE if at_desk else FULL_ACCESS)
    except DatabaseError as error:
        # The page that says no must come even so.
        logger.warning("refusal not kept: %s", type(error).__name__)
