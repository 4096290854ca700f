"""The error pages: plain words, the same headers as every page, nothing about anybody."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from securelogin import refusals

RETRY_AFTER_SECONDS = "30"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, and 413 where the body was too large."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return _page(request, status)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403; that somebody tried is kept."""
    refusals.note_forbidden(request)
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same for what is missing and for what is somebody else's."""
    return _page(request, 404)


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    """405."""
    return _page(request, 405)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 while the database does not answer: the portal fails closed and says so."""
    down = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    response = _page(request, 503 if down else 500)
    if down:
        response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was open too long. Never replays the POST."""
    # The page that held the form: its address came with it, and it answers to GET.
    came_from = urlsplit(request.headers.get("Referer", ""))
    again = came_from.path if came_from.netloc == request.get_host() else "/"
    return render(request, "403_csrf.html", {"again": again}, status=403)


def _page(request: HttpRequest, status: int) -> HttpResponse:
    # Without the request: an error page must not need the session, the user or the database.
    context = {"brand": settings.BRAND}
    return render(None, f"{status}.html", context, status=status)
