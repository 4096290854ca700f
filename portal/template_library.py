"""``{% load portal %}``: moments and digits in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.safestring import mark_safe

from accounts.models import User
from securelogin import moments
from securelogin.conf import policy
from securelogin.protection import Protection

register = template.Library()
_VALUE_ROW = (
    '<tr><th scope="row">%d</th>'
    '<td><span aria-hidden="true">%s</span><span class="vh">%s</span></td></tr>'
)


@register.filter
def moment(value: datetime | None) -> str:
    """``14 August 2025, 23:59 (Zurich time)`` in the active zone; empty for None."""
    return moments.describe(value, timezone.get_current_timezone_name()) if value else ""


@register.filter
def both_zones(value: datetime | None, client: User) -> str:
    """A moment in the active zone and in the client's, for the desk; empty for None."""
    desk_zone = timezone.get_current_timezone_name()
    return moments.describe_both(value, desk_zone, client.time_zone) if value else ""


@register.filter
def day(value: datetime | None) -> str:
    """``14 August 2025`` in the active zone; empty for None."""
    return moments.day(value, timezone.get_current_timezone_name()) if value else ""


@register.filter
def withdrawal_limits(level: Protection) -> str:
    """``USD 50,000 a day, USD 100,000 in five business days``."""
    return str(policy().withdrawal_limits(level))


@register.filter
def value_rows(cells: Iterable[tuple[int, str]]) -> str:
    """A card's index numbers and values as rows of a table, each value digit by digit, too.

    A page has 224 of them, for each of which a template would take as long as for ten lines.

    Args:
        cells: index numbers with their values.

    Raises:
        ValueError: a value is more than digits.
    """
    rows = list(cells)
    # SECURITY: nothing is escaped below, so nothing but digits may come there.
    if not all(value.isascii() and value.isdigit() for _index, value in rows):
        raise ValueError("A value of a card is digits.")
    written = [_VALUE_ROW % (index, value, " ".join(value)) for index, value in rows]
    return mark_safe("\n".join(written))  # noqa: S308 - numbers and digits
