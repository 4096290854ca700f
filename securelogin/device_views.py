"""The client's list of security devices: adding, naming, taking back and ending them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django_otp
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from securelogin import pending, proof, refusals, second_step
from securelogin.access import Access, needs
from securelogin.banners import banners_for, list_sections
from securelogin.enrolment import types_to_add
from securelogin.forms import AnswerForm, RenameForm
from securelogin.gate import access_of_request, hold_device, protection_of_request
from securelogin.lifecycle import EndReason, Status
from securelogin.models import LoginDevice, devices_of, usable_devices
from securelogin.permanent import PermanentDevice
from securelogin.registry import device_type
from securelogin.throttle import NEVER

if TYPE_CHECKING:
    from accounts.models import User

ENDED_SHOWN = 10
_SHOWN = frozenset({Status.ACTIVE, Status.LIMITED, Status.WAITING, Status.ON_HOLD})


@needs(Access.CARD_ONLY)
@require_safe
def device_list(request: HttpRequest) -> HttpResponse:
    """Settings > User Settings > Secure Login System."""
    devices = devices_of(cast("User", request.user))
    sections = list_sections(request, devices)
    full = access_of_request(request) is Access.FULL
    context: dict[str, Any] = {
        "devices": [device for device in devices if device.status in _SHOWN],
        "ended": [device for device in devices if device.status not in _SHOWN][:ENDED_SHOWN],
        "banners": banners_for(request, sections),
        "list_actions": [section.template for section in sections if section.template],
        "types_to_add": types_to_add() if full else [],
        # A client with two still logs in when one is lost (NIST SP 800-63B-4 4.1.2.1).
        "only_one_lasts": sum(not d.interim and d.ended_at is None for d in devices) == 1,
        "protection": protection_of_request(request),
    }
    for section in sections:
        context |= section.context
    return render(request, "securelogin/device_list.html", context)


@needs(Access.CARD_ONLY)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_device(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Asks, then ends a device of one's own.

    What is only for the meantime needs no second proof for that (NIST SP 800-63B-4 4.3: the
    safe direction must be easy); who removes a device that lasts could lock the owner out.
    """
    device = _own_device(request, slug, pk)
    if device.ended_at is not None:
        return redirect("securelogin:device_list")
    if not device.interim and not proof.is_fresh(request):
        return proof.ask(request, back=request.path)
    usable = usable_devices(device.user, timezone.now())
    last = [d.persistent_id for d in usable] == [device.persistent_id]
    if request.method != "POST":
        context = {"device": device, "last_usable": last}
        return render(request, "securelogin/cancel_device.html", context)
    own = device.persistent_id == request.session.get(django_otp.DEVICE_ID_SESSION_KEY)
    with transaction.atomic():
        device.end(EndReason.CANCELLED_BY_CLIENT, by=device.user)
        if own:
            request.session.flush()
    return redirect("/logged-out/?r=cancelled" if own else "securelogin:device_list")


@require_http_methods(["GET", "HEAD", "POST"])
def rename_device(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What its owner calls a device."""
    device = _own_permanent(request, slug, pk)
    data = request.POST if request.method == "POST" else None
    form = RenameForm(data, initial={"name": device.name})
    if form.is_valid():
        device.rename(form.cleaned_data["name"])
        return redirect("securelogin:device_list")
    status = 422 if form.errors else 200
    context = {"device": device, "form": form}
    return render(request, "securelogin/rename_device.html", context, status=status)


@require_safe
def device_added(request: HttpRequest, slug: str, pk: int, *, back: bool = False) -> HttpResponse:
    """Says what was added, or is in use again, and what that means.

    Args:
        request: the client's.
        slug: the type.
        pk: of the device.
        back: it was on hold before.
    """
    device = _own_permanent(request, slug, pk)
    if device.status is not Status.ACTIVE:
        return redirect("securelogin:device_list")
    context = {"device": device, "back": back}
    return render(request, "securelogin/device_added.html", context)


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def reactivate(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Takes a device back from hold: compare the serial, then prove it (PT-react)."""
    device = _own_permanent(request, slug, pk)
    if device.status is not Status.ON_HOLD:
        return redirect("securelogin:device_list")
    form = second_step.form_of(request, device)
    if request.method == "POST" and form.is_valid():
        if _take_back(request, device, form):
            return redirect("securelogin:device_back", device.type_slug, device.pk)
        form.explain(device)
    if until := device.locked_until:
        # Whatever was typed, the page is the same: a lock never tells whether it was right.
        context: dict[str, Any] = {"until": until, "never": NEVER}
        return render(request, "securelogin/locked.html", context, status=429)
    context = second_step.page_context(device, form, [])
    status = 422 if form.errors else 200
    return render(request, "securelogin/reactivate.html", context, status=status)


@sensitive_variables()
def _take_back(request: HttpRequest, device: PermanentDevice, form: AnswerForm) -> bool:
    # One transaction: the session moves to the device, or nothing happened.
    with transaction.atomic():
        hold_device(request)
        if not device.reactivate(form.answer):
            return False
        pending.step_up(request, device)
        proof.note(request)
        # SECURITY: stored with what the answer used up; its former device is over.
        request.session.save()
    return True


def _own_device(request: HttpRequest, slug: str, pk: int) -> LoginDevice:
    """A device of the client's own.

    Raises:
        Http404: another client's, or none: the same answer.
    """
    user = cast("User", request.user)
    config = device_type(slug)
    device = config.device_model.objects.of(user).filter(pk=pk).first() if config else None
    if device is None:
        refusals.note(request, user, refusals.FOREIGN_DEVICE)
        raise Http404
    device.user = user
    return cast("LoginDevice", device)


def _own_permanent(request: HttpRequest, slug: str, pk: int) -> PermanentDevice:
    """A device of the client's own that lasts, and has not ended.

    Raises:
        Http404: another client's, none, or another kind: the same answer.
    """
    device = _own_device(request, slug, pk)
    if not isinstance(device, PermanentDevice) or device.ended_at is not None:
        raise Http404
    return device
