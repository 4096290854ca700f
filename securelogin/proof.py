"""Fresh proof: a session that is about to do something weighty proves both factors again.

A session may lie open on a desk, or be a thief's; what opens a door to somebody's money asks
for the password and the device once more if that was more than five minutes ago (design, row
16; NIST SP 800-63B-4 2.2.3). What was typed before is kept and filled in afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone

from securelogin.conf import policy
from securelogin.lifecycle import is_within

PROVEN_AT_KEY = "proven_at"
KEPT_KEY = "kept_entries"
# A note at the desk is shorter; nothing needs a session row to grow without end.
_KEPT_MOST = 2000
_KEPT_TIMES = 50


def note(request: HttpRequest) -> None:
    """Both factors were proven now, in this session."""
    request.session[PROVEN_AT_KEY] = timezone.now().isoformat()


def is_fresh(request: HttpRequest, within: timedelta | None = None) -> bool:
    """Whether that was just now.

    Args:
        within: less than this ago; five minutes (policy) by default.
    """
    at = request.session.get(PROVEN_AT_KEY)
    return at is not None and _is_within(within or policy().proof_life, at)


def ask(
    request: HttpRequest,
    keep: Iterable[str] = (),
    back: str = "",
    keep_lists: Iterable[str] = (),
) -> HttpResponse:
    """Send the person to the page of the proof, and back afterwards.

    Args:
        back: where to; this address by default, which then has to answer to GET.
        keep: names of the POST's entries that the page shall be filled in with afterwards.
            SECURITY: never one that holds a secret; they are stored in the session.
        keep_lists: the same, of entries that may be sent several times: boxes that are ticked.
    """
    sent = request.POST
    one = {name: sent[name][:_KEPT_MOST] for name in keep if name in sent}
    several = {
        name: [value[:_KEPT_MOST] for value in sent.getlist(name)[:_KEPT_TIMES]]
        for name in keep_lists
        if name in sent
    }
    request.session[KEPT_KEY] = {
        "path": request.path,
        "at": timezone.now().isoformat(),
        "entries": {**one, **several},
    }
    query = urlencode({"next": back or request.get_full_path()})
    return redirect(f"{resolve_url('accounts:confirm')}?{query}")


def kept(request: HttpRequest) -> dict[str, Any]:
    """What was typed on this page before the proof was asked for: once, and not much later."""
    held = request.session.get(KEPT_KEY)
    if not held or held["path"] != request.path:
        return {}
    del request.session[KEPT_KEY]
    # The proof itself may take as long as the page of a pending login.
    in_time = _is_within(policy().pending_life, held["at"])
    return dict(held["entries"]) if in_time else {}


def _is_within(life: timedelta, since: str) -> bool:
    return is_within(life, datetime.fromisoformat(since), timezone.now())
