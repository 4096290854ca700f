"""Making a card: who may have one, its 112 hashes, and the row that keeps them.

Hashing is all that it costs: two seconds of processor time and more. So it is bounded
(`securelogin.security_card.places`), and who finds no place waits in line, not in a thread
(`securelogin.security_card.line`). See docs/decisions/0016-making-cards-is-bounded.md.
"""

from __future__ import annotations

import os
import random
import secrets
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from securelogin import batches, keys
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import LoginDevice, LoginDeviceQuerySet, SecurityEvent, lock_client
from securelogin.security_card import card, challenge, places
from securelogin.security_card.line import Turn

if TYPE_CHECKING:
    from accounts.models import User
    from securelogin.security_card.models import SecurityCard

# Of 19: a login beside the hashing takes as long as on an idle machine, and a machine that is
# busy with logins still gives the hashing a ninth of a core (measured, decision 16).
NICENESS = 10


class RequestRefusal(StrEnum):
    """Why this session may not have a card."""

    NOT_ENTITLED = "not_entitled"
    TOO_MANY = "too_many"


class RequestRefusedError(Exception):
    """A card was asked for that the rules refuse; ``reason`` says why."""

    def __init__(self, reason: RequestRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class ConcurrentRequestError(Exception):
    """Another request of this client made a card while this one was being made."""


class MustWaitError(Exception):
    """Every place is taken, or others were first; ``turn`` is the client's place in line."""

    def __init__(self, turn: Turn) -> None:
        super().__init__("every place is taken")
        self.turn = turn


def step_back() -> None:
    """Let everything else run before this thread: a login must not wait for hashes of cards.

    Linux keeps a niceness for each thread; elsewhere it would be the whole process's.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        # Where a sandbox forbids it, cards are made all the same.
        with suppress(OSError):
            least = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
            os.setpriority(os.PRIO_PROCESS, thread, least)


@sensitive_variables()
def hash_answers(answers: list[str], key: bytes, cost: str) -> bytes:
    """Salt and digest of each answer, one after the other, hashed on ``CARD_THREADS`` threads.

    Args:
        answers: 112 times six digits.
        key: of ANSWER_KEYS.
        cost: of Argon2id.

    Returns:
        112 records of 48 bytes.
    """

    def record(answer: str) -> bytes:
        salt = secrets.token_bytes(keys.SALT_BYTES)
        return salt + keys.digest(answer, salt, key, cost)

    # Argon2id releases the GIL. Threads of this card alone: they end with it, so nothing has to
    # survive a fork, and their niceness, which cannot be taken back, goes with them.
    with ThreadPoolExecutor(settings.CARD_THREADS, initializer=step_back) as pool:
        return b"".join(pool.map(record, answers))


class SecurityCardQuerySet(LoginDeviceQuerySet):
    """Requesting a card."""

    def end_run_out(self, now: datetime) -> int:
        """Also those without a challenge, once the session of the last one must be over."""
        last_session = now - policy().absolute_life
        # By the index of those in force; what has run out is ended below.
        in_force = self.open().filter(expires_at__gt=now).order_by("expires_at")
        used_up = in_force.filter(answered__gte=challenge.PAIRS, last_used_at__lt=last_session)
        ended = batches.each(
            used_up.prefetch_related("user"), lambda card: card.end(EndReason.USED_UP)
        )
        Turn.objects.forget(now)
        return ended + super().end_run_out(now)

    def request_refusal(
        self,
        opened_with: LoginDevice,
        now: datetime,
        cards: Iterable[SecurityCard] | None = None,
    ) -> RequestRefusal | None:
        """Why a session of this device may not have a card now (design, rows 11 to 13).

        Args:
            opened_with: the device.
            now: aware.
            cards: all of the client's, where they were read already.
        """
        if opened_with.access_at(now) == 0:
            return RequestRefusal.NOT_ENTITLED
        name = opened_with.persistent_id
        if cards is None:
            made = self.filter(requested_with=name).count()
        else:
            made = sum(card.requested_with == name for card in cards)
        return RequestRefusal.TOO_MANY if made >= policy().cards_per_code else None

    @sensitive_variables()
    def make(
        self,
        user: User,
        opened_with: LoginDevice,
        nonce: bytes,
        remember: Callable[[SecurityCard], None],
    ) -> SecurityCard:
        """Make a card for the session of a proven device; an older waiting card gives way.

        Args:
            user: the client.
            opened_with: the device this session was opened with.
            nonce: 32 random bytes, which the session alone keeps.
            remember: stores the nonce in the session. Called in the transaction that stores
                the card, so that there is never the one without the other.

        Raises:
            RequestRefusedError: the rules refuse.
            ConcurrentRequestError: another request made a card meanwhile.
            MustWaitError: this machine makes as many cards as it may, or one for this client;
                the client stands in line from now on.
        """
        now = timezone.now()
        if refused := self.request_refusal(opened_with, now):
            raise RequestRefusedError(refused)
        known = self.newest_id(user)
        # Asked before a place is taken: whoever only asks is in nobody's way.
        if not Turn.objects.may_go(user, now):
            self._stand_in_line(user, known, now)
        with places.taken_for(user.pk) as taken:
            if not taken:
                self._stand_in_line(user, known, now)
            # SECURITY: whoever waited for another request of the same client hashes nothing,
            # so that a burst of requests costs one card.
            if self.newest_id(user) != known:
                raise ConcurrentRequestError
            return self._make(user, opened_with, nonce, remember, known)

    def _stand_in_line(self, user: User, known: str | None, now: datetime) -> NoReturn:
        turn = Turn.objects.wait(user, now)
        # Another click may have stored its card, and left the line, just before.
        if self.newest_id(user) != known:
            Turn.objects.leave(user)
            raise ConcurrentRequestError
        raise MustWaitError(turn)

    @sensitive_variables()
    def _make(
        self,
        user: User,
        opened_with: LoginDevice,
        nonce: bytes,
        remember: Callable[[SecurityCard], None],
        known: str | None,
    ) -> SecurityCard:
        now = timezone.now()
        value_key_id, value_key = keys.current(settings.VALUE_KEYS)
        key_id, key = keys.current(settings.ANSWER_KEYS)
        cost = keys.cost_in_use()
        order = challenge.shuffle(random.SystemRandom())
        values = card.derive_values(value_key, nonce)
        # The slow part stands outside the transaction: no row is locked while it runs.
        packed = hash_answers(challenge.answers(order, values), key, cost)
        with self._counted(user, known), transaction.atomic():
            # SECURITY: one request at a time for a client; the rules are asked again.
            lock_client(user)
            if self.newest_id(user) != known:
                raise ConcurrentRequestError
            fresh = type(opened_with).objects.get(pk=opened_with.pk)
            if refused := self.request_refusal(fresh, now):
                raise RequestRefusedError(refused)
            for older in self.of(user).filter(activated_at=None).open():
                older.end(EndReason.REPLACED, by=user)
            # A card that has to end with the one it replaces has no longer to wait than that.
            ends_at = fresh.successor_expires_at
            activate_by = min(filter(None, (now + policy().activation_wait, ends_at)))
            row: SecurityCard = self.create(
                user=user,
                confirmed=False,
                serial=self.new_serial(),
                initials=card.initials_of(user.first_name, user.last_name),
                requested_with=opened_with.persistent_id,
                must_end_at=ends_at,
                activate_by=activate_by,
                order=order,
                answers=packed,
                key_id=key_id,
                value_key_id=value_key_id,
                hash_cost=cost,
            )
            SecurityEvent.objects.record(Event.DEVICE_ISSUED, user, device=row, actor=user)
            Turn.objects.leave(user)
            remember(row)
        return row

    @contextmanager
    def _counted(self, user: User, known: str | None) -> Iterator[None]:
        """SECURITY: hashes count, whatever comes of them: cards that are stored by their number
        (`cards_per_code`), others, such as those of a session that ends meanwhile, by a wait."""
        try:
            yield
        except DatabaseError:
            # Not the client's doing.
            raise
        except Exception:
            # Where another request was quicker, its card counts.
            if self.newest_id(user) == known:
                Turn.objects.put_off(user, timezone.now())
            raise

    def new_serial(self) -> str:
        """A serial that no card has. Of two million cards, one of two thousand would otherwise be
        given one that is taken."""
        serial = card.new_serial(random.SystemRandom())
        while self.filter(serial=serial).exists():
            serial = card.new_serial(random.SystemRandom())
        return serial

    def newest_id(self, user: User) -> str | None:
        """The public id of the client's newest card, or None."""
        newest = self.of(user).order_by("-pk").values_list("public_id", flat=True)
        return newest.first()
