"""Making a card, against the 112 hashes that it cannot do without."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from argon2.low_level import Type, hash_secret_raw
from django.conf import settings

from securelogin.security_card.card import NONCE_BYTES
from securelogin.security_card.challenge import PAIRS
from securelogin.security_card.making import step_back
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.benchmarks.harness import Row, Spent, milliseconds, spend

ROUNDS = 5
# Two threads on two free cores need half the CPU's time; so little more still counts as free.
FREE = 0.53


def one_hash(number: int) -> bytes:
    """As of one pair."""
    memory, passes, lanes = settings.ANSWER_HASH_COST
    salt = b"0123456789abcdef"
    return hash_secret_raw(b"%06d" % number, salt, passes, memory, lanes, 32, Type.ID)


def alone() -> None:
    """112 Argon2id hashes, one after the other."""
    for number in range(PAIRS):
        one_hash(number)


def together() -> None:
    """The same hashes on threads such as a card takes, and as many."""
    with ThreadPoolExecutor(settings.CARD_THREADS, initializer=step_back) as pool:
        list(pool.map(one_hash, range(PAIRS)))


def run() -> list[Row]:
    """CPU and wall time."""
    people = [factories.make_user(f"card{number}") for number in range(ROUNDS + 1)]
    ready = iter([(user, factories.make_code(user)[0]) for user in people])

    def make() -> None:
        user, code = next(ready)
        SecurityCard.objects.make(user, code, secrets.token_bytes(NONCE_BYTES), lambda _row: None)

    for warm_up in (alone, together, make):
        warm_up()
    spent = [(spend(alone), spend(together), spend(make)) for _ in range(ROUNDS)]
    return [_cpu(spent), _wall(spent)]


def _cpu(spent: list[tuple[Spent, Spent, Spent]]) -> Row:
    """Two threads share caches, and often one core's two halves, which makes every hash dearer:
    that is the machine's. What the card adds shows beside bare hashes on the same threads.
    """
    added = median(make.cpu / together.cpu for _, together, make in spent)
    machine = median(together.cpu / alone.cpu for alone, together, _ in spent)
    return Row(
        "make a card, CPU",
        added,
        f"{PAIRS} Argon2id hashes on {settings.CARD_THREADS} threads",
        1.05,
        f"{milliseconds([(together, make) for _, together, make in spent])}; "
        f"the threads themselves cost {machine:.2f} of one thread",
    )


def _wall(spent: list[tuple[Spent, Spent, Spent]]) -> Row:
    """Where the cores are not free, no program can keep the limit."""
    free = median(together.wall / alone.cpu for alone, together, _ in spent)
    memory = settings.CARD_THREADS * settings.ANSWER_HASH_COST[0] // 1024
    return Row(
        "make a card, wall time",
        median(make.wall / alone.cpu for alone, _, make in spent),
        f"CPU of {PAIRS} Argon2id hashes",
        0.55 if free <= FREE else None,
        f"{settings.CARD_THREADS} threads, at most {memory} MiB of hash memory; the bare hashes "
        f"on these threads take {free:.2f}",
    )
