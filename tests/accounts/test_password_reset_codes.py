"""A Temporary Code and a forgotten password: two proofs from one mailbox are one."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.password_reset import PasswordReset, ResetOverError
from securelogin.desk.models import IdentityCheck
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.accounts.mailbox import number_for, postman
from tests.securelogin.clock import Clock

__all__ = ["postman"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "postman")]
START = "/login/forgotten/"
NEW = "four unrelated teapots"


def issue(client: User, agent: User, *evidence: str) -> tuple[TemporaryCode, str]:
    """A code that an agent issued on this evidence."""
    check = IdentityCheck.objects.start(agent, client)
    moments = {f"{kind}_at": timezone.now() for kind in evidence}
    IdentityCheck.objects.filter(pk=check.pk).update(**moments)
    check.refresh_from_db()
    return TemporaryCode.objects.issue(
        client, by=agent, reason=Reason.LOST, ticket="T-1", request_id=uuid4(), check=check
    )


def reset(user: User, digits: str) -> bool:
    """Whether mailbox and code together set a new password."""
    client = Client()
    client.post(START, {"username": user.username})
    client.post(f"{START}number/", {"number": number_for(user.email)})
    client.post(f"{START}device/", {"temporary_code": digits})
    client.post(f"{START}password/", {"password": NEW})
    return User.objects.get(pk=user.pk).check_password(NEW)


def test_a_code_issued_on_a_check_number_does_not_reset(jane: User, sam: User) -> None:
    """SECURITY: whoever reads the mailbox would get in without a password."""
    code, digits = issue(jane, sam, "check_matched")
    assert not code.may_reset_password
    assert not reset(jane, digits)


@pytest.mark.parametrize(
    "evidence", [("called_back",), ("document",), ("document", "check_matched")]
)
def test_a_code_issued_on_more_than_the_mailbox_does(
    jane: User, sam: User, evidence: tuple[str, ...]
) -> None:
    code, digits = issue(jane, sam, *evidence)
    assert code.may_reset_password
    assert reset(jane, digits)


def test_a_code_in_its_second_phase_does_not(jane: User, sam: User) -> None:
    code, digits = issue(jane, sam, "called_back")
    factories.shift(code, timedelta(days=-3))
    assert not reset(jane, digits)


def test_a_code_made_anew_on_the_phone_keeps_what_it_may(
    jane: User, sam: User, clock: Clock
) -> None:
    code, _digits = issue(jane, sam, "called_back")
    again, digits = TemporaryCode.objects.repeat(code, by=sam, request_id=uuid4())
    assert again.may_reset_password
    assert reset(jane, digits)


def test_a_code_made_on_the_server_does_not(jane: User) -> None:
    code, digits = factories.make_code(jane)
    assert not code.may_reset_password
    assert not reset(jane, digits)


def test_the_page_says_what_to_do_instead(jane: User) -> None:
    factories.make_code(jane)
    client = Client()
    client.post(START, {"username": jane.username})
    client.post(f"{START}number/", {"number": number_for(jane.email)})
    page = client.get(f"{START}device/").content.decode()
    assert "Call us for a new password" in page
    assert "Temporary Code" in page


def test_the_reset_itself_refuses_such_a_code_whatever_a_page_asks(jane: User, sam: User) -> None:
    code, digits = issue(jane, sam, "check_matched")
    client = Client()
    client.post(START, {"username": jane.username})
    client.post(f"{START}number/", {"number": number_for(jane.email)})
    row = PasswordReset.objects.get()
    with pytest.raises(ResetOverError):
        row.prove(code, digits)
    row.refresh_from_db()
    assert row.proven_at is None
