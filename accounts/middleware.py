"""Ends sessions that are too old, keeps the others awake, and sets the client's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions import middleware
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone

from accounts import known_browsers
from accounts.sessions import SessionStore
from securelogin.conf import policy
from securelogin.lifecycle import is_within
from securelogin.pending import STARTED_AT_KEY


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
            return super().process_response(request, response)
        except SessionInterrupted:
            # Ended meanwhile: elsewhere, by a new password, or at the desk. What was to be
            # answered is not: the login says why.
            ended = redirect(f"{resolve_url(settings.LOGIN_URL)}?r=ended")
            ended.delete_cookie(settings.SESSION_COOKIE_NAME, samesite="Lax")
            return ended


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
    ) -> None:
        """Whoever asks for a page is there; a page that asks by itself (`passive`) is not."""
        if request.user.is_authenticated and not getattr(view, "is_passive", False):
            cast("SessionStore", request.session).touch()
