"""From the kept copy to the active card, or to giving it up."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from securelogin import pending
from securelogin.access import Access
from securelogin.events import Event
from securelogin.gate import hold_device
from securelogin.lifecycle import EndReason, Status
from securelogin.models import SecurityEvent
from securelogin.security_card.forms import CardValuesForm
from securelogin.security_card.models import Activation, SecurityCard
from securelogin.security_card.views.own import (
    ACTIVATED_KEY,
    SHOWN_KEY,
    nonce_of,
    over,
    own_card,
)

# Refusals after which the same form is shown again.
EXPLAINED = {Activation.WRONG, Activation.INDEX_NUMBERS, Activation.KEY_MISSING}


@require_POST
@own_card
def proceed(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """Continue: to the activation, or first to the warning if no copy was seen."""
    if row.status is not Status.WAITING:
        return over(request, row)
    how = request.POST.get("kept", "")
    if how in {SecurityCard.Kept.PRINT, SecurityCard.Kept.TEXT} and not row.kept:
        row.keep(SecurityCard.Kept(how))
    if not row.kept and request.POST.get("acknowledged") != "1":
        return redirect("securelogin:security_card:keep_check", row.public_id)
    if not row.kept:
        SecurityEvent.objects.record(
            Event.DEVICE_NOT_SEEN_KEPT, row.user, device=row, actor=row.user
        )
    return redirect("securelogin:security_card:activate", row.public_id)


@require_safe
@own_card
def keep_check(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The warning of note 2 of the base text."""
    if row.status is not Status.WAITING:
        return over(request, row)
    return render(request, "securelogin/security_card/keep_check.html", {"card": row})


@require_http_methods(["GET", "HEAD", "POST"])
@own_card
@sensitive_post_parameters()
@sensitive_variables()
def activate(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """Two index numbers, Card Values, Continue."""
    if request.session.get(ACTIVATED_KEY) == row.public_id:
        return redirect("securelogin:security_card:activated", row.public_id)
    if row.status is not Status.WAITING:
        return over(request, row)
    form = CardValuesForm(row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        outcome = _prove(request, row, form.answer)
        if outcome in {Activation.DONE, Activation.ALREADY}:
            return redirect("securelogin:security_card:activated", row.public_id)
        if outcome not in EXPLAINED:
            return over(request, row)
        form.explain_activation(outcome)
    context = {
        "card": row,
        "form": form,
        "pair": row.pair,
        "may_show": nonce_of(request, row) is not None,
        "attempts_left": row.activation_attempts_left,
    }
    status = 422 if form.errors else 200
    return render(request, "securelogin/security_card/activate.html", context, status=status)


@sensitive_variables()
def _prove(request: HttpRequest, row: SecurityCard, answer: str) -> Activation:
    # One transaction: the session moves to the card exactly when the card becomes active.
    with transaction.atomic():
        hold_device(request, Access.CARD_ONLY)
        outcome = row.activate(answer)
        if outcome in {Activation.DONE, Activation.CANCELLED}:
            _forget(request, row)
        if outcome is Activation.DONE:
            request.session[ACTIVATED_KEY] = row.public_id
            pending.step_up(request, row)
        if request.session.modified:
            request.session.save()
        if outcome is Activation.DONE:
            # SECURITY: sessions opened with what the card replaced are over; their rows go
            # now, and with them the nonce, if the card was shown in one of them.
            here = request.session.session_key
            row.user.sessions.exclude(session_key=here).delete()
    return outcome


@sensitive_variables()
def _forget(request: HttpRequest, row: SecurityCard) -> None:
    """SECURITY: from here on nothing can show the values again."""
    if nonce_of(request, row) is not None:
        del request.session[SHOWN_KEY]


@require_safe
@own_card
def activated(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The confirmation with the end date; complete before OK is pressed."""
    if request.session.get(ACTIVATED_KEY) != row.public_id or row.status is not Status.ACTIVE:
        return redirect("securelogin:device_list")
    event = SecurityEvent.objects.filter(
        user=row.user, kind=Event.DEVICE_ACTIVATED, device=row.persistent_id
    ).first()
    context = {"card": row, "reference": event.reference if event else ""}
    return render(request, "securelogin/security_card/activated.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_card
def discard(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """Asks, then gives up a waiting card."""
    if row.status is not Status.WAITING:
        return over(request, row)
    if request.method != "POST":
        return render(request, "securelogin/security_card/discard.html", {"card": row})
    with transaction.atomic():
        row.end(EndReason.CANCELLED_BY_CLIENT, by=row.user)
        _forget(request, row)
        request.session.save()
    return redirect("securelogin:device_list")
