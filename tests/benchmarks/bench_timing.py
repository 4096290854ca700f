"""Whether the time of an answer tells what may not be told, against the noise of equal requests.

Each row compares two requests whose difference is a secret. The floor is what the same run shows
between equal ones: the largest difference of medians in a thousand random splits of their times.
The tests of tests/security count the work and are exact; this measures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median, quantiles
from unittest import mock

from django.test import Client
from django.utils import timezone

from accounts import password_reset
from securelogin.models import Failures, factor_key
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.benchmarks.harness import Row, spend

ROUNDS = 60
SPLITS = 1000
Request = Callable[[], object]


def run() -> list[Row]:
    """One row for each secret."""
    with mock.patch.object(password_reset, "_postman"):
        return list(_rows())


def _rows() -> Iterator[Row]:
    for name in ("timed.one", "timed.two"):
        factories.make_user(name)
    places = (f"198.51.{number % 250}.7" for number in count())
    one, two, nobody = ("timed.one", "timed.two", "nobody.atall")

    def password_of(username: str) -> Request:
        fields = {"username": username, "password": "not-the-password"}
        return lambda: Client().post("/login/", fields, REMOTE_ADDR=next(places))

    password = [password_of(name) for name in (one, two, nobody)]
    yield _compare("known user, unknown user", password)

    def number_for(username: str) -> Request:
        fields = {"username": username}
        return lambda: Client().post("/login/forgotten/", fields, REMOTE_ADDR=next(places))

    number = [number_for(name) for name in (one, two, nobody)]
    yield _compare("forgotten: known, unknown", number)
    user = factories.make_user("timed.holder")
    _card, answers = factories.make_card(user)
    browser = Client()
    browser.post("/login/", {"username": user.username, "password": factories.PASSWORD})

    def answer_of(digits: str) -> Request:
        return lambda: browser.post("/login/verify/", {"card_values": digits})

    right = answers[1]
    first, second = (_other(right[:3]) + right[3:], right[:3] + _other(right[3:]))
    halves = [answer_of(digits) for digits in (first, first, second)]
    yield _compare("wrong first half, wrong second half", halves)
    unseen = [answer_of(digits) for digits in (first, first, right)]
    yield _compare("locked: wrong answer, right answer", unseen, locked=user.pk)


def _other(digits: str) -> str:
    return "".join(str(9 - int(digit)) for digit in digits)


def _compare(name: str, requests: list[Request], locked: int | None = None) -> Row:
    """Measure three requests in turn, in another order each time.

    Args:
        name: what is compared.
        requests: one side of the secret, another as good as the same, the other side.
        locked: the client whose second factor is locked meanwhile; None: nothing has failed.
    """
    times: dict[Request, list[float]] = {act: [] for act in requests}
    for turn in range(ROUNDS + 2):
        for act in random.sample(requests, len(requests)):
            _forget_failures(locked)
            spent = spend(act).cpu * 1000
            if turn > 1:  # what is loaded once is loaded now
                times[act].append(spent)
    one, same, two = times.values()
    noise = _noise(one + same)
    difference = median(two) - median(one + same)
    spread = quantiles(one + same, n=4)
    note = (
        f"{median(one + same):.2f} ms and {median(two):.2f} ms CPU, {difference:+.3f} ms apart; "
        f"noise {noise:.3f} ms, half of all between {spread[0]:.2f} and {spread[2]:.2f} ms"
    )
    return Row(name, abs(difference) / noise, "noise of equal requests", 1.0, note)


def _noise(times: list[float]) -> float:
    """The difference that chance alone makes between a third of as many times and the rest."""
    dice = random.Random(7)
    third = len(times) // 3
    apart = []
    for _ in range(SPLITS):
        dice.shuffle(times)
        apart.append(abs(median(times[:third]) - median(times[third:])))
    return max(apart)


def _forget_failures(locked: int | None) -> None:
    Failures.objects.all().delete()
    SecurityCard.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    if locked is not None:
        Failures.objects.create(
            key=factor_key(locked), count=10, total=10, last_failed_at=timezone.now()
        )
