"""Asks a person for the answer of a device: which of the devices, and with which form.

The second step of a login asks so, and so does the fresh proof of a session that is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone

from securelogin.access import Access
from securelogin.models import LoginDevice, iter_usable_devices
from securelogin.registry import DeviceTypeConfig, device_type_of

if TYPE_CHECKING:
    from accounts.models import User
    from securelogin.forms import AnswerForm


def choice_of(device: LoginDevice) -> str:
    """What names the device in the address of such a page: ``type-pk``."""
    return f"{device.type_slug}-{device.pk}"


def devices_to_ask(
    user: User,
    chosen: str,
    *,
    lock: bool = False,
    least: Access = Access.CARD_ONLY,
    types: Iterable[DeviceTypeConfig] | None = None,
) -> Iterator[LoginDevice]:
    """The usable devices, the one chosen on the page first.

    Reads no more than it is asked for: a right answer never looks at the others.

    Args:
        user: whose devices.
        chosen: from `choice_of`; anything else chooses none.
        lock: for a verification, inside a transaction.
        least: how far the device has to reach.
        types: as in `iter_usable_devices`.
    """
    now = timezone.now()
    passed_over: list[LoginDevice] = []
    # A right answer locks and reads the devices of one type only.
    first = chosen.rpartition("-")[0] if lock else ""
    usable = iter_usable_devices(user, now, lock=lock, types=types, first=first)
    devices = (device for device in usable if device.access_at(now) >= least)
    for device in devices:
        if not chosen or chosen == choice_of(device):
            yield device
            break
        passed_over.append(device)
    yield from passed_over
    yield from devices


def form_of(request: HttpRequest, device: LoginDevice) -> AnswerForm:
    """The form of the device's type, filled in with what was sent."""
    form_class = device_type_of(device).load_answer_form()
    data = request.POST if request.method == "POST" else None
    device.asked = data.get("question", "") if data else ""
    return form_class(device, data, session=request.session)


def _other(device: LoginDevice) -> dict[str, Any]:
    without_typing = device_type_of(device).needs_no_typing
    return {
        "title": device.title,
        "choice": choice_of(device),
        "needs_no_typing": without_typing,
    }


def page_context(
    device: LoginDevice, form: AnswerForm, others: list[LoginDevice]
) -> dict[str, Any]:
    """What a template needs to ask for the answer.

    Args:
        device: the one that is asked.
        form: its form.
        others: devices that may answer instead.
    """
    config = device_type_of(device)
    return {
        "form": form,
        "device": device,
        "choice": choice_of(device),
        "others": [_other(device) for device in others],
        "prompt_title": config.prompt_title,
        "prompt_template": config.prompt_template,
        "no_answer_label": config.no_answer_label,
        **form.context(),
    }
