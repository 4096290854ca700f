"""A refused page that is loaded again sends its form again: that is no second try."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from securelogin import keys
from securelogin.events import Event
from securelogin.models import Failures, LoginDevice, SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
VERIFY = "/login/verify/"
# Longer than any wait between two answers.
LATER = timedelta(minutes=4)


class Asked:
    """A browser after the password, asked for an answer of Jane's device."""

    def __init__(self, jane: User, clock: Clock) -> None:
        self.jane, self.clock = jane, clock
        self.client = Client()
        self.client.post("/login/", {"username": jane.username, "password": factories.PASSWORD})

    def send(self, token: str = "first", **answer: str) -> Any:
        """Send the form of the page with this token, once the wait is over."""
        self.clock.shift(timedelta(seconds=40))
        return self.client.post(VERIFY, {"csrfmiddlewaretoken": token, **answer})

    @property
    def counted(self) -> int:
        """How many wrong answers, in the series as in the timeline."""
        series = Failures.objects.of_factor(self.jane.pk)
        refused = SecurityEvent.objects.filter(kind=Event.SIGN_IN_REFUSED).count()
        assert refused == (series.count if series else 0)
        return refused


@pytest.fixture
def asked(jane: User, clock: Clock) -> Asked:
    """Jane has a card; its second challenge is open."""
    factories.make_card(jane)
    return Asked(jane, clock)


def test_a_form_that_is_sent_again_counts_once_and_reads_the_same(asked: Asked) -> None:
    first = asked.send(card_values="000000")
    for _reload in range(3):
        again = asked.send(card_values="000000")
        assert (again.status_code, again.content.count(b"do not match")) == (
            first.status_code,
            first.content.count(b"do not match"),
        )
    assert asked.counted == 1


def test_of_a_code_too(jane: User, clock: Clock) -> None:
    factories.make_code(jane)
    asked = Asked(jane, clock)
    for _reload in range(2):
        assert asked.send(temporary_code="000000000").status_code == 422
    assert asked.counted == 1


def test_the_same_digits_typed_again_are_another_try(asked: Asked) -> None:
    asked.send("first", card_values="000000")
    asked.send("second", card_values="000000")
    assert asked.counted == 2


@pytest.mark.parametrize("token", ["first", ""])
def test_other_digits_and_a_form_without_a_token_always_count(asked: Asked, token: str) -> None:
    entries = ["000000", "000000", "000001", "000000"] if not token else ["000000", "000001"] * 2
    for entry in entries:
        asked.send(token, card_values=entry)
    assert asked.counted == len(entries), "only directly after, and only the same"


def test_another_session_and_another_device_count(asked: Asked, jane: User, clock: Clock) -> None:
    asked.send(card_values="000000")
    other = Asked(jane, clock)
    other.send(card_values="000000")
    assert other.counted == 2
    SecurityCard.objects.update(answered=5)
    other.send(card_values="000000")
    assert other.counted == 3, "another pair is asked"


def test_a_device_whose_answer_changes_by_itself_counts_each(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was wrong may be right a little later: a free try for whoever waits."""
    monkeypatch.setattr(SecurityCard, "question", LoginDevice.question)
    for _reload in range(3):
        asked.send(card_values="000000")
    assert asked.counted == 3


def test_it_is_judged_all_the_same_with_the_same_work(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    digest = keys.digest

    def counting(answer: str, *args: Any) -> bytes:
        hashed.append(answer)
        return digest(answer, *args)

    monkeypatch.setattr(keys, "digest", counting)
    for _reload in range(2):
        asked.send(card_values="000000")
    assert hashed == ["000000"] * 2


def test_a_wait_and_a_lock_refuse_it_first(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.send(card_values="000000")
    sent = {"csrfmiddlewaretoken": "first", "card_values": "000000"}
    asked.send("second", card_values="000001")
    assert "Wait" in asked.client.post(VERIFY, sent).content.decode()
    Failures.objects.update(count=10)
    judged: list[str] = []
    monkeypatch.setattr(SecurityCard, "judge", lambda _self, answer, _now: judged.append(answer))
    again = asked.send("second", card_values="000001")
    assert (again.status_code, judged) == (429, [])


def test_the_answer_is_not_kept(asked: Asked) -> None:
    asked.send(card_values="173946")
    (row,) = Session.objects.all()
    held = row.get_decoded()
    assert "173946" not in str(held)
    assert len(held["wrong_answer"]) == 64
    for token in ("first", "second"):
        asked.send(token, card_values="173946")
    assert row.get_decoded() != Session.objects.get().get_decoded(), "the same digits, another mark"
