"""Where the request being served came from, in the coarse form that events and mails keep.

State changes are methods of models and know no request; the middleware leaves network, browser
family and the request's own id in a context variable for the event they write.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Order matters: Edge and Opera also call themselves Chrome, and Chrome also Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("FxiOS", "Firefox"),
    ("Safari", "Safari"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A network prefix (/24 or /48), a browser family, and an id; empty outside a request."""

    network: str = ""
    browser: str = ""
    request_id: str = ""


# Where a log of the request itself, which is written after this middleware is left, finds the id.
REQUEST_ID = "portal.request_id"
_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin")


def current() -> Origin:
    """The origin of the request being served, or an empty one (commands, jobs)."""
    return _current.get(_NOWHERE)


@contextmanager
def nowhere() -> Iterator[None]:
    """What happens here is not what the request asked for: its events have no origin."""
    token = _current.set(_NOWHERE)
    try:
        yield
    finally:
        _current.reset(token)


def browser_family(user_agent: str) -> str:
    """The family named by a User-Agent header, or ``another browser``."""
    return next((name for mark, name in _BROWSERS if mark in user_agent), "another browser")


def client_address(remote: str, forwarded_for: str) -> str:
    """The address of the client: the last hop that is no trusted proxy.

    SECURITY: X-Forwarded-For is believed only as far as trusted proxies wrote it; the part
    left of the first foreign hop is the client's own invention.
    """
    hops = [*(hop.strip() for hop in forwarded_for.split(",") if hop.strip()), remote]
    for hop in reversed(hops):
        try:
            address = ipaddress.ip_address(hop)
        except ValueError:
            return ""
        if not _is_trusted(address):
            return str(address)
    return hops[0]


def _is_trusted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    # A socket for both versions calls a proxy's 10.0.0.7 ::ffff:10.0.0.7.
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in settings.TRUSTED_PROXIES)


def comes_from_proxy(remote: str) -> bool:
    """Whether the peer itself, not what it says, is a trusted proxy."""
    try:
        return _is_trusted(ipaddress.ip_address(remote))
    except ValueError:
        return False


def network_of(address: str) -> str:
    """The prefix that stands for an address: /24 of IPv4, /48 of IPv6, empty if it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    if mapped is not None:
        parsed = mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


class OriginMiddleware:
    """Keeps the origin while the request is served, and tells the browser the request's id.

    Stands before whatever asks for https.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        remote = request.META.get("REMOTE_ADDR", "")
        address = client_address(remote, request.META.get("HTTP_X_FORWARDED_FOR", ""))
        if not comes_from_proxy(remote):
            # SECURITY: only a proxy can know that the client spoke https to it.
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        # SECURITY: random, and never what the client calls it: it goes into events and logs.
        request_id = request.META[REQUEST_ID] = secrets.token_hex(8)
        browser = browser_family(request.headers.get("User-Agent", ""))
        token = _current.set(Origin(network_of(address), browser, request_id))
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response["X-Request-ID"] = request_id
        return response
