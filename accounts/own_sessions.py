"""The sessions that a client has open, as the client sees and ends them (ASVS 7.4.3, 7.5.2), and
what became known of tries by somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.contrib.auth import HASH_SESSION_KEY
from django.db.models import Count, Max, Subquery, Value
from django.db.models.functions import Coalesce
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import Session, SessionQuerySet, User
from securelogin.access import Access
from securelogin.banners import Banner
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import is_within
from securelogin.models import LoginDevice, SecurityEvent, describe_for
from securelogin.pending import OPENED_FROM_KEY, STARTED_AT_KEY, logged_in
from securelogin.registry import device_types

ID_LENGTH = 32
_WRONG = (Event.PASSWORD_REFUSED, Event.PASSWORD_PAUSED, Event.SIGN_IN_REFUSED)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One row of the page.

    Attributes:
        public_id: names it in addresses.
        here: whether it is the browser that asks.
        browser: the family.
        network: the prefix it was opened from; empty if that is not known.
        device: the title of the security device.
        started_at: aware.
        active_at: of its latest request, aware.
    """

    public_id: str
    here: bool
    browser: str
    network: str
    device: str
    started_at: datetime
    active_at: datetime


def public_id_of(key: str) -> str:
    """What names a session on pages.

    SECURITY: keyed and one-way, so that the key itself is on no page and in no address.
    """
    return salted_hmac("accounts.own_sessions", key, algorithm="sha256").hexdigest()[:ID_LENGTH]


def open_sessions(request: HttpRequest) -> list[OpenSession]:
    """The client's sessions that would still let somebody in: this one first, then the latest.

    Asks the database as often for one session as for a hundred.
    """
    rows = Session.objects.of(cast("User", request.user)).filter(expire_date__gt=timezone.now())
    shown = [session for session, _row in _open_rows(request, rows)]
    return sorted(shown, key=lambda session: (session.here, session.active_at), reverse=True)


@receiver(logged_in)
def _end_surplus(sender: object, request: HttpRequest, user: User, **_kwargs: object) -> None:
    """With more sessions than the policy allows, those that were opened first end (ASVS 7.1.2)."""
    most = policy().staff_sessions if user.is_staff else policy().client_sessions
    rows = list(Session.objects.of(user).filter(expire_date__gt=timezone.now()))
    if len(rows) <= most:
        return
    opened = [
        (session.started_at, row.session_key)
        for session, row in _open_rows(request, rows)
        if not session.here
    ]
    surplus = sorted(opened, reverse=True)[most - 1 :]
    if surplus:
        Session.objects.filter(session_key__in=[key for _at, key in surplus]).give_way(user)


def _open_rows(request: HttpRequest, rows: Iterable[Session]) -> list[tuple[OpenSession, Session]]:
    """Those of the client's rows that would still let somebody in, and how they are shown."""
    user = cast("User", request.user)
    now, here = timezone.now(), request.session.session_key
    devices = {
        device.persistent_id: device
        for config in device_types()
        for device in config.device_model.objects.of(user).open()
    }
    return [(session, row) for row in rows if (session := _shown(row, user, devices, now, here))]


def _shown(
    row: Session, user: User, devices: dict[str, LoginDevice], now: datetime, here: str | None
) -> OpenSession | None:
    """The row as it is shown; None if the next request would end it."""
    data = row.get_decoded()
    device = devices.get(data.get(DEVICE_ID_SESSION_KEY, ""))
    if device is None or device.access_at(now) is Access.NONE or STARTED_AT_KEY not in data:
        return None
    started = datetime.fromisoformat(data[STARTED_AT_KEY])
    of_this_password = constant_time_compare(
        data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )
    if not is_within(policy().absolute_life, started, now) or not of_this_password:
        return None
    source = data.get(OPENED_FROM_KEY, {})
    return OpenSession(
        public_id=public_id_of(row.session_key),
        here=row.session_key == here,
        browser=source.get("browser", ""),
        network=source.get("network", ""),
        device=device.title,
        started_at=started,
        active_at=row.expire_date - policy().idle_life,
    )


def others(request: HttpRequest) -> SessionQuerySet:
    """The rows of this client's other sessions; those that are over can be ended all the same."""
    own: SessionQuerySet = Session.objects.of(cast("User", request.user))
    return own.exclude(session_key=request.session.session_key)


def other(request: HttpRequest, public_id: str) -> SessionQuerySet:
    """The row of one of them; none if the name is not of one."""
    rows = others(request)
    keys = rows.values_list("session_key", flat=True)
    return rows.filter(session_key__in=[key for key in keys if public_id_of(key) == public_id])


def banners(request: HttpRequest) -> list[Banner]:
    """Calm words on the home page about logins elsewhere, and about tries that failed."""
    found = (_wrong_attempts(request), _logged_in_elsewhere(request))
    return [banner for banner in found if banner]


def _wrong_attempts(request: HttpRequest) -> Banner | None:
    """What failed between the login before and the one that opened this session.

    So it stands on the home page of this session, and the next login does not repeat it.
    """
    user = cast("User", request.user)
    opened = datetime.fromisoformat(request.session[STARTED_AT_KEY])
    of_before = SecurityEvent.objects.filter(user=user, at__lt=opened)
    login_before = Subquery(
        of_before.filter(kind=Event.SIGN_IN_COMPLETED).order_by("-at").values("at")[:1]
    )
    # An answer that was not looked at, during a lock, was neither right nor wrong.
    wrong = of_before.filter(kind__in=_WRONG, detail__failures__isnull=False)
    lately = wrong.filter(at__gt=Coalesce(login_before, Value(user.date_joined)))
    found = lately.aggregate(count=Count("pk"), login=Max(login_before))
    count = found["count"]
    if not count:
        return None
    attempts = "1 wrong attempt" if count == 1 else f"{count} wrong attempts"
    moment = describe_for(user, found["login"])
    since = f"since your last login on {moment}" if moment else "before your first login"
    return Banner(
        "info",
        f"{attempts} to log in {since}. Not you? Call Client Services.",
        reverse("accounts:sessions"),
        "Where you are logged in",
    )


def _logged_in_elsewhere(request: HttpRequest) -> Banner | None:
    user = cast("User", request.user)
    if not others(request).filter(expire_date__gt=timezone.now()).exists():
        return None
    elsewhere = [session for session in open_sessions(request) if not session.here]
    if not elsewhere:
        return None
    latest = max(elsewhere, key=lambda session: session.started_at)
    since = describe_for(user, latest.started_at)
    browser = f" ({latest.browser})" if latest.browser else ""
    return Banner(
        "info",
        f"You are also logged in in another browser{browser} since {since}. "
        "Not you? Log it out, then call Client Services.",
        reverse("accounts:sessions"),
        "Where you are logged in",
    )
