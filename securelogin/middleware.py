"""The one gate: on every request, what may this session do now, and is it enough?

Deny by default: a view that is not marked with `securelogin.access.needs` needs a verified
session with FULL access. The answer is computed anew on each request, so a session never
outlives the device it was opened with. `DeviceMiddleware` reads that device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from django.db.models import BigIntegerField
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django_otp.middleware import OTPMiddleware
from django_otp.models import Device

from securelogin.access import Access
from securelogin.gate import DeviceOverError, access_of_request, protection_of_request, refusal
from securelogin.models import LoginDevice
from securelogin.prepared import Prepared
from securelogin.registry import device_types

# Fewer digits than the largest number that a column of keys takes.
_MOST_DIGITS = 18


class DeviceMiddleware(OTPMiddleware):
    """django-otp's, which finds the session's device by a query that is written once.

    SECURITY: only that. Whether the device is the client's own and still in force is asked by
    django-otp of whatever is found here, and by `gate` after it.
    """

    def _device_from_persistent_id(self, persistent_id: str) -> Device | None:
        label, _slash, key = persistent_id.rpartition("/")
        models = (config.device_model for config in device_types())
        model = next((model for model in models if model._meta.label_lower == label), None)
        # Whatever is not as usual is django-otp's to decide.
        if model is None or not (key.isascii() and key.isdigit() and len(key) <= _MOST_DIGITS):
            return cast("Device | None", super()._device_from_persistent_id(persistent_id))
        return _finder(model).first(key=int(key))


@cache
def _finder(model: type[LoginDevice]) -> Prepared[LoginDevice]:
    return Prepared(lambda key: model.objects.filter(pk=key), key=BigIntegerField())


class AccessMiddleware:
    """Refuses what the session's access does not reach.

    Sets ``request.access`` and ``request.protection``: whatever moves money asks the second how
    much (`securelogin.policy.Policy.withdrawal_limits`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Attributes of our own, which a request's type does not have.
        request.access = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: access_of_request(request)
        )
        request.protection = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: protection_of_request(request)
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
        return refusal(request, needed)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The session's device ended meanwhile: the list of devices, or why it is not shown."""
        over = isinstance(exception, DeviceOverError)
        return redirect("securelogin:device_list") if over else None
