"""The desk's start page and what every page of the desk has at its head."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from securelogin.desk.models import Approval
from securelogin.desk.roles import Role
from securelogin.desk.rules import PRESSURE
from securelogin.temporary_code.issuing import ISSUE_ACTION, Refusal
from tests import factories

TIMELINE, FIGURES = "/admin/securelogin/securityevent/", "/admin/securelogin/securityevent/figures/"
APPROVALS = "/admin/desk/approval/"


def start(desk: Client) -> str:
    """The start page."""
    response = desk.get("/admin/")
    assert response.status_code == 200
    return response.content.decode()


def ask(agent: User, client: User, *risks: str) -> None:
    """A request that waits."""
    found = [PRESSURE, *(Refusal(name).risk(30) for name in risks)]
    Approval.objects.ask(
        ISSUE_ACTION,
        client,
        requester=agent,
        check=None,
        risks=found,
        details={"ticket": "T-1"},
        request_id=uuid4(),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "approves", "figures"),
    [
        (Role.AGENT, False, False),
        (Role.SENIOR, True, False),
        (Role.SUPERVISOR, True, True),
        (Role.AUDITOR, False, True),
    ],
)
def test_it_links_what_the_role_may_see(
    desk_of: Callable[[Role], Client], role: Role, approves: bool, figures: bool
) -> None:
    text = start(desk_of(role))
    assert 'name="q"' in text
    assert f'href="{TIMELINE}"' in text
    assert (f'href="{FIGURES}"' in text) is figures
    assert (f'href="{APPROVALS}"' in text) is approves


@pytest.mark.django_db
def test_it_has_one_search_and_no_list_of_tables(desk: Client) -> None:
    text = start(desk)
    assert text.count('role="search"') == 1
    assert "Temporary Codes" not in text
    assert "Recent actions" not in text
    assert desk.get("/admin/accounts/")["Location"] == "/admin/"


@pytest.mark.django_db
def test_every_page_has_one_field_that_the_key_goes_to(desk: Client, jane: User) -> None:
    for path in (
        "/admin/",
        "/admin/accounts/user/?q=jane",
        f"/admin/accounts/user/{jane.pk}/change/",
    ):
        text = desk.get(path).content.decode()
        assert text.count("data-desk-search") == 1, path


@pytest.mark.django_db
def test_the_head_counts_what_waits_for_this_person(
    desk_of: Callable[[Role], Client], sam: User, jane: User, mallory: User
) -> None:
    senior, supervisor = desk_of(Role.SENIOR), desk_of(Role.SUPERVISOR)
    colleague = User.objects.get(username="senior.sample")
    assert "Approvals (0)" in start(senior)
    ask(sam, jane)
    ask(sam, mallory, "too_soon")  # only who may override the policy
    ask(colleague, mallory)
    assert "Approvals (1)" in start(senior)
    assert "Approvals (3)" in start(supervisor)
    assert "1 request waits for you" in start(senior)
    assert "3 requests wait for you" in start(supervisor)
    assert "Approvals (" not in start(factories.client_with_code(sam))
    assert "Approvals (1)" in senior.get(f"/admin/accounts/user/{jane.pk}/change/").content.decode()
