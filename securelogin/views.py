"""The second step of a sign-in: the answer of a device after the password."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from securelogin import pending, resending, second_step
from securelogin.access import Access, needs
from securelogin.conf import policy
from securelogin.enrolment import Enroller, enrols, may_add_first, types_to_add
from securelogin.lifecycle import Status
from securelogin.models import devices_of, standing_of
from securelogin.pending import PendingExpiredError, PendingSignIn
from securelogin.registry import device_type_of
from securelogin.throttle import NEVER
from securelogin.verdict import Verdict


@needs(Access.NONE)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def challenge(request: HttpRequest) -> HttpResponse:
    """The second step: an answer from the device in force, then the login."""
    try:
        waiting = pending.load(request)
    except PendingExpiredError:
        minutes = policy().pending_minutes
        return render(request, "securelogin/pending_expired.html", {"minutes": minutes})
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
                mark = resending.mark_of(request, device, form.answer)
                device.resent = resending.is_last_wrong(request, mark)
                if device.verify_token(form.answer):
                    return redirect(pending.finish(request, waiting, device))
                if device.verdict is Verdict.WRONG:
                    resending.note_wrong(request, mark)
                form.explain(device)
        if not request.session.exists(request.session.session_key or ""):
            # The same form was sent twice at once, and the other one has logged in; or it was
            # ended meanwhile. The cookie is left as it is: it may be that of the login.
            return redirect(pending.own_address(request, waiting.next_url))
    else:
        device = form = None
    standing = standing_of(waiting.user)
    devices = list(second_step.devices_to_ask(waiting.user, chosen, types=standing.open))
    if not devices:
        return _no_device(request, waiting)
    asked, *others = devices
    if until := standing.locked_until:
        # Whatever was typed, the page is the same: a lock never tells whether it was right.
        return render(
            request, "securelogin/locked.html", {"until": until, "never": NEVER}, status=429
        )
    form = form or second_step.form_of(request, asked)
    context = second_step.page_context(asked, form, others)
    status = 422 if form.errors else 200
    return render(request, "securelogin/challenge.html", context, status=status)


def _no_device(request: HttpRequest, waiting: PendingSignIn) -> HttpResponse:
    """The password was right and nothing can prove the rest: say what ended, and what to do."""
    if may_add_first(waiting.user):
        return redirect("securelogin:first_device")
    devices = devices_of(waiting.user)
    held = [device for device in devices if device.status is Status.ON_HOLD]
    ended = max(
        (d for d in devices if d.activated_at is not None and d not in held),
        key=lambda device: device.ended_at or device.expires_at or timezone.now(),
        default=None,
    )
    template = device_type_of(ended).ended_template if ended else "securelogin/no_device.html"
    return render(request, template, {"device": ended, "ended": ended, "held": held})


@enrols
@require_safe
def first_device(request: HttpRequest, enroller: Enroller) -> HttpResponse:
    """A client who has never had a device adds one, or calls for a Temporary Code."""
    if not enroller.is_first:
        return redirect("securelogin:device_list")
    return render(request, "securelogin/first_device.html", {"types_to_add": types_to_add()})


@needs(Access.NONE)
@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Leave a pending sign-in."""
    request.session.flush()
    return redirect("accounts:login")
