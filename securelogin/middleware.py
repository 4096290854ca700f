"""The one gate: on every request, what may this session do now, and is it enough?

Deny by default: a view that is not marked with `securelogin.access.needs` needs a verified
session with FULL access. The answer is computed anew on each request, so a session never
outlives the device it was opened with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from securelogin.access import Access
from securelogin.gate import access_of_request, protection_of_request, refusal


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
