"""The requests of the desk that change something, each with everything ready to be sent.

What an agent established about a caller is on record by itself, so here it is before the step.
"""

from __future__ import annotations

import uuid

from django.utils import timezone

from accounts.models import User
from accounts.unlocking import details_of, risks_of_unlock
from securelogin.conf import policy
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.desk.roles import Role
from securelogin.desk.rules import UNLOCK_ACTION
from securelogin.models import Failures, LoginDevice, factor_key
from securelogin.temporary_code.issuing import ISSUE_ACTION, Reason, details
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.lasting import own_device
from tests.security.steps import Step

CODES = "/admin/temporary_code/temporarycode"
FORM = {
    "document": "passport",
    "document_seen": "in_person",
    "reason": "A",
    "ticket": "T-1",
    "request_id": "7" * 32,
}


def _request(user: User, agent: User, reason: Reason, *lost: LoginDevice) -> Approval:
    return Approval.objects.ask(
        ISSUE_ACTION,
        user,
        requester=agent,
        check=None,
        risks=TemporaryCode.objects.risks(user, timezone.now(), None),
        details=details(reason, "T-1", "", [device.persistent_id for device in lost]),
        request_id=uuid.uuid4(),
    )


def _chief() -> User:
    return factories.make_staff("chief.sample", Role.SUPERVISOR)


def _lock(user: User) -> None:
    factories.make_code(user)
    for _ in range(policy().factor_attempts):
        Failures.objects.record(factor_key(user.pk), policy().factor_limit)


def issue(user: User, agent: User) -> Step:
    """A first code, on the agent's own evidence."""
    factories.make_check(agent, user)
    browser = factories.client_with_code(agent)
    return Step(browser, f"{CODES}/issue/{user.pk}/", {**FORM, "do": "issue"})


def ask(user: User, agent: User) -> Step:
    """A second person is asked for a second code."""
    factories.make_card(user)
    factories.make_check(agent, user)
    browser = factories.client_with_code(agent)
    return Step(browser, f"{CODES}/issue/{user.pk}/", {**FORM, "do": "ask"})


def approve(user: User, agent: User) -> Step:
    """The second person agrees."""
    request = _request(user, agent, Reason.AWAY)
    browser = factories.client_with_code(_chief())
    data = {"decision": "approve", "reason": "Known to us"}
    return Step(browser, f"/admin/desk/approval/{request.pk}/change/", data)


def issue_approved(user: User, agent: User) -> Step:
    """The approved code, which ends everything that the client has."""
    factories.make_card(user)
    request = _request(user, agent, Reason.LOST)
    request.decide(_chief(), approve=True, reason="Known to us")
    data = {"approval": str(request.pk), "request_id": str(request.request_id)}
    return Step(factories.client_with_code(agent), f"{CODES}/issue/{user.pk}/", data)


def hold(user: User, agent: User) -> Step:
    """A code for a client who is away from two own devices."""
    own_device(user)
    own_device(user)
    factories.make_check(agent, user)
    browser = factories.client_with_code(agent)
    return Step(browser, f"{CODES}/issue/{user.pk}/", {**FORM, "do": "issue"})


def block(user: User, agent: User) -> Step:
    """An approved code for a client who has lost one of two own devices."""
    own_device(user)
    request = _request(user, agent, Reason.LOST, own_device(user))
    request.decide(_chief(), approve=True, reason="Known to us")
    data = {"approval": str(request.pk), "request_id": str(request.request_id)}
    return Step(factories.client_with_code(agent), f"{CODES}/issue/{user.pk}/", data)


def read_back(user: User, agent: User) -> Step:
    """The client read the code back correctly."""
    return Step(factories.client_with_code(agent), f"{CODES}/{_issued(user, agent)}/read-back/", {})


def repeat(user: User, agent: User) -> Step:
    """The client did not understand the code: a new one, and the end of the old one."""
    path = f"{CODES}/{_issued(user, agent)}/repeat/"
    return Step(factories.client_with_code(agent), path, {"request_id": "8" * 32})


def _issued(user: User, agent: User) -> int:
    code, _digits = TemporaryCode.objects.issue(
        user,
        by=agent,
        reason=Reason.AWAY,
        ticket="T-1",
        request_id=uuid.uuid4(),
        check=factories.make_check(agent, user),
    )
    return int(code.pk)


def unlock(user: User, agent: User) -> Step:
    """A lock is lifted on the agent's own evidence."""
    _lock(user)
    factories.make_check(agent, user)
    browser = factories.client_with_code(agent)
    data = {**FORM, "do": "unlock", "reason": "Mistyped at home"}
    return Step(browser, f"/admin/accounts/user/{user.pk}/unlock/", data)


def unlock_for_good(user: User, agent: User) -> Step:
    """The lock after a hundred wrong answers is lifted: what was guessed at is bound anew."""
    own_device(user)
    _lock(user)
    Failures.objects.update(total=policy().factor_ceiling)
    factories.make_check(agent, user)
    browser = factories.client_with_code(agent)
    data = {**FORM, "do": "unlock", "reason": "Mistyped at home"}
    return Step(browser, f"/admin/accounts/user/{user.pk}/unlock/", data)


def unlock_approved(user: User, agent: User) -> Step:
    """A lock is lifted because a second person agreed."""
    _lock(user)
    request = Approval.objects.ask(
        UNLOCK_ACTION,
        user,
        requester=agent,
        check=None,
        risks=risks_of_unlock(user, timezone.now(), None),
        details=details_of("Mistyped at home", "T-1"),
        request_id=uuid.uuid4(),
    )
    request.decide(_chief(), approve=True, reason="Known to us")
    path = f"/admin/accounts/user/{user.pk}/unlock/"
    return Step(factories.client_with_code(agent), path, {"approval": str(request.pk)})


def send_number(user: User, agent: User) -> Step:
    """A check number is sent to the client."""
    IdentityCheck.objects.start(agent, user)
    browser = factories.client_with_code(agent)
    return Step(browser, f"{CODES}/issue/{user.pk}/", {**FORM, "do": "send_number"})


def compare(user: User, agent: User) -> Step:
    """The caller reads a wrong check number back."""
    IdentityCheck.objects.start(agent, user).send_number()
    browser = factories.client_with_code(agent)
    data = {**FORM, "do": "compare", "check_number": "000000"}
    return Step(browser, f"{CODES}/issue/{user.pk}/", data)


def revoke(user: User, agent: User) -> Step:
    """The agent revokes the client's code."""
    row, _digits = factories.make_code(user)
    path = f"{CODES}/{row.pk}/revoke/"
    return Step(factories.client_with_code(agent), path, {"reason": "client_asks"})


DESK_STEPS = [
    issue,
    ask,
    approve,
    issue_approved,
    hold,
    block,
    read_back,
    repeat,
    unlock,
    unlock_for_good,
    unlock_approved,
    send_number,
    compare,
    revoke,
]
