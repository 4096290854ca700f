"""Browsers that a client has logged in with before, so that a stranger's guesses cannot lock
the client out.

Wrong passwords typed elsewhere pause a user name for unknown browsers; one that once completed
a login keeps a series of its own (OWASP "device cookies"). To keep a client out of the
browser at home an attacker would need that browser's cookie.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from securelogin.conf import policy

COOKIE = "known_browser" if settings.INSECURE_HTTP else "__Host-known_browser"
# A family at one computer; the cookie stays small.
_MOST_USERS = 4
_SIGNER = signing.TimestampSigner(salt="accounts.known_browsers")
_JUST_LOGGED_IN = "_known_browser_user"


def id_of(request: HttpRequest, username: str) -> str:
    """The name of this browser if this user has logged in with it before, else empty.

    Args:
        request: the browser's.
        username: as typed, in lower case. Known or not, the work is the same.
    """
    return str(_read(request).get(_hashed(username), ""))


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie if this request completed a login."""
    user: User | None = getattr(request, _JUST_LOGGED_IN, None)
    if user is None:
        return
    known = _read(request)
    # SECURITY: a new name each time, so that a copied cookie's guesses do not count for long
    # against its owner.
    known.pop(_hashed(user.username), None)
    known[_hashed(user.username)] = secrets.token_hex(8)
    while len(known) > _MOST_USERS:
        del known[next(iter(known))]
    response.set_cookie(
        COOKIE,
        _SIGNER.sign_object(known, compress=True),
        max_age=policy().known_browser_days * 86_400,
        secure=not settings.INSECURE_HTTP,
        httponly=True,
        samesite="Lax",
    )


@receiver(user_logged_in)
def _note(sender: Any, request: HttpRequest, user: User, **_kwargs: Any) -> None:
    setattr(request, _JUST_LOGGED_IN, user)


def _hashed(username: str) -> str:
    """SECURITY: whoever reads the cookie learns no user name."""
    return hashlib.sha256(username.encode()).hexdigest()[:16]


def _read(request: HttpRequest) -> dict[str, str]:
    try:
        held = _SIGNER.unsign_object(
            request.COOKIES.get(COOKIE, ""), max_age=policy().known_browser_days * 86_400
        )
    except (signing.BadSignature, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
