"""The one gate: on every request, what may this session do now, and is it enough?

Deny by default: a view that is not marked with `securelogin.access.needs` needs a verified
session with FULL access. The answer is computed anew on each request, so a session never
outlives the device it was opened with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.functional import SimpleLazyObject

from securelogin.access import Access
from securelogin.gate import access_of_request


class AccessMiddleware:
    """Refuses what the session's access does not reach. Sets ``request.access``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.access = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: access_of_request(request)
        )
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """None lets the view run."""
        # SECURITY: FULL unless the view says otherwise.
        needed: Access = getattr(view, "access_needed", Access.FULL)
        if needed is Access.NONE:
            return None
        access = access_of_request(request)
        if access >= needed:
            return None
        if access is Access.NONE:
            return _to_login(request)
        if request.method in {"GET", "HEAD"}:
            return redirect("securelogin:device_list")
        raise PermissionDenied


def _to_login(request: HttpRequest) -> HttpResponse:
    had_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    if request.user.is_authenticated:
        # SECURITY: the device is over, so the session is.
        logout(request)
    query: dict[str, str] = {}
    if request.method == "GET":
        query["next"] = request.get_full_path()
    if had_session:
        query["r"] = "ended"
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}")
