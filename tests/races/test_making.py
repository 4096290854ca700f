"""Codes and cards made at the same moment: one of them, or one after the other, never both."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.desk.models import IdentityCheck
from securelogin.desk.warrant import ApprovalNeededError
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Notice, SecurityEvent
from securelogin.security_card.models import (
    ConcurrentRequestError,
    MustWaitError,
    RequestRefusedError,
    SecurityCard,
)
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import (
    AlreadyIssuedError,
    TemporaryCode,
)
from tests import factories
from tests.races import THREADS
from tests.securelogin.security_card.browser import REQUEST

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]


def issue(user: User, agent: User, request_id: uuid.UUID) -> str:
    """What came of an agent's request for a code, after the agent saw a document."""
    try:
        TemporaryCode.objects.issue(
            user,
            by=agent,
            reason=Reason.AWAY,
            ticket="T-1",
            request_id=request_id,
            check=IdentityCheck.objects.current(agent, user, timezone.now()),
        )
    except (AlreadyIssuedError, ApprovalNeededError) as error:
        return type(error).__name__
    return "issued"


def test_one_request_sent_many_times_makes_one_code(at_once: AtOnce) -> None:
    jane, sam = factories.make_user("jane.sample"), factories.make_staff("sam.support")
    factories.make_check(sam, jane)
    request_id = uuid.uuid4()
    outcomes = Counter(at_once(lambda _n: issue(jane, sam, request_id)))
    assert outcomes == {"issued": 1, "AlreadyIssuedError": THREADS - 1}
    assert Notice.objects.filter(kind="code_issued").count() == 1
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_ISSUED).count() == 1


def test_of_many_agents_one_issues_and_the_others_need_approval(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    agents = [factories.make_staff(f"agent.{number}") for number in range(THREADS)]
    for agent in agents:
        factories.make_check(agent, jane)
    outcomes = Counter(at_once(lambda n: issue(jane, agents[n], uuid.uuid4())))
    assert outcomes == {"issued": 1, "ApprovalNeededError": THREADS - 1}
    assert TemporaryCode.objects.count() == 1


def test_many_codes_from_the_server_leave_one_live_code(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    at_once(lambda _n: factories.make_code(jane))
    assert TemporaryCode.objects.open().count() == 1
    assert TemporaryCode.objects.filter(end_reason=EndReason.REPLACED).count() == THREADS - 1


def test_a_double_click_on_request_makes_one_card(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    client = factories.client_with_code(jane)

    def act(_number: int) -> str:
        tab = Client()
        tab.cookies = client.cookies
        response = tab.post(REQUEST)
        assert response.status_code == 302
        return str(response["Location"])

    places = set(at_once(act))
    card = SecurityCard.objects.get()
    assert card.ended_at is None
    # A click during the first one's hashes is led to the line, and from there to the card.
    assert places <= {f"{REQUEST}{card.public_id}/", REQUEST}
    assert act(0) == f"{REQUEST}{card.public_id}/"
    # And the session can show it.
    assert factories.answers_of(client, card)
    assert client.get(f"{REQUEST}{card.public_id}/").status_code == 200


def test_requests_of_many_sessions_leave_one_waiting_card(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    code, _digits = factories.make_code(jane)

    def act(_number: int) -> str:
        nonce = secrets.token_bytes(32)
        try:
            SecurityCard.objects.make(jane, code, nonce, lambda _row: None)
        except (ConcurrentRequestError, MustWaitError, RequestRefusedError) as error:
            return type(error).__name__
        return "made"

    outcomes = Counter(at_once(act))
    assert 1 <= outcomes["made"] <= 3
    assert SecurityCard.objects.count() == outcomes["made"]
    assert SecurityCard.objects.open().count() == 1
