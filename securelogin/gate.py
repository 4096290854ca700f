"""The device that this request's session was opened with, and how far it reaches now."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from securelogin.access import Access
from securelogin.models import LoginDevice


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


def access_of_request(request: HttpRequest) -> Access:
    """What the session of this request may do now."""
    device = device_of(request)
    return device.access_at(timezone.now()) if device else Access.NONE
