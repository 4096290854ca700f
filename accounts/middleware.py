"""Ends sessions that are too old, keeps the others awake, and sets the client's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.auth import middleware as auth_middleware
from django.contrib.sessions import middleware
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from accounts import known_browsers
from accounts.sessions import SessionStore
from securelogin.conf import policy
from securelogin.lifecycle import is_within
from securelogin.pending import STARTED_AT_KEY

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's, which forgets on 500 what a failed request did to the session; on 503 too.

    SECURITY: a login whose transaction was rolled back must not leave its session behind.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save, unless the server failed."""
        if response.status_code >= 500:
            return response
        known_browsers.remember(request, response)
        try:
            response = super().process_response(request, response)
        except SessionInterrupted:
            return _ended()
        session = cast("SessionStore", request.session)
        if session.is_empty() and not session.was_ended_here:
            # Django takes away a cookie that names nothing. By now the browser may have another
            # one: of a form that was sent twice, or of another tab.
            response.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A view that saves the session with what it changes has changed nothing, then."""
        return _ended() if isinstance(exception, UpdateError) else None


def _ended() -> HttpResponse:
    """Ended meanwhile: elsewhere, by a new password, or at the desk. What was to be answered is
    not: the login says why."""
    # The cookie stays: it names nothing, or by now the session that another answer opened.
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?r=ended")


class AuthenticationMiddleware(auth_middleware.AuthenticationMiddleware):
    """Django's, which takes the client that was read along with the session."""

    def process_request(self, request: HttpRequest) -> None:
        """Sets ``request.user``, asked for when it is needed."""
        super().process_request(request)
        # Stubs want a user, not something that becomes one.
        request.user = SimpleLazyObject(partial(_user_of, request))  # type: ignore[assignment]


def _user_of(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """As `django.contrib.auth.get_user`, which decides whenever anything is not as usual."""
    session = cast("SessionStore", request.session)
    user_id, signed = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY, "")
    owner = session.owner
    # SECURITY: the same questions that Django asks: the backend is one of ours, the user may
    # log in, and the password is the one the session was opened with.
    if (
        owner is not None
        and user_id == str(owner.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and owner.is_active
        and constant_time_compare(signed, owner.get_session_auth_hash())
    ):
        return owner
    return auth.get_user(request)


class SessionLimitsMiddleware:
    """Both limits are the server's (NIST SP 800-63B-4 2.2.3): idle and absolute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        started = request.session.get(STARTED_AT_KEY)
        # SECURITY: a session without its start is none of ours.
        if not started or not is_within(
            policy().absolute_life, datetime.fromisoformat(started), timezone.now()
        ):
            logout(request)
            return redirect(f"{reverse('accounts:logged_out')}?r=absolute")
        with timezone.override(ZoneInfo(request.user.time_zone)):
            return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Whoever asks for a page is there; a page that asks by itself (`passive`) is not."""
        if not request.user.is_authenticated or getattr(view, "is_passive", False):
            return None
        # SECURITY: the body has been read by now, however slowly it came: a session that was ended
        # meanwhile does nothing more.
        return None if cast("SessionStore", request.session).touch() else _ended()
