"""The visitor between the password and the second step.

Nobody is ever "logged in but not verified": until the second step succeeds the session holds
only who passed the password step, when, and where they wanted to go. `finish` is the one
place in the portal that logs anybody in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import django_otp
from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from securelogin import origin, proof
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import is_within
from securelogin.models import LoginDevice, SecurityEvent

if TYPE_CHECKING:
    from accounts.models import User

SESSION_KEY = "pending_sign_in"
STARTED_AT_KEY = "signed_in_at"
OPENED_FROM_KEY = "opened_from"
# Sent with ``request`` and ``user`` in the transaction of a login, after its event.
logged_in = Signal()


class PendingExpiredError(Exception):
    """There was a pending sign-in, but it took too long."""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """Who passed the password step, and where they wanted to go."""

    user: User
    next_url: str


def start(request: HttpRequest, user: User, next_url: str) -> None:
    """Remember that ``user`` passed the password step. Whatever the session held is gone."""
    # SECURITY: a new key, so that a key planted before the password is worth nothing.
    request.session.flush()
    request.session[SESSION_KEY] = {
        "user": user.pk,
        "at": timezone.now().isoformat(),
        "next": next_url,
        # SECURITY: a password changed meanwhile ends the pending sign-in.
        "hash": user.get_session_auth_hash(),
    }


def load(request: HttpRequest, life: timedelta | None = None) -> PendingSignIn | None:
    """The pending sign-in of this visitor, or None.

    Args:
        request: the visitor's.
        life: how long after the password it counts; five minutes (policy) by default.

    Raises:
        PendingExpiredError: that time is over.
    """
    data = request.session.get(SESSION_KEY)
    if not data:
        return None
    since = datetime.fromisoformat(data["at"])
    if not is_within(life or policy().pending_life, since, timezone.now()):
        del request.session[SESSION_KEY]
        raise PendingExpiredError
    # The session engine may have read the client along with the session.
    user: User | None = getattr(request.session, "owner", None)
    if user is None or user.pk != data["user"]:
        user = auth.get_user_model()._default_manager.filter(pk=data["user"]).first()
    if (
        user is None
        or not user.is_active
        or not constant_time_compare(user.get_session_auth_hash(), data["hash"])
    ):
        del request.session[SESSION_KEY]
        return None
    return PendingSignIn(user, data["next"])


def finish(request: HttpRequest, pending: PendingSignIn, device: LoginDevice) -> str:
    """Log in: both factors have been proven. Call it in the transaction of the verification.

    Returns:
        Where to go, by `own_address`.
    """
    # Whatever it held is gone; its row becomes the row of the login, which gives it a new key.
    request.session.clear()
    auth.login(request, pending.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    _open_with(request, pending.user, device)
    request.session[STARTED_AT_KEY] = timezone.now().isoformat()
    proof.note(request)
    source = origin.current()
    request.session[OPENED_FROM_KEY] = {"network": source.network, "browser": source.browser}
    SecurityEvent.objects.record(
        Event.SIGN_IN_COMPLETED,
        pending.user,
        device=device,
        actor=pending.user,
        **device.proof_facts,
    )
    # SECURITY: stored with what the answer used up, so that there is never the one without
    # the other, and after the event: logins of one client at once wait there for each other, and
    # the second counts the session of the first. (The middleware sets the cookie.)
    request.session.save()
    logged_in.send(sender=None, request=request, user=pending.user)
    return own_address(request, pending.next_url)


def own_address(request: HttpRequest, wanted: str) -> str:
    """Where to go: the address that was asked for if it is one of ours, else home.

    SECURITY: asked at the redirect, whoever stored the address.
    """
    # A path: without the slash it could be the name of a view, or of none.
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def step_up(request: HttpRequest, device: LoginDevice) -> None:
    """Continue the session on another device that was just proven in it, under a new key.

    SECURITY: the new key makes browsers drop pages of before from their back/forward cache,
    and what the old session alone could show is gone.
    """
    request.session.cycle_key()
    _open_with(request, device.user, device)


def _open_with(request: HttpRequest, user: User, device: LoginDevice) -> None:
    django_otp.login(request, device)
    if user.last_device_type != device.type_slug:
        # The next login begins with the kind of device that was used last (KB2895). After the
        # commit: whoever changes devices locks the client first, then the device held here.
        mine = auth.get_user_model()._default_manager.filter(pk=user.pk)
        transaction.on_commit(lambda: mine.update(last_device_type=device.type_slug), robust=True)
