"""Request a card, wait in line if many do, and see it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from securelogin import proof
from securelogin.access import Access, needs
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.gate import proven_device
from securelogin.models import SecurityEvent
from securelogin.security_card.card import NONCE_BYTES
from securelogin.security_card.line import in_words
from securelogin.security_card.models import (
    ConcurrentRequestError,
    MustWaitError,
    RequestRefusedError,
    SecurityCard,
    Turn,
)
from securelogin.security_card.views.own import SHOWN_KEY, shown_here, shown_in

if TYPE_CHECKING:
    from accounts.models import User

# Where a client waits in line, and whom to come back as: the address that makes a card.
HERE = "securelogin:security_card:request"


@needs(Access.CARD_ONLY)
@require_http_methods(["GET", "HEAD", "POST"])
def request_card(request: HttpRequest) -> HttpResponse:
    """POST makes a card, or puts the client in line; GET shows the place in line.

    Double click, refresh and Back never make a second card in a session.
    """
    if known := shown_in(request):
        return redirect("securelogin:security_card:show", known.public_id)
    turn = Turn.objects.of(cast("User", request.user), timezone.now())
    if request.method == "POST":
        return _make(request, back=HERE if turn else "securelogin:device_list")
    return _wait(request, turn) if turn else redirect("securelogin:device_list")


def _wait(request: HttpRequest, turn: Turn) -> HttpResponse:
    """202: accepted, and not done yet. 503 would say that the portal is broken, to proxies too."""
    seconds = turn.seconds_left(timezone.now())
    context = {"turn": turn, "seconds": seconds, "wait": in_words(seconds)}
    page = render(request, "securelogin/security_card/waiting.html", context, status=202)
    return _say_when(page, turn)


def _say_when(response: HttpResponse, turn: Turn) -> HttpResponse:
    """For programs: with this header, below status 400, the same is to be asked again."""
    response["Retry-After"] = str(turn.seconds_left(timezone.now()))
    return response


@sensitive_variables()
def _make(request: HttpRequest, back: str) -> HttpResponse:
    # SECURITY: whoever finds a session open must not carry a key of 21 days away from it.
    if not proof.is_fresh(request, policy().client_proof_life):
        return proof.ask(request, back=resolve_url(back))
    user, shown = cast("User", request.user), request.session.get(SHOWN_KEY)
    nonce = secrets.token_bytes(NONCE_BYTES)

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
    except MustWaitError as waits:
        return _say_when(redirect(HERE), waits.turn)
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
