"""Live status: the agent sees where the client is; asking for it keeps nobody logged in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session, User
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import SECOND, Clock
from tests.securelogin.security_card.browser import holder_of

RED_LINE = "Stop the client. Card numbers must not be read to us."
MINUTE = timedelta(minutes=1)


def path(client: User) -> str:
    """The fragment."""
    return reverse("admin:accounts_user_progress", args=[client.pk])


def status(desk: Client, client: User) -> tuple[list[str], list[str], str]:
    """Steps that are done, steps that are open, and all that is said."""
    response = desk.get(path(client))
    assert response.status_code == 200
    text = response.content.decode()
    done, still = (
        re.findall(rf'<li class="{kind}">\s*<strong>(.*?)</strong>', text)
        for kind in ("done", "open")
    )
    return done, still, " ".join(re.sub("<[^>]+>", " ", text).split())


@pytest.mark.django_db
def test_it_follows_the_client_to_the_card(desk: Client, jane: User) -> None:
    code, digits = factories.make_code(jane)
    steps = ["Logged in", "Card shown", "Card kept", "Card active"]
    assert status(desk, jane)[:2] == ([], steps)
    browser = Client()
    factories.sign_in(browser, jane, "111222333" if digits != "111222333" else "111222334")
    assert "Wrong answer at login with Temporary Code" in status(desk, jane)[2]
    type(code).objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    factories.sign_in(browser, jane, digits)
    assert status(desk, jane)[:2] == (steps[:1], steps[1:])
    assert "Wrong answer" not in status(desk, jane)[2]
    holder = holder_of(jane, browser)
    browser.get(holder.url(""))
    assert status(desk, jane)[:2] == (steps[:2], steps[2:])
    holder.card.keep(SecurityCard.Kept.PDF)
    done, still, said = status(desk, jane)
    assert (done, still) == (steps[:3], steps[3:])
    assert "kept: PDF" in said
    holder.activate(holder.answers[0])
    assert status(desk, jane)[:2] == (steps, [])


@pytest.mark.django_db
def test_without_a_code_there_is_nothing_to_follow(desk: Client, jane: User) -> None:
    assert "there is nothing to follow" in status(desk, jane)[2]
    assert "data-over" in desk.get(path(jane)).content.decode()


@pytest.mark.django_db
def test_a_code_that_can_do_nothing_any_more_is_not_followed(
    jane: User, sam: User, clock: Clock
) -> None:
    factories.make_code(jane)
    clock.shift(policy().code_life - SECOND)
    assert "Temporary Code issued" in status(factories.client_with_code(sam), jane)[2]
    clock.shift(SECOND)
    assert "nothing to follow" in status(factories.client_with_code(sam), jane)[2]


@pytest.mark.django_db
def test_the_page_of_the_client_has_it_and_the_red_line(desk: Client, jane: User) -> None:
    factories.make_code(jane)
    text = desk.get(reverse("admin:accounts_user_change", args=[jane.pk])).content.decode()
    assert RED_LINE in text
    assert f'data-progress="{path(jane)}"' in text
    assert re.search('role="status"[^>]*data-progress-news', text)
    assert "Request Online (Temporary) Security Code Card" in text


@pytest.mark.django_db
def test_the_news_are_for_who_hears_the_page(desk: Client, jane: User) -> None:
    _code, digits = factories.make_code(jane)
    assert 'data-news="Temporary Code issued' in desk.get(path(jane)).content.decode()
    factories.sign_in(Client(), jane, digits)
    assert 'data-news="Logged in with Temporary Code"' in desk.get(path(jane)).content.decode()


@pytest.mark.django_db
def test_it_holds_no_secret(desk: Client, jane: User) -> None:
    _code, digits = factories.make_code(jane)
    browser = Client()
    factories.sign_in(browser, jane, digits)
    holder = holder_of(jane, browser)
    browser.get(holder.url(""))
    text = desk.get(path(jane)).content.decode()
    assert digits not in text
    assert holder.card.serial not in text
    assert not [answer for answer in holder.answers if answer in text]


@pytest.mark.django_db
def test_it_is_for_the_desk_and_leaves_no_trace(desk: Client, jane: User) -> None:
    desk.get(path(jane))
    assert not SecurityEvent.objects.filter(kind=Event.RECORD_OPENED).exists()
    assert desk.post(path(jane)).status_code == 405
    assert desk.get(path(User(pk=jane.pk + 999))).status_code == 404
    stranger = factories.client_with_code(factories.make_user("new.colleague", is_staff=True))
    assert stranger.get(path(jane)).status_code == 403
    browser = factories.client_with_code(jane)
    assert browser.get(path(jane)).status_code == 302


@pytest.mark.django_db
def test_asking_again_and_again_does_not_keep_the_agent_logged_in(
    clock: Clock, jane: User, sam: User
) -> None:
    desk = factories.client_with_code(sam)
    page = reverse("admin:accounts_user_change", args=[jane.pk])
    assert desk.get(page).status_code == 200
    end = Session.objects.get(user=sam).expire_date
    assert end == timezone.now() + policy().idle_life
    for _ in range(policy().idle_minutes - 1):
        clock.shift(MINUTE)
        assert desk.get(path(jane)).status_code == 200
    assert Session.objects.get(user=sam).expire_date == end
    clock.shift(MINUTE)
    answer = desk.get(path(jane))
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/login/")


@pytest.mark.django_db
def test_every_other_page_is_a_sign_of_life(clock: Clock, jane: User, sam: User) -> None:
    desk = factories.client_with_code(sam)
    for page in ("/admin/", "/admin/accounts/user/", "/home/"):
        clock.shift(MINUTE)
        assert desk.get(page).status_code == 200
        assert Session.objects.get(user=sam).expire_date == timezone.now() + policy().idle_life
