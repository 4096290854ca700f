"""The second step of a sign-in, the list of security devices, and cancelling one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import django_otp
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from securelogin import pending, refusals, second_step
from securelogin.access import Access, needs
from securelogin.banners import banners_for, list_sections
from securelogin.lifecycle import EndReason, Status
from securelogin.models import devices_of, usable_devices
from securelogin.pending import PendingExpiredError, PendingSignIn
from securelogin.registry import device_type, device_type_of
from securelogin.throttle import NEVER

if TYPE_CHECKING:
    from accounts.models import User

ENDED_SHOWN = 10


@needs(Access.NONE)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def challenge(request: HttpRequest) -> HttpResponse:
    """The second step: an answer from the device in force, then the login."""
    try:
        waiting = pending.load(request)
    except PendingExpiredError:
        return render(request, "securelogin/pending_expired.html")
    if waiting is None:
        return redirect("accounts:login")
    with timezone.override(ZoneInfo(waiting.user.time_zone)):
        return _second_step(request, waiting)


@sensitive_variables()
def _second_step(request: HttpRequest, waiting: PendingSignIn) -> HttpResponse:
    chosen = request.GET.get("device", "")
    if request.method == "POST":
        # One transaction: an answer that is used up always means a completed sign-in.
        with transaction.atomic():
            device = next(second_step.devices_to_ask(waiting.user, chosen, lock=True), None)
            form = second_step.form_of(request, device) if device else None
            if device and form and form.is_valid():
                if device.verify_token(form.answer):
                    return redirect(pending.finish(request, waiting, device))
                form.explain(device)
    else:
        device = form = None
    devices = list(second_step.devices_to_ask(waiting.user, chosen))
    if not devices:
        return _no_device(request, waiting)
    asked, *others = devices
    if until := asked.locked_until:
        # Whatever was typed, the page is the same: a lock never tells whether it was right.
        return render(
            request, "securelogin/locked.html", {"until": until, "never": NEVER}, status=429
        )
    form = form or second_step.form_of(request, asked)
    context = second_step.page_context(asked, form, others)
    status = 422 if form.errors else 200
    return render(request, "securelogin/challenge.html", context, status=status)


def _no_device(request: HttpRequest, waiting: PendingSignIn) -> HttpResponse:
    """The password was right and nothing can prove the rest: say what ended, and to call."""
    ended = max(
        (d for d in devices_of(waiting.user) if d.activated_at is not None),
        key=lambda device: device.ended_at or device.expires_at or timezone.now(),
        default=None,
    )
    template = device_type_of(ended).ended_template if ended else "securelogin/no_device.html"
    return render(request, template, {"device": ended, "ended": ended})


@needs(Access.NONE)
@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Leave a pending sign-in."""
    request.session.flush()
    return redirect("accounts:login")


@needs(Access.CARD_ONLY)
@require_safe
def device_list(request: HttpRequest) -> HttpResponse:
    """Settings > User Settings > Secure Login System."""
    devices = devices_of(cast("User", request.user))
    shown = {Status.ACTIVE, Status.LIMITED, Status.WAITING}
    sections = list_sections(request)
    context: dict[str, Any] = {
        "devices": [device for device in devices if device.status in shown],
        "ended": [device for device in devices if device.status not in shown][:ENDED_SHOWN],
        "banners": banners_for(request, sections),
        "list_actions": [section.template for section in sections],
    }
    for section in sections:
        context |= section.context
    return render(request, "securelogin/device_list.html", context)


@needs(Access.CARD_ONLY)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_device(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Asks, then ends a device of one's own. Cancelling needs no second proof (63B 4.3)."""
    user = cast("User", request.user)
    config = device_type(slug)
    # Another client's device and a missing one get the same answer.
    device = config.device_model.objects.of(user).filter(pk=pk).first() if config else None
    if device is None:
        refusals.note(request, user, refusals.FOREIGN_DEVICE)
        raise Http404
    device.user = user
    if device.ended_at is not None:
        return redirect("securelogin:device_list")
    usable = usable_devices(user, timezone.now())
    last = [d.persistent_id for d in usable] == [device.persistent_id]
    if request.method != "POST":
        context = {"device": device, "last_usable": last}
        return render(request, "securelogin/cancel_device.html", context)
    own = device.persistent_id == request.session.get(django_otp.DEVICE_ID_SESSION_KEY)
    with transaction.atomic():
        device.end(EndReason.CANCELLED_BY_CLIENT, by=user)
        if own:
            request.session.flush()
    return redirect("/logged-out/?r=cancelled" if own else "securelogin:device_list")
