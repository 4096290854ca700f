"""Right answers, sent again, too late, or by somebody else: one success at most."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from securelogin.events import Event
from securelogin.models import SecurityEvent
from securelogin.security_card import making
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.security.cast import CARD, LIST

VERIFY = "/login/verify/"


def pending(user: User) -> Client:
    """A browser after the password."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": factories.PASSWORD})
    return client


def waiting(user: User) -> tuple[Client, str, list[str]]:
    """A browser with a waiting card: its address, its answers."""
    client = factories.client_with_code(user)
    path = client.post(CARD)["Location"]
    row = user.securitycards.latest("pk")
    return client, path, factories.answers_of(client, row)


@pytest.mark.django_db
def test_a_right_answer_serves_once(jane: User) -> None:
    _row, answers = factories.make_card(jane)
    first, second = pending(jane), pending(jane)
    assert first.post(VERIFY, {"card_values": answers[1]})["Location"] == "/home/"
    assert second.post(VERIFY, {"card_values": answers[1]}).status_code == 422
    # Without a password before it, it is not even looked at.
    assert first.post(VERIFY, {"card_values": answers[2]})["Location"] == "/login/"
    assert Client().post(VERIFY, {"card_values": answers[2]})["Location"] == "/login/"
    cookie = first.cookies["sid"].value
    first.post("/logout/")
    first.cookies["sid"] = cookie
    assert first.get("/home/")["Location"].startswith("/login/")
    assert first.post(VERIFY, {"card_values": answers[2]})["Location"] == "/login/"


@pytest.mark.django_db
def test_a_right_answer_after_its_time_is_refused(jane: User) -> None:
    _code, digits = factories.make_code(jane)
    client, late = pending(jane), pending(jane)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        page = client.post(VERIFY, {"temporary_code": digits}).content.decode()
        assert "This took longer than 5 minutes" in page
        assert client.post(VERIFY, {"temporary_code": digits})["Location"] == "/login/"
    with time_machine.travel(timezone.now() + timedelta(days=12)):
        late.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
        ended = late.post(VERIFY, {"temporary_code": digits}).content.decode()
        assert "Your Temporary Code has ended" in ended
        assert late.get(LIST)["Location"].startswith("/login/")


@pytest.mark.django_db
def test_activation_is_done_once_and_with_the_own_card_only(jane: User, mallory: User) -> None:
    client, path, answers = waiting(jane)
    other, _their_path, their_answers = waiting(mallory)
    values = {"card_values": answers[0]}
    assert other.post(f"{path}activate/", values).status_code == 404
    assert client.post(f"{path}activate/", {"card_values": their_answers[0]}).status_code == 422
    for _ in range(3):
        done = client.post(f"{path}activate/", values)
        assert done["Location"] == f"{path}active/"
    assert SecurityEvent.objects.filter(kind=Event.DEVICE_ACTIVATED).count() == 1
    assert jane.securitycards.get().answered == 1
    for part in ("", "text/", "card.pdf", "image.png", "activate/", "discard/", "active/"):
        assert other.get(f"{path}{part}").status_code == 404
    for part in ("discard/", "continue/", "activate/"):
        assert client.post(f"{path}{part}")["Location"] in {LIST, f"{path}active/"}
    assert jane.securitycards.get().ended_at is None


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_requests_costs_one_card(jane: User, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _digits = factories.make_code(jane)
    hashed, started = [], threading.Barrier(4, timeout=60)
    really, look = making.hash_answers, making.SecurityCardQuerySet.newest_id
    looked, all_looked = set(), threading.Event()

    def hash_answers(answers: list[str], key: bytes, cost: str) -> bytes:
        hashed.append(len(answers))
        # Until each of them has seen that there is no card yet.
        assert all_looked.wait(60)
        return really(answers, key, cost)

    def newest_id(self: making.SecurityCardQuerySet, user: User) -> str | None:
        found = look(self, user)
        looked.add(threading.get_ident())
        if len(looked) == 4:
            all_looked.set()
        return found

    def request(number: int) -> str:
        started.wait()
        nonce = bytes([number]) * 32
        try:
            return SecurityCard.objects.make(jane, code, nonce, lambda _row: None).serial
        except (making.ConcurrentRequestError, making.MustWaitError):
            return ""
        finally:
            connection.close()

    monkeypatch.setattr(making, "hash_answers", hash_answers)
    monkeypatch.setattr(making.SecurityCardQuerySet, "newest_id", newest_id)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(request, range(4)))
    assert hashed == [112]
    assert sorted(made) == ["", "", "", jane.securitycards.get().serial]
