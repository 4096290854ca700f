"""What is established in a call, and a lock that is lifted, by many at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from accounts.unlocking import NotLockedError, unlock
from securelogin import codes
from securelogin.conf import policy
from securelogin.desk.models import IdentityCheck
from securelogin.events import Event
from securelogin.models import Failures, Notice, SecurityEvent, factor_key
from tests import factories
from tests.races import THREADS

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]
NUMBER = "402517"


def people() -> tuple[User, User]:
    """A client and an agent."""
    return factories.make_user("jane.sample"), factories.make_staff("sam.support")


def told(kind: Event) -> int:
    """How often the timeline says so."""
    return SecurityEvent.objects.filter(kind=kind).count()


def test_one_agent_has_one_check_of_a_client(at_once: AtOnce) -> None:
    jane, sam = people()
    checks = at_once(lambda _n: IdentityCheck.objects.start(sam, jane).pk)
    assert set(checks) == {IdentityCheck.objects.get().pk}


@pytest.fixture
def sent(postgres: None, monkeypatch: pytest.MonkeyPatch) -> IdentityCheck:
    """A check whose number was sent."""
    monkeypatch.setattr(codes, "draw", lambda *_args: NUMBER)
    jane, sam = people()
    check = IdentityCheck.objects.start(sam, jane)
    check.send_number()
    return check


def test_wrong_check_numbers_are_counted_and_no_more_looked_at(
    at_once: AtOnce, sent: IdentityCheck
) -> None:
    wrong = [f"{number:06}" for number in range(THREADS)]
    right = at_once(lambda n: IdentityCheck.objects.get(pk=sent.pk).compare(wrong[n]))
    assert not any(right)
    sent.refresh_from_db()
    assert sent.check_failures == told(Event.CHECK_REFUSED) == policy().check_number_attempts
    assert not sent.compare(NUMBER)
    assert sent.evidence == ()


def test_the_right_check_number_matches_once(at_once: AtOnce, sent: IdentityCheck) -> None:
    right = at_once(lambda _n: IdentityCheck.objects.get(pk=sent.pk).compare(NUMBER))
    assert right.count(True) == told(Event.CHECK_MATCHED) == 1
    assert told(Event.CHECK_REFUSED) == 0


def test_a_lock_is_lifted_once(at_once: AtOnce) -> None:
    jane = factories.make_user("jane.sample")
    agents = [factories.make_staff(f"agent.{number}") for number in range(THREADS)]
    checks = [factories.make_check(agent, jane) for agent in agents]
    for _ in range(policy().factor_attempts):
        Failures.objects.record(factor_key(jane.pk), policy().factor_limit)

    def act(number: int) -> str:
        try:
            unlock(jane, by=agents[number], reason="Mistyped", ticket="T-1", check=checks[number])
        except NotLockedError:
            return "nothing"
        return "done"

    assert Counter(at_once(act)) == {"done": 1, "nothing": THREADS - 1}
    assert told(Event.LOGIN_UNLOCKED) == Notice.objects.filter(kind="login_unlocked").count() == 1
    # The calls of the others go on: nothing was done on their evidence.
    assert IdentityCheck.objects.filter(closed_at=None).count() == THREADS - 1
