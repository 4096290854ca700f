"""Security e-mails: queued with the change they tell of, delivered after its commit.

A mail holds no code, value, index number, full serial, user name, link or button
(`templates/emails/`); where to go it says in words.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.template.loader import render_to_string
from django.utils import timezone
from django_tasks import task

from securelogin import batches, origin
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.moments import describe
from securelogin.throttle import NEVER

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User
    from securelogin.models import Notice, SecurityEvent

logger = logging.getLogger(__name__)
# 2 to the power of 11 minutes: a day and a half.
_LONGEST_PAUSE = 11
# Seconds: a mail server that takes its time must not hold up what the job does next.
_LONGEST_RETRY = 120


def queue(
    kind: str,
    user: User,
    *,
    event: SecurityEvent | None = None,
    key: str | None = None,
    **context: str | int,
) -> bool:
    """Write a notice inside the caller's transaction; it is sent once that has committed.

    Args:
        kind: names the template ``emails/<kind>.txt``.
        user: who is told.
        event: gives the mail its reference and its moment.
        key: a reminder is queued once for each key.
        context: words for the template. SECURITY: never a secret.

    Returns:
        Whether a new notice was queued.
    """
    model = _notices()
    words: dict[str, Any] = {"at": describe(timezone.now(), user.time_zone), **context}
    if event is not None:
        words |= {"reference": event.reference, "browser": event.browser}
    if key is None:
        notice = model.objects.create(user=user, kind=kind, context=words)
    else:
        notice, created = model.objects.get_or_create(
            key=key, defaults={"user": user, "kind": kind, "context": words}
        )
        if not created:
            return False
    # robust: a queue that is down must not fail the request whose change is committed.
    transaction.on_commit(lambda: _hand_over(notice.pk), robust=True)
    return True


def remind_each(devices: QuerySet[Any], about: str, tell: Callable[[Any, str], bool]) -> int:
    """Queue a reminder for each device that has none of this kind yet (job).

    Those that have one are left out by the database: a job asks every few minutes, and the same
    devices are due for days.

    Args:
        devices: that are due, in the order of the index that finds them.
        about: the end of the key, which names the reminder.
        tell: queues the notice of a device under a key; returns whether it is new.

    Returns:
        How many are new.
    """
    label = devices.model._meta.label_lower
    key = Concat(
        Value(f"{label}/"),
        Cast("pk", CharField()),
        Value(f":{about}"),
        output_field=CharField(),
    )
    told = _notices()._default_manager.filter(key=OuterRef("reminder_key"))
    untold = devices.alias(reminder_key=key).filter(~Exists(told)).prefetch_related("user")
    return batches.each(untold, lambda row: tell(row, f"{row.persistent_id}:{about}"))


def _hand_over(notice_id: int) -> None:
    deliver.enqueue(notice_id)


@task()
def deliver(notice_id: int) -> bool:
    """Send one notice, if it is due. No transaction is open while a mail server takes its time:
    on SQLite it would keep every other writer out.

    Returns:
        Whether it is sent now. A failure is counted, named by its class, and tried again: after
        two minutes, then each time after twice as long, so that a day without mail loses none.
    """
    now = timezone.now()
    notice = _due(now).select_related("user").filter(pk=notice_id).first()
    if notice is None:
        return False
    attempts = notice.attempts + 1
    pause = timedelta(minutes=2 ** min(attempts, _LONGEST_PAUSE))
    # The claim: one conditional UPDATE decides between parallel calls.
    mine = _due(now).filter(pk=notice_id, attempts=notice.attempts)
    if not mine.update(attempts=attempts, next_try_at=now + pause):
        return False
    notice.attempts, notice.next_try_at = attempts, now + pause
    letter = None
    try:
        letter = _letter(notice)
        _send(notice, letter)
    except Exception as error:  # noqa: BLE001 - whatever a mail server does, it is retried
        # SECURITY: the class only; a server's words may repeat the message.
        notice.last_error = type(error).__name__
        logger.warning("notice %s not sent: %s", notice.pk, notice.last_error)
        if isinstance(error, NoAddressError):
            # An address that comes later may be a thief's, and the news old.
            notice.attempts = policy().notice_attempts
        if notice.attempts >= policy().notice_attempts:
            # Out of the way of those that are due, until retention lets it go.
            notice.next_try_at = NEVER
    else:
        notice.sent_at = timezone.now()
        notice.last_error = ""
    notice.save(update_fields=["sent_at", "sent_to", "last_error", "attempts", "next_try_at"])
    if notice.sent_at is not None:
        _record(Event.NOTICE_SENT, notice, letter)
    elif notice.attempts >= policy().notice_attempts:
        _record(Event.NOTICE_GIVEN_UP, notice, letter)
    return notice.sent_at is not None


def _record(kind: Event, notice: Notice, letter: _Letter | None) -> None:
    """Tell the timeline what became of a mail: its subject, never an address.

    After the outcome is stored, and apart from it: if this fails, no mail is sent twice.
    """
    detail = {
        "subject": letter.subject if letter else "",
        "about": notice.context.get("reference", ""),
    }
    events = apps.get_model("securelogin", "SecurityEvent")._default_manager
    try:
        # The portal sends it, not the browser whose request happens to be served.
        with transaction.atomic(), origin.nowhere():
            events.record(kind, notice.user, **{key: text for key, text in detail.items() if text})
    except DatabaseError as error:
        logger.error("notice %s: %s not recorded: %s", notice.pk, kind, type(error).__name__)


def retry() -> int:
    """Try again what has not been sent and is due (job). Returns how many were sent."""
    began = time.monotonic()
    sent = 0
    while True:
        due = _due(timezone.now()).order_by("next_try_at").values_list("pk", flat=True)
        page = list(due[: batches.SIZE])
        for pk in page:
            sent += bool(deliver.call(pk))
            if time.monotonic() - began > _LONGEST_RETRY:
                return sent
        if len(page) < batches.SIZE:
            return sent


def _due(now: datetime) -> QuerySet[Notice]:
    return _notices()._default_manager.filter(
        sent_at=None, attempts__lt=policy().notice_attempts, next_try_at__lte=now
    )


@dataclass(frozen=True, slots=True)
class _Letter:
    """A notice in words."""

    subject: str
    body: str
    html: str


def _letter(notice: Notice) -> _Letter:
    context = {**notice.context, "brand": settings.BRAND, "policy": policy()}
    text = render_to_string(f"emails/{notice.kind}.txt", context)
    subject, _, body = text.partition("\n")
    body = body.strip() + "\n"
    html = render_to_string("emails/base.html", {**context, "body": body})
    return _Letter(subject.removeprefix("Subject:").strip(), body, html)


def _send(notice: Notice, letter: _Letter) -> None:
    addresses = notice.user.addresses
    if not addresses:
        raise NoAddressError
    refusal: Exception | None = None
    # A mail for each, so that whoever reads one mailbox does not learn of the other.
    for address in addresses:
        if address in notice.sent_to:
            continue
        mail = EmailMultiAlternatives(subject=letter.subject, body=letter.body, to=[address])
        mail.attach_alternative(letter.html, "text/html")
        try:
            mail.send()
        except Exception as error:  # noqa: BLE001 - the other address shall have it all the same
            refusal = error
        else:
            notice.sent_to.append(address)
    if refusal is not None:
        raise refusal


class NoAddressError(Exception):
    """The client has no e-mail address; the notice stays on record as unsent."""


def _notices() -> type[Notice]:
    return apps.get_model("securelogin", "Notice")  # models import this module
