"""Says before a client asks for a card that none can be drawn, and why."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from securelogin.security_card import card, drawing, places


@register()
def drawing_is_possible(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """W010: sign-in works, but the drawing can neither be read nor compiled."""
    missing = drawing.missing_libraries()
    if missing is None or _is_compiled():
        return []
    return [Warning(missing, id="securelogin.W010")]


@register(deploy=True)
def drawing_is_compiled(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """E014: compiling is no work for a request; a service without the drawing has no cards."""
    if drawing.builds_by_itself() or _is_compiled():
        return []
    message = "The card's drawing is missing, or made from other files, versions or settings."
    return [Error(message, hint="Run: manage.py compile_card", id="securelogin.E014")]


def _is_compiled() -> bool:
    try:
        return drawing.artefact(drawing.in_service()).is_file()
    except drawing.DrawingUnavailable:
        return False


@register(deploy=True)
def places_can_be_locked(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """E013: every request for a card would fail."""
    try:
        with places.taken_for(0):
            return []
    except OSError as error:
        message = f"RUNTIME_DIR cannot be used: {error.strerror}."
        hint = "Name a folder of the service's own, which its user may write."
        return [Error(message, hint=hint, id="securelogin.E013")]


@register()
def brand_fits_the_card(
    app_configs: Sequence[AppConfig] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """E011: a name or a phone number that no card has room for."""
    blank = ("000",) * card.CELLS
    serial = card.new_serial(random.Random(0))  # noqa: S311 - a serial for the check alone
    try:
        card.Sheet(
            brand=settings.BRAND["name"],
            serial=serial,
            initials="",
            issued_on="1 Jan 2000",
            lifetime_days=1,
            phone=settings.BRAND["phone"],
            values=blank,
        )
    except ValueError as error:
        return [Error(f"BRAND_NAME or BRAND_PHONE: {error}", id="securelogin.E011")]
    return []
