"""What happened to some of the demo's clients before the demo began.

Told with the product's own methods, at the moments at which it is said to have happened: the
audit trail signs them, so nothing could be moved afterwards. So each screen of the desk has
something real to show.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo

import django_otp
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.sessions import SessionStore
from securelogin import notices, pending
from securelogin.conf import policy
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.models import LoginDevice
from securelogin.security_card import card as card_rules
from securelogin.security_card import challenge
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, details
from securelogin.temporary_code.models import TemporaryCode


@contextmanager
def ago(**time: float) -> Iterator[None]:
    """The block runs that long ago: the portal's clock stands back meanwhile.

    Args:
        time: as of `timedelta`: ``days=2``.
    """
    lag = timedelta(**time)

    class Then(datetime):
        """What Django's clock reads."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - lag

    timezone.datetime = Then  # type: ignore[attr-defined]
    try:
        yield
        # The mails belong to that time, too.
        notices.retry()
    finally:
        timezone.datetime = datetime  # type: ignore[attr-defined]


def of_an_active_card(client: User, agent: User, supervisor: User) -> str:
    """A code six days ago, a card the same day, and two logins with it since."""
    with ago(days=6, minutes=20):
        code, digits = _issue(client, agent, Reason.AWAY, "D-1001")
        code.confirm_read_back(agent)
    with ago(days=6, minutes=12):
        _log_in(client, code, digits)
        nonce = secrets.token_bytes(card_rules.NONCE_BYTES)
        row = SecurityCard.objects.make(client, code, nonce, lambda _row: None)
        row.keep(SecurityCard.Kept.PDF)
    answers = challenge.answers(bytes(row.order), row.sheet(nonce).values)
    with ago(days=6, minutes=8):
        row.activate(answers[0])
    for days in (4, 2):
        with ago(days=days):
            _log_in(client, row, answers[row.answered])
            row.refresh_from_db()
    return ""


def of_a_locked_login(client: User, agent: User, supervisor: User) -> str:
    """A code yesterday, as many wrong answers as policy allows, and a request that nobody
    decided in time."""
    with ago(days=1):
        code, digits = _issue(client, agent, Reason.LOST, "D-1002")
        code.confirm_read_back(agent)
    wrong = "".join(str(9 - int(digit)) for digit in digits)
    attempts = policy().factor_attempts
    for number in range(attempts):
        # Further apart than the portal makes anybody wait.
        with ago(hours=3, minutes=10 * (attempts - number)):
            code.refresh_from_db()
            code.verify_token(wrong)
    with ago(hours=1):
        _ask(client, agent, "D-1003", _called_back(client, agent))
    return digits


def of_a_new_phone_number(client: User, agent: User, supervisor: User) -> str:
    """A number changed three days ago, and a code that was refused to a caller yesterday."""
    with ago(days=3):
        client.change_contact(phone="+00 000 000 109", by=client)
    with ago(days=1, minutes=3):
        check = IdentityCheck.objects.start(agent, client)
        check.note_pressure()
        request = _ask(client, agent, "D-1004", check)
    with ago(days=1):
        request.decide(supervisor, approve=False, reason="The caller was told what to say.")
    return ""


def _called_back(client: User, agent: User) -> IdentityCheck:
    check = IdentityCheck.objects.start(agent, client)
    check.show_number()
    check.record_call_back()
    return check


def _issue(client: User, agent: User, reason: Reason, ticket: str) -> tuple[TemporaryCode, str]:
    check = _called_back(client, agent)
    return TemporaryCode.objects.issue(
        client, by=agent, reason=reason, ticket=ticket, request_id=uuid.uuid4(), check=check
    )


def _ask(client: User, agent: User, ticket: str, check: IdentityCheck) -> Approval:
    return Approval.objects.ask(
        ISSUE_ACTION,
        client,
        requester=agent,
        check=check,
        risks=TemporaryCode.objects.risks(client, timezone.now(), check),
        details=details(Reason.AWAY, ticket, ""),
        request_id=uuid.uuid4(),
    )


def _log_in(client: User, device: LoginDevice, answer: str) -> None:
    request = HttpRequest()
    request.session = SessionStore()
    with transaction.atomic():
        proven = django_otp.verify_token(client, device.persistent_id, answer)
        pending.finish(request, pending.PendingSignIn(client, ""), proven)
    request.session.flush()
