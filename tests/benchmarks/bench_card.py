"""Making a card, against the 112 hashes that it cannot do without."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret_raw
from django.conf import settings

from securelogin.security_card.card import NONCE_BYTES
from securelogin.security_card.challenge import PAIRS
from securelogin.security_card.models import MAKING_THREADS, SecurityCard
from tests import factories
from tests.benchmarks.harness import Row, cpu_ratio, milliseconds, rounds, wall_ratio

ROUNDS = 3
# Two threads on two free cores need half the CPU's time; this much more still counts as free.
FREE = 0.6


def floor() -> None:
    """112 Argon2id hashes, one after the other."""
    memory, passes, lanes = settings.ANSWER_HASH_COST
    for number in range(PAIRS):
        hash_secret_raw(b"%06d" % number, b"0123456789abcdef", passes, memory, lanes, 32, Type.ID)


def parallel_floor() -> None:
    """The same hashes on as many threads as a card takes."""
    memory, passes, lanes = settings.ANSWER_HASH_COST

    def one(number: int) -> None:
        hash_secret_raw(b"%06d" % number, b"0123456789abcdef", passes, memory, lanes, 32, Type.ID)

    with ThreadPoolExecutor(MAKING_THREADS) as pool:
        list(pool.map(one, range(PAIRS)))


def run() -> list[Row]:
    """CPU and wall time."""
    people = iter([factories.make_user(f"card{number}") for number in range(ROUNDS + 1)])
    codes = {}

    def make() -> None:
        user = next(people)
        codes[user.pk] = factories.make_code(user)[0]
        nonce = secrets.token_bytes(NONCE_BYTES)
        SecurityCard.objects.make(user, codes[user.pk], nonce, lambda _row: None)

    pairs = rounds(ROUNDS, floor, make)
    hashes = f"{PAIRS} Argon2id hashes"
    memory = MAKING_THREADS * settings.ANSWER_HASH_COST[0] // 1024
    # How much two threads gain here with nothing but hashing: where the cores are not free, no
    # program can keep the limit, and the bare hashes on the same threads are the floor.
    free = wall_ratio(rounds(ROUNDS, floor, parallel_floor))
    return [
        Row("make a card, CPU", cpu_ratio(pairs), hashes, 1.15, milliseconds(pairs)),
        Row(
            "make a card, wall time",
            wall_ratio(pairs),
            f"CPU of {hashes}",
            0.65 if free <= FREE else None,
            f"{MAKING_THREADS} threads, at most {memory} MiB of hash memory; the bare hashes "
            f"on these threads take {free:.2f}",
        ),
    ]
