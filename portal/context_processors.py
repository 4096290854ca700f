"""What every template may use: the brand, the policy's numbers, the chosen layout."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from securelogin.conf import policy


def portal(request: HttpRequest) -> dict[str, Any]:
    """``brand``, ``policy``, ``classic``."""
    return {
        "brand": settings.BRAND,
        "policy": policy(),
        "classic": SimpleLazyObject(
            lambda: getattr(request.user, "layout", "standard") == "classic"
        ),
    }
