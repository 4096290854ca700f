"""The device that this request's session was opened with, and how far it reaches now."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone

from securelogin.access import Access
from securelogin.models import LoginDevice, lock_client, lock_devices
from securelogin.protection import Protection


class DeviceOverError(Exception):
    """The session's device was ended while this request ran. The next request says what is left
    (`securelogin.middleware.AccessMiddleware`)."""


def device_of(request: HttpRequest) -> LoginDevice | None:
    """The device of the session, or None for a visitor."""
    device = getattr(request.user, "otp_device", None)
    if not request.user.is_authenticated or not isinstance(device, LoginDevice):
        return None
    device.user = request.user
    return device


def proven_device(request: HttpRequest) -> LoginDevice:
    """The device of the session, in a view that only a session with one can reach.

    Raises:
        PermissionDenied: there is none after all.
    """
    device = device_of(request)
    if device is None:
        raise PermissionDenied
    return device


def hold_device(request: HttpRequest, needed: Access = Access.FULL) -> None:
    """Inside a transaction, before a session moves on to another device: its own stays as it is
    until the end.

    SECURITY: the device was read as the request began. Whoever ends it meanwhile is waited for,
    and then it opens nothing more: a thief must not slip from a revoked device to a new one.

    Args:
        needed: how far the device has to reach.

    Raises:
        DeviceOverError: it does not, any more.
    """
    device = proven_device(request)
    lock_client(device.user)
    held = (row for row in lock_devices(device.user) if row == device)
    if not any(row.access_at(timezone.now()) >= needed for row in held):
        raise DeviceOverError


def protection_of_request(request: HttpRequest) -> Protection:
    """How well the device of this request's session protects: what money may move by it."""
    device = device_of(request)
    return device.protection if device else Protection.NONE


def access_of_request(request: HttpRequest) -> Access:
    """What the session of this request may do now."""
    device = device_of(request)
    return device.access_at(timezone.now()) if device else Access.NONE


def refusal(request: HttpRequest, needed: Access) -> HttpResponse | None:
    """What a request is answered with whose session does not reach far enough; None: it does.

    Raises:
        PermissionDenied: something was to be done that a session only for requesting a card
            does not reach.
    """
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
