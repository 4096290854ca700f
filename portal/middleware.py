"""Headers that every response carries, the page for a wrong method, and what is never read."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import add_never_cache_headers

from portal import csp_reports
from portal.views import method_not_allowed

HEADERS = {
    "Reporting-Endpoints": f'csp="{csp_reports.PATH}"',
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), usb=(), payment=(), otp-credentials=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"
    ),
}
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
_OTHER_SITES = frozenset(("cross-site", "same-site"))


class ResponseHeadersMiddleware:
    """Outermost, so that no response escapes it: no-store, and the headers above."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            allowed = response["Allow"]
            response = self._with_page(request, response)
            response["Allow"] = allowed
        if response.status_code != 200 or not request.path.startswith("/static/"):
            # SECURITY: nothing of the portal is kept by a browser or a proxy.
            add_never_cache_headers(response)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @staticmethod
    def _with_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.content = method_not_allowed(request).content
        # The length of the empty answer was written by an inner middleware.
        response["Content-Length"] = str(len(response.content))
        response["Content-Type"] = "text/html; charset=utf-8"
        return response


class RequestLimitsMiddleware:
    """Refuses what no page of the portal ever sends, before anything is read or looked up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # SECURITY: a form sent from another site is refused before its token is looked at, and
        # a host beside ours in the same domain is another site. A browser without the header
        # is left to the token and the origin.
        if (
            request.method not in _SAFE_METHODS
            and request.headers.get("Sec-Fetch-Site") in _OTHER_SITES
            and request.path != csp_reports.PATH
        ):
            raise PermissionDenied
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            raise BadRequest("A length that is no number.")
        # SECURITY: Django's own limit leaves out files, which it writes to disk, for visitors too.
        if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        # PostgreSQL has no text with a zero byte and would answer with an error.
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("A zero byte in the address.")
        return self.get_response(request)
