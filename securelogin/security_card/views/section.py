"""The section of cards below the list of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.urls import reverse

from securelogin.banners import Banner
from securelogin.lifecycle import Status
from securelogin.models import LoginDevice, describe_for
from securelogin.registry import ListSection
from securelogin.security_card.models import SecurityCard
from securelogin.security_card.views.own import ACTIVATED_KEY, request_context

if TYPE_CHECKING:
    from accounts.models import User


def list_section(request: HttpRequest, devices: list[LoginDevice]) -> ListSection:
    """Below the device list: the button, or why it is not there."""
    cards = [device for device in devices if isinstance(device, SecurityCard)]
    context = request_context(request, cards)
    user = cast("User", request.user)
    by_status = {card.status: card for card in cards}
    waiting, active = by_status.get(Status.WAITING), by_status.get(Status.ACTIVE)
    banners: list[Banner] = []
    if active and request.session.get(ACTIVATED_KEY) == active.public_id:
        until = describe_for(user, active.expires_at)
        banners.append(Banner("ok", f"Your Online Security Code Card is active until {until}."))
    if waiting:
        banners.append(
            Banner(
                "info",
                "You requested a card but did not activate it. If you kept a copy, activate "
                "it. If not, request a new card.",
                link_url=reverse("securelogin:device_list"),
                link_text="Secure Login System",
            )
        )
    context |= {"card_waiting": waiting, "card_active": active}
    return ListSection("securelogin/security_card/list_action.html", context, banners)
