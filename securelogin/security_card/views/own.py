"""Whose card it is, and whether this session can show it: asked before every view of a card.

The values can be shown only by the session that requested the card: it alone holds the
nonce, until the activation, the logout or the time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.db.models import BigIntegerField, CharField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import refusals
from securelogin.access import Access, needs
from securelogin.conf import policy
from securelogin.gate import proven_device
from securelogin.keys import KeyMissingError
from securelogin.lifecycle import EndReason, Status
from securelogin.models import LoginDevice
from securelogin.prepared import Prepared
from securelogin.security_card.card import Sheet
from securelogin.security_card.models import SecurityCard

if TYPE_CHECKING:
    from accounts.models import User

# In the session: {"card": public id, "nonce": hex}. SECURITY: the only place of the nonce.
SHOWN_KEY = "security_card"
ACTIVATED_KEY = "security_card_activated"

CardView = Callable[[HttpRequest, SecurityCard], HttpResponse]
_OF_ID = Prepared(
    lambda user, card_id: SecurityCard.objects.filter(user_id=user, public_id=card_id),
    user=BigIntegerField(),
    card_id=CharField(),
)


def own_card(view: CardView) -> Callable[..., HttpResponse]:
    """Gives the view the client's card of that public id; a foreign one is a missing one."""

    @wraps(view)
    def wrapped(request: HttpRequest, card_id: str) -> HttpResponse:
        user = cast("User", request.user)
        row = _OF_ID.first(user=user.pk, card_id=card_id)
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
            return over(request, row)
        if nonce_of(request, row) is None:
            context = {"card": row, **request_context(request)}
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
        if row.status is not Status.WAITING or nonce_of(request, row) is None:
            raise Http404
        try:
            response = view(request, row)
        except KeyMissingError:
            raise Http404 from None
        response["Referrer-Policy"] = "no-referrer"
        return response

    return own_card(wrapped)


def shown_in(request: HttpRequest) -> SecurityCard | None:
    """The card that this session has made, while it waits for its activation."""
    shown = request.session.get(SHOWN_KEY)
    if not shown:
        return None
    cards = SecurityCard.objects.of(cast("User", request.user))
    known: SecurityCard | None = cards.filter(public_id=shown["card"]).first()
    return known if known and known.status is Status.WAITING else None


def nonce_of(request: HttpRequest, row: SecurityCard) -> bytes | None:
    """What this session can show the card with, if it can."""
    shown = request.session.get(SHOWN_KEY)
    if not shown or shown["card"] != row.public_id:
        return None
    return bytes.fromhex(shown["nonce"])


@sensitive_variables()
def sheet_of(request: HttpRequest, row: SecurityCard) -> Sheet:
    """What is drawn; for views behind `shown_here` and `drawn_here`."""
    nonce = nonce_of(request, row)
    if nonce is None:  # the decorators have asked
        raise Http404
    return row.sheet(nonce)


def over(request: HttpRequest, row: SecurityCard) -> HttpResponse:
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
        **request_context(request),
    }
    return render(request, f"securelogin/security_card/{template}.html", context)


def request_context(
    request: HttpRequest, cards: Iterable[SecurityCard] | None = None
) -> dict[str, Any]:
    """Whether this session may request a card, and why not.

    Args:
        request: the client's.
        cards: all of the client's, where they were read already.
    """
    device = proven_device(request)
    refusal = SecurityCard.objects.request_refusal(device, timezone.now(), cards)
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
