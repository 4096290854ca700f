"""The sessions that a client has open, as the client sees and ends them (ASVS 7.4.3, 7.5.2), and
what became known of tries by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth import HASH_SESSION_KEY
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateTimeField,
    Exists,
    OuterRef,
    QuerySet,
    Subquery,
)
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
from securelogin.models import LoginDevice, SecurityEvent, describe_for, devices_of
from securelogin.pending import OPENED_FROM_KEY, STARTED_AT_KEY, logged_in
from securelogin.prepared import Prepared, PreparedValues

if TYPE_CHECKING:
    from accounts.sessions import SessionStore

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


def open_sessions(request: HttpRequest, devices: list[LoginDevice]) -> list[OpenSession]:
    """The client's sessions that would still let somebody in: this one first, then the latest.

    Asks the database as often for one session as for a hundred.

    Args:
        request: the client's.
        devices: all of the client's (`devices_of`).
    """
    shown = [session for session, _row in _open_rows(request, devices)]
    return sorted(shown, key=lambda session: (session.here, session.active_at), reverse=True)


@receiver(logged_in)
def _end_surplus(sender: object, request: HttpRequest, user: User, **_kwargs: object) -> None:
    """With more sessions than the policy allows, those that were opened first end (ASVS 7.1.2)."""
    most = policy().staff_sessions if user.is_staff else policy().client_sessions
    others = cast("SessionStore", request.session).others
    if others is None:
        others = Session.objects.awake(user.pk, timezone.now()).count() - 1
    if others < most:
        return
    opened = [
        (session.started_at, row.session_key)
        for session, row in _open_rows(request, devices_of(user))
        if not session.here
    ]
    surplus = sorted(opened, reverse=True)[most - 1 :]
    if surplus:
        Session.objects.filter(session_key__in=[key for _at, key in surplus]).give_way(user)


def _open_rows(
    request: HttpRequest, devices: list[LoginDevice]
) -> list[tuple[OpenSession, Session]]:
    """Those of the client's rows that would still let somebody in, and how they are shown."""
    user = cast("User", request.user)
    now, here = timezone.now(), request.session.session_key
    rows = _AWAKE(user=user.pk, now=now)
    by_id = {device.persistent_id: device for device in devices if device.ended_at is None}
    return [(session, row) for row in rows if (session := _shown(row, user, by_id, now, here))]


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


def banners(request: HttpRequest, devices: list[LoginDevice]) -> list[Banner]:
    """Calm words on the home page about logins elsewhere, and about tries that failed.

    Args:
        request: the client's.
        devices: all of the client's (`devices_of`).
    """
    user = cast("User", request.user)
    opened = datetime.fromisoformat(request.session[STARTED_AT_KEY])
    # Both in one statement, and for nearly everybody nothing comes of either.
    [(wrong, login_before, elsewhere)] = _HEARD_OF(
        user=user.pk, opened=opened, now=timezone.now(), here=request.session.session_key
    )
    found = (
        _wrong_attempts(user, wrong, login_before) if wrong else None,
        _logged_in_elsewhere(request, devices) if elsewhere else None,
    )
    return [banner for banner in found if banner]


def _heard_of(user: Any, opened: Any, now: Any, here: Any) -> QuerySet[User, tuple[Any, ...]]:
    """How often somebody failed between the login before and the one that opened this session,
    the moment of the login before, and whether there are other sessions.

    Tries since then are for the next login to tell, which does not repeat these.
    """
    of_before = SecurityEvent.objects.filter(user_id=user, at__lt=opened)
    login_before = Subquery(
        of_before.filter(kind=Event.SIGN_IN_COMPLETED).order_by("-at").values("at")[:1]
    )
    # An answer that was not looked at, during a lock, was neither right nor wrong.
    wrong = of_before.filter(kind__in=_WRONG, detail__failures__isnull=False)
    lately = wrong.filter(at__gt=Coalesce(login_before, OuterRef("date_joined")))
    count = lately.order_by().values("user").annotate(count=Count("pk")).values("count")
    elsewhere = Exists(Session.objects.awake(user, now).exclude(session_key=here))
    return User.objects.filter(pk=user).values_list(Subquery(count), login_before, elsewhere)


_AWAKE = Prepared(
    lambda user, now: Session.objects.awake(user, now),
    user=BigIntegerField(),
    now=DateTimeField(),
)
_HEARD_OF = PreparedValues(
    _heard_of,
    user=BigIntegerField(),
    opened=DateTimeField(),
    now=DateTimeField(),
    here=CharField(),
)


def _wrong_attempts(user: User, count: int, login_before: datetime | None) -> Banner:
    attempts = "1 wrong attempt" if count == 1 else f"{count} wrong attempts"
    moment = describe_for(user, login_before)
    since = f"since your last login on {moment}" if moment else "before your first login"
    return Banner(
        "info",
        f"{attempts} to log in {since}. Not you? Call Client Services.",
        reverse("accounts:sessions"),
        "Where you are logged in",
    )


def _logged_in_elsewhere(request: HttpRequest, devices: list[LoginDevice]) -> Banner | None:
    user = cast("User", request.user)
    elsewhere = [session for session in open_sessions(request, devices) if not session.here]
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
