"""What a client does, with every secret known: the walk of the canary."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from accounts.models import User
from securelogin.models import Failures
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.security.canaries import Canaries, spellings
from tests.security.cast import CARD, LIST
from tests.security.traces import Recorder


@dataclass
class Run:
    """One run through everything, and what it left."""

    secrets: Canaries = field(default_factory=Canaries)
    logs: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    jane: Recorder = field(default_factory=Recorder)
    staff: list[Recorder] = field(default_factory=list)
    # Pages that may show a secret, because that is what they are for.
    shown_in: set[str] = field(default_factory=set)
    clock: Any = None

    def later(self, **by: float) -> None:
        """The clock goes on, whole seconds, so that no microsecond looks like an answer."""
        self.clock.shift(timedelta(**by))

    def learn_card(self, row: SecurityCard) -> list[str]:
        """Note the secrets of the card that Jane's browser can show; returns its answers."""
        nonce = factories.nonce_of(self.jane)
        self.secrets.words |= spellings(nonce)
        self.secrets.add_card(bytes(row.order), row.sheet(nonce).values, bytes(row.answers))
        return factories.answers_of(self.jane, row)


def sign_in(run: Run, jane: User, answer: str, name: str) -> None:
    run.jane.get("/login/?next=/home/")
    run.jane.post("/login/", {"username": jane.username, "password": "wrong-password-1"})
    run.jane.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    for wrong in ("", "12345x", "000000000"[: len(answer)]):
        assert run.jane.post("/login/verify/", {name: wrong}).status_code == 422
    run.later(seconds=30)
    done = run.jane.post("/login/verify/", {name: f"{answer[:3]} {answer[3:]}"})
    assert done["Location"] == "/home/"
    run.jane.get("/home/")
    run.jane.get("/settings/user/")
    run.jane.get(LIST)


def lock_out(run: Run, jane: User) -> None:
    """Wrong answers, to whatever is asked, until the login is locked."""
    run.jane.post("/logout/")
    wrong = {"temporary_code": "000000000", "card_values": "000000"}
    for _ in range(20):
        run.jane.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
        if run.jane.get("/login/verify/").status_code == 429:
            break
        run.jane.post("/login/verify/", wrong)
        run.later(minutes=30)
    series = Failures.objects.of_factor(jane.pk)
    assert series is not None
    assert series.factor_locked_until


def card(run: Run, *files: str) -> list[str]:
    path = run.jane.post(CARD)["Location"]
    row = SecurityCard.objects.latest("pk")
    answers = run.learn_card(row)
    assert run.jane.get(path).status_code == 200
    assert answers[0][:3] in run.jane.get(f"{path}text/").content.decode()
    run.shown_in.add(run.jane.pages[-1][1])
    for name in files:
        assert run.jane.get(f"{path}{name}").status_code == 200
    run.jane.post(f"{path}continue/", {"kept": "print"})
    run.jane.get(f"{path}activate/")
    for wrong in ("", "123", "000000"):
        assert run.jane.post(f"{path}activate/", {"card_values": wrong}).status_code == 422
    done = run.jane.post(f"{path}activate/", {"card_values": answers[0]})
    assert done["Location"] == f"{path}active/"
    run.jane.get(done["Location"])
    return answers
