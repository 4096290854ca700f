"""What a client should be told on top of a page, from the state of the session's device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse

from securelogin.conf import policy
from securelogin.gate import proven_device
from securelogin.lifecycle import Status
from securelogin.models import LoginDevice, describe_for
from securelogin.registry import ListSection, device_types


@dataclass(frozen=True, slots=True)
class Banner:
    """A sentence and, for some, where to go.

    Attributes:
        kind: ``info``, ``warn`` or ``ok``.
    """

    kind: str
    text: str
    link_url: str = ""
    link_text: str = ""


def banners_for(request: HttpRequest, sections: Iterable[ListSection]) -> list[Banner]:
    """The banner of the device this session was opened with, then those of the types.

    Args:
        sections: what the types have to say (`list_sections`).
    """
    bridge = _bridge_banner(proven_device(request))
    banners = [*([bridge] if bridge else []), *(b for part in sections for b in part.banners)]
    # A link to the page it stands on leads nowhere.
    return [
        replace(banner, link_url="", link_text="") if banner.link_url == request.path else banner
        for banner in banners
    ]


def list_sections(request: HttpRequest, devices: list[LoginDevice]) -> list[ListSection]:
    """What each type that is switched on adds to the device list.

    Args:
        request: the client's.
        devices: all of the client's (`devices_of`), read once for the whole page.
    """
    sections = (config.load_list_section() for config in device_types())
    return [section(request, devices) for section in sections if section]


def _bridge_banner(device: LoginDevice) -> Banner | None:
    if not device.limited_at or not device.expires_at:
        return None
    link = {"link_url": reverse("securelogin:device_list"), "link_text": "Secure Login System"}
    if device.status is Status.LIMITED:
        until = describe_for(device.user, device.expires_at)
        return Banner(
            "warn",
            f"Your {device.title} now only lets you request an Online Security Code Card. "
            f"You can do this until {until}.",
            **link,
        )
    until = describe_for(device.user, device.limited_at)
    return Banner(
        "info",
        f"You are logged in with a {device.title}. It gives full access until {until}. "
        "Request an Online Security Code Card to keep access for "
        f"{policy().card_days} days.",
        **link,
    )
