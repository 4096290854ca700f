"""The card in the browser: request, show, keep, prove, done.

The values can be shown only by the session that requested the card: it alone holds the
nonce, until the activation, the logout or the time-out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from securelogin import pending, proof, refusals
from securelogin.access import Access, needs
from securelogin.banners import Banner
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.gate import proven_device
from securelogin.keys import KeyMissingError
from securelogin.lifecycle import EndReason, Status
from securelogin.models import LoginDevice, SecurityEvent, describe_for
from securelogin.registry import ListSection
from securelogin.security_card import card as rules
from securelogin.security_card import drawing
from securelogin.security_card.forms import CardValuesForm
from securelogin.security_card.models import (
    Activation,
    ConcurrentRequestError,
    RequestRefusedError,
    SecurityCard,
)

if TYPE_CHECKING:
    from accounts.models import User

# In the session: {"card": public id, "nonce": hex}. SECURITY: the only place of the nonce.
SHOWN_KEY = "security_card"
ACTIVATED_KEY = "security_card_activated"
# Refusals after which the same form is shown again.
EXPLAINED = {Activation.WRONG, Activation.INDEX_NUMBERS, Activation.KEY_MISSING}

CardView = Callable[[HttpRequest, SecurityCard], HttpResponse]


def own_card(view: CardView) -> Callable[..., HttpResponse]:
    """Gives the view the client's card of that public id; a foreign one is a missing one."""

    @wraps(view)
    def wrapped(request: HttpRequest, card_id: str) -> HttpResponse:
        user = cast("User", request.user)
        row = SecurityCard.objects.of(user).filter(public_id=card_id).first()
        if row is None:
            # A foreign card and a missing one leave the same trace, too.
            refusals.note(request, user, refusals.FOREIGN_DEVICE)
            raise Http404
        row.user = user
        return view(request, row)

    return needs(Access.CARD_ONLY)(wrapped)


def shown_here(view: CardView) -> Callable[..., HttpResponse]:
    """Lets the view run only while this session can show this card, and has to."""

    @wraps(view)
    def wrapped(request: HttpRequest, row: SecurityCard) -> HttpResponse:
        if row.status is not Status.WAITING:
            return _over(request, row)
        if _nonce(request, row) is None:
            context = {"card": row, **_request_context(request)}
            return render(request, "securelogin/security_card/cannot_show.html", context)
        return view(request, row)

    return own_card(wrapped)


def drawn_here(view: CardView) -> Callable[..., HttpResponse]:
    """As `shown_here`, for files: nothing but the file or "not found" is ever answered."""

    @wraps(view)
    def wrapped(request: HttpRequest, row: SecurityCard) -> HttpResponse:
        # SECURITY: no other site may embed or fetch the picture. "none" is the address bar
        # and the browser's own save; the destination is not looked at, a save varies it.
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise Http404
        if row.status is not Status.WAITING or _nonce(request, row) is None:
            raise Http404
        try:
            response = view(request, row)
        except KeyMissingError:
            raise Http404 from None
        response["Referrer-Policy"] = "no-referrer"
        return response

    return own_card(wrapped)


def _nonce(request: HttpRequest, row: SecurityCard) -> bytes | None:
    shown = request.session.get(SHOWN_KEY)
    if not shown or shown["card"] != row.public_id:
        return None
    return bytes.fromhex(shown["nonce"])


@sensitive_variables()
def _sheet(request: HttpRequest, row: SecurityCard) -> rules.Sheet:
    nonce = _nonce(request, row)
    if nonce is None:  # the decorators have asked
        raise Http404
    return row.sheet(nonce)


def _over(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The page for a card that no longer waits."""
    template = {
        EndReason.REPLACED: "replaced",
        EndReason.WRONG_DIGITS: "cancelled",
        EndReason.NOT_ACTIVATED: "late",
    }.get(cast("EndReason", row.end_reason))
    if row.ended_at is None and row.activated_at is None:
        template = "late"
    if row.activated_at is not None or template is None:
        return redirect("securelogin:device_list")
    newer = SecurityCard.objects.of(cast("User", request.user)).filter(pk__gt=row.pk)
    context = {
        "card": row,
        "newer": newer.order_by("-pk").first(),
        **_request_context(request),
    }
    return render(request, f"securelogin/security_card/{template}.html", context)


# The list's section ---------------------------------------------------------------------------


def list_section(request: HttpRequest) -> ListSection:
    """Below the device list: the button, or why it is not there."""
    context = _request_context(request)
    user = cast("User", request.user)
    waiting = SecurityCard.objects.of(user).waiting(timezone.now()).first()
    active = SecurityCard.objects.of(user).usable(timezone.now()).first()
    banners: list[Banner] = []
    if active and request.session.get(ACTIVATED_KEY) == active.public_id:
        until = describe_for(user, active.expires_at)
        banners.append(Banner("ok", f"Your Online Security Code Card is active until {until}."))
    if waiting:
        waiting.user = user
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


def _request_context(request: HttpRequest) -> dict[str, Any]:
    device = proven_device(request)
    refusal = SecurityCard.objects.request_refusal(device, timezone.now())
    return {
        "may_request": refusal is None,
        "request_refusal": refusal and _refusal_words(device),
        "keeps_end": device.successor_expires_at,
    }


def _refusal_words(device: LoginDevice) -> str:
    return (
        f"You have requested {policy().cards_per_code} cards with this "
        f"{device._meta.verbose_name}. Call Client Services to continue."
    )


# Request and show -----------------------------------------------------------------------------


@needs(Access.CARD_ONLY)
@require_POST
@sensitive_variables()
def request_card(request: HttpRequest) -> HttpResponse:
    """Makes a card. Double click, refresh and Back never make a second one in a session."""
    user = cast("User", request.user)
    shown = request.session.get(SHOWN_KEY)
    if shown:
        known = SecurityCard.objects.of(user).filter(public_id=shown["card"]).first()
        if known and known.status is Status.WAITING:
            return redirect("securelogin:security_card:show", known.public_id)
    # SECURITY: whoever finds a session open must not carry a key of 21 days away from it.
    if not proof.is_fresh(request, policy().client_proof_life):
        return proof.ask(request, back=resolve_url("securelogin:device_list"))
    nonce = secrets.token_bytes(rules.NONCE_BYTES)

    def remember(row: SecurityCard) -> None:
        # Another click may have been done since this request read its session.
        if type(request.session)(request.session.session_key).get(SHOWN_KEY) != shown:
            raise ConcurrentRequestError
        request.session[SHOWN_KEY] = {"card": row.public_id, "nonce": nonce.hex()}
        request.session.save()

    try:
        row = SecurityCard.objects.make(user, proven_device(request), nonce, remember)
        row_id = row.public_id
    except RequestRefusedError:
        return redirect("securelogin:device_list")
    except ConcurrentRequestError:
        # The other request won; its session can show its card.
        row_id = SecurityCard.objects.newest_id(user) or ""
    return redirect("securelogin:security_card:show", row_id)


@require_safe
@shown_here
def show(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The card, and the ways to keep it."""
    if request.method == "GET":
        SecurityEvent.objects.record(Event.DEVICE_SHOWN, row.user, device=row, actor=row.user)
    context = {"card": row, "kept": row.kept}
    return render(request, "securelogin/security_card/show.html", context)


def _layout(request: HttpRequest) -> drawing.Layout:
    try:
        return drawing.Layout(request.GET.get("layout", "wide"))
    except ValueError:
        raise Http404 from None


def _file(content: bytes, kind: str, disposition: str, row: SecurityCard) -> HttpResponse:
    suffix = kind.rpartition("/")[2]
    name = f"online-security-code-card-{row.short_serial}.{suffix}"
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return response


@require_safe
@drawn_here
def image(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The picture on the page. The same bytes for every GET: a browser's save fetches again."""
    picture = drawing.png(_sheet(request, row), _layout(request))
    return _file(picture, "image/png", "inline", row)


@require_safe
@drawn_here
def png(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The picture as a download, which counts as a kept copy."""
    picture = drawing.png(_sheet(request, row), _layout(request))
    if request.method == "GET":
        row.keep(SecurityCard.Kept.PNG)
    return _file(picture, "image/png", "attachment", row)


@require_safe
@drawn_here
def pdf(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The PDF: a download, or in the browser for Print without JavaScript."""
    document = drawing.pdf(_sheet(request, row))
    inline = request.GET.get("view") == "inline"
    if request.method == "GET":
        row.keep(SecurityCard.Kept.PRINT if inline else SecurityCard.Kept.PDF)
    return _file(document, "application/pdf", "inline" if inline else "attachment", row)


@require_safe
@shown_here
def text(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The card as text: for screen readers, page search, copy and paste (WCAG 1.1.1, 1.4.5)."""
    try:
        values = _sheet(request, row).values
    except KeyMissingError:
        return render(request, "securelogin/security_card/key_lost.html", {"card": row})
    if request.method == "GET":
        SecurityEvent.objects.record(
            Event.DEVICE_SHOWN, row.user, device=row, actor=row.user, how="text"
        )
    columns = [
        (f"{first}-{last}", [(index, values[index - 1]) for index in range(first, last + 1)])
        for first, last in rules.column_ranges()
    ]
    context = {"card": row, "columns": columns}
    return render(request, "securelogin/security_card/text.html", context)


# Keep and prove -------------------------------------------------------------------------------


@require_POST
@own_card
def proceed(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """Continue: to the activation, or first to the warning if no copy was seen."""
    if row.status is not Status.WAITING:
        return _over(request, row)
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
        return _over(request, row)
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
        return _over(request, row)
    form = CardValuesForm(row, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        outcome = _prove(request, row, form.answer)
        if outcome in {Activation.DONE, Activation.ALREADY}:
            return redirect("securelogin:security_card:activated", row.public_id)
        if outcome not in EXPLAINED:
            return _over(request, row)
        form.explain_activation(outcome)
    context = {
        "card": row,
        "form": form,
        "pair": row.pair,
        "may_show": _nonce(request, row) is not None,
        "attempts_left": row.activation_attempts_left,
    }
    status = 422 if form.errors else 200
    return render(request, "securelogin/security_card/activate.html", context, status=status)


@sensitive_variables()
def _prove(request: HttpRequest, row: SecurityCard, answer: str) -> Activation:
    # One transaction: the session moves to the card exactly when the card becomes active.
    with transaction.atomic():
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
    if _nonce(request, row) is not None:
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
        return _over(request, row)
    if request.method != "POST":
        return render(request, "securelogin/security_card/discard.html", {"card": row})
    with transaction.atomic():
        row.end(EndReason.CANCELLED_BY_CLIENT, by=row.user)
        _forget(request, row)
        request.session.save()
    return redirect("securelogin:device_list")
