"""The numbers of the secure login system, in one frozen dataclass.

Pages, mails, rules and jobs take every number from here, so that a sentence on a page can
never contradict what the system does. An installation may change a number through settings;
floors and ceilings refuse what would be nonsense or a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

from securelogin.protection import Protection, WithdrawalLimits
from securelogin.throttle import Limit


@dataclass(frozen=True, slots=True)
class Policy:
    """All numbers. Durations are whole units named by the field (days, hours, minutes).

    Sources: KB69 (phases of the code), KB1873 (21 days), KB1132 (ten failures, 24 hours),
    NIST SP 800-63B-4 sections 2.2.3 (sessions) and 3.2.2 (at most 100 failures).
    """

    code_digits: int = 9
    code_full_days: int = 2
    code_card_only_days: int = 10
    code_single_use: bool = False
    code_interval_days: int = 30
    code_reminder_hours: int = 6
    card_days: int = 21
    card_reminder_days: tuple[int, ...] = (5, 1)
    logins_left_warnings: tuple[int, ...] = (20, 5)
    activation_hours: int = 24
    activation_attempts: int = 5
    activation_reminder_hours: int = 1
    cards_per_code: int = 3
    factor_attempts: int = 10
    factor_ceiling: int = 100
    attempts_shown_from: int = 3
    lock_hours: int = 24
    unanswered_alert: int = 5
    unanswered_hours: int = 24
    password_min_length: int = 8
    password_attempts: int = 5
    password_pause_minutes: int = 15
    password_longest_pause_hours: int = 24
    password_network_factor: int = 20
    known_browser_days: int = 180
    reset_requests: int = 3
    reset_pause_minutes: int = 60
    reset_minutes: int = 15
    pending_minutes: int = 5
    idle_minutes: int = 15
    warning_minutes: int = 2
    absolute_hours: int = 8
    client_sessions: int = 5
    staff_sessions: int = 1
    proof_minutes: int = 5
    client_proof_minutes: int = 15
    identity_minutes: int = 30
    check_number_digits: int = 6
    check_number_minutes: int = 10
    check_number_attempts: int = 3
    check_number_pause_minutes: int = 1
    contact_quiet_days: int = 14
    new_address_hours: int = 24
    approval_minutes: int = 10
    read_out_minutes: int = 2
    read_back_minutes: int = 10
    read_out_repeats: int = 2
    unlock_interval_days: int = 7
    notice_attempts: int = 12
    first_device_minutes: int = 15
    devices_of_a_type: int = 10
    staff_protection: int = 3
    # By protection level, from BASIC to HIGHEST; 0: no limit. US dollars.
    withdrawal_day: tuple[int, ...] = (50_000, 200_000, 1_000_000, 0)
    withdrawal_five_days: tuple[int, ...] = (100_000, 600_000, 1_000_000, 0)
    ended_device_days: int = 400
    notice_days: int = 90

    def __post_init__(self) -> None:
        for field in fields(self):
            if type(getattr(self, field.name)) is not type(field.default):
                raise ValueError(f"policy.{field.name} must be written like {field.default!r}.")
        for name, (floor, ceiling) in _BOUNDS.items():
            value = getattr(self, name)
            for number in value if isinstance(value, tuple) else (value,):
                if type(number) is not int or not floor <= number <= ceiling:
                    raise ValueError(f"policy.{name} must lie between {floor} and {ceiling}.")
        if self.warning_minutes >= self.idle_minutes:
            raise ValueError("policy.warning_minutes must be less than policy.idle_minutes.")
        if not self.code_life:
            raise ValueError("policy.code_full_days and code_card_only_days must not both be 0.")
        levels = len(Protection) - 1
        for name in ("withdrawal_day", "withdrawal_five_days"):
            if len(getattr(self, name)) != levels:
                raise ValueError(f"policy.{name} needs {levels} numbers, one for each level.")

    @classmethod
    def of(cls, changes: Mapping[str, Any]) -> Policy:
        """The policy with an installation's changes.

        Args:
            changes: numbers by field name; lists are taken as tuples.

        Raises:
            ValueError: an unknown name, or a number outside its bounds.
        """
        known = {field.name for field in fields(cls)}
        if unknown := set(changes) - known:
            raise ValueError(f"Unknown policy numbers: {', '.join(sorted(unknown))}.")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in changes.items()
        }
        return cls(**values)

    def withdrawal_limits(self, level: Protection) -> WithdrawalLimits:
        """How much may be withdrawn with a device of this level (KB1131)."""
        if level is Protection.NONE:
            return WithdrawalLimits(0, 0)
        day, five_days = self.withdrawal_day[level - 1], self.withdrawal_five_days[level - 1]
        return WithdrawalLimits(day or None, five_days or None)

    @property
    def first_device_life(self) -> timedelta:
        """How long a client with a password alone may take to add the first device."""
        return timedelta(minutes=self.first_device_minutes)

    @property
    def code_full(self) -> timedelta:
        """How long a Temporary Code gives full access."""
        return timedelta(days=self.code_full_days)

    @property
    def code_life(self) -> timedelta:
        """How long a Temporary Code gives any access at all."""
        return timedelta(days=self.code_full_days + self.code_card_only_days)

    @property
    def card_life(self) -> timedelta:
        """How long a card works, counted from its activation."""
        return timedelta(days=self.card_days)

    @property
    def activation_wait(self) -> timedelta:
        """How long a card waits for its activation, counted from its issue."""
        return timedelta(hours=self.activation_hours)

    @property
    def factor_limit(self) -> Limit:
        """What locks a client's second factor: ten in a row (KB1132), a hundred in all."""
        life = self.lock_life
        return Limit(self.factor_attempts, life, life, life, self.factor_ceiling)

    @property
    def lock_life(self) -> timedelta:
        """How long a locked second factor stays locked after the last failure."""
        return timedelta(hours=self.lock_hours)

    @property
    def unanswered_life(self) -> timedelta:
        """How far back second steps that were left unanswered are counted."""
        return timedelta(hours=self.unanswered_hours)

    @property
    def password_limit(self) -> Limit:
        """What pauses password entry for a user name in one place; the pause grows."""
        first = timedelta(minutes=self.password_pause_minutes)
        return Limit(self.password_attempts, first, self.longest_pause, self.longest_pause)

    @property
    def longest_pause(self) -> timedelta:
        """How long password entry is paused at most."""
        return max(
            timedelta(hours=self.password_longest_pause_hours),
            timedelta(minutes=self.password_pause_minutes),
        )

    @property
    def crowd_limit(self) -> Limit:
        """What pauses a network, which many share, whatever names are typed there."""
        first = timedelta(minutes=self.password_pause_minutes)
        # Forgotten as soon as it is quiet: an office's typing errors of a month are no attack.
        return Limit(self._crowd, first, first, first)

    @property
    def name_limit(self) -> Limit:
        """What pauses a user name that is typed wrongly from many networks; the pause grows."""
        return replace(self.password_limit, attempts=self._crowd)

    @property
    def _crowd(self) -> int:
        return self.password_attempts * self.password_network_factor

    @property
    def pending_life(self) -> timedelta:
        """How long a sign-in may wait between the password and the second step."""
        return timedelta(minutes=self.pending_minutes)

    @property
    def reset_life(self) -> timedelta:
        """How long a forgotten password may be replaced after the number was right."""
        return timedelta(minutes=self.reset_minutes)

    @property
    def reset_limit(self) -> Limit:
        """How often a number for a forgotten password may be asked for in one place."""
        pause = timedelta(minutes=self.reset_pause_minutes)
        return Limit(self.reset_requests, pause, pause, pause)

    @property
    def reset_name_limit(self) -> Limit:
        """The same from many networks together: a mailbox must not be filled."""
        return replace(self.reset_limit, attempts=5 * self.reset_requests)

    @property
    def reset_network_limit(self) -> Limit:
        """The same for all names that are typed in one network."""
        return replace(
            self.reset_limit, attempts=self.reset_requests * self.password_network_factor
        )

    @property
    def proof_life(self) -> timedelta:
        """How long a proof of both factors counts as fresh (design, row 16)."""
        return timedelta(minutes=self.proof_minutes)

    @property
    def client_proof_life(self) -> timedelta:
        """The same for a client who asks for a card: calls and reading take their time."""
        return timedelta(minutes=self.client_proof_minutes)

    @property
    def identity_life(self) -> timedelta:
        """How long what an agent established about a caller may be acted on."""
        return timedelta(minutes=self.identity_minutes)

    @property
    def check_number_life(self) -> timedelta:
        """How long a check number may be read back."""
        return timedelta(minutes=self.check_number_minutes)

    @property
    def check_number_pause(self) -> timedelta:
        """How long after a check number was sent another one may be sent."""
        return timedelta(minutes=self.check_number_pause_minutes)

    @property
    def contact_quiet(self) -> timedelta:
        """How long contact data must have been on file to prove anything (design, row 19)."""
        return timedelta(days=self.contact_quiet_days)

    @property
    def new_address_life(self) -> timedelta:
        """How long a new e-mail address may wait until it is confirmed."""
        return timedelta(hours=self.new_address_hours)

    @property
    def new_address_limit(self) -> Limit:
        """How often a number may be sent for one client's new addresses: two, each again."""
        return replace(self.reset_limit, attempts=2 * self.reset_requests)

    @property
    def approval_life(self) -> timedelta:
        """How long a request for approval may be decided and acted on."""
        return timedelta(minutes=self.approval_minutes)

    @property
    def read_out_life(self) -> timedelta:
        """How long a code stays on the screen of the agent who reads it out."""
        return timedelta(minutes=self.read_out_minutes)

    @property
    def read_back_wait(self) -> timedelta:
        """How long after issue a code may be repeated, and may wait for "read back"."""
        return timedelta(minutes=self.read_back_minutes)

    @property
    def idle_life(self) -> timedelta:
        """How long a session lives without a request."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def absolute_life(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(hours=self.absolute_hours)


_BOUNDS: Mapping[str, tuple[int, int]] = {
    "code_digits": (8, 12),
    "code_full_days": (0, 7),
    "code_card_only_days": (0, 30),
    "code_interval_days": (0, 365),
    "code_reminder_hours": (1, 48),
    "card_days": (1, 31),
    "card_reminder_days": (1, 30),
    "logins_left_warnings": (1, 111),
    "activation_hours": (1, 72),
    "activation_attempts": (3, 10),
    "activation_reminder_hours": (1, 48),
    "cards_per_code": (1, 10),
    # NIST SP 800-63B-4 3.2.2: never more than 100; 8.1.1 advises at least 10.
    "factor_attempts": (5, 100),
    "factor_ceiling": (10, 100),
    "attempts_shown_from": (1, 10),
    "lock_hours": (1, 168),
    "unanswered_alert": (2, 20),
    "unanswered_hours": (1, 168),
    # NIST SP 800-63B-4 3.1.1.2: at least 8 where a password never opens anything alone.
    "password_min_length": (8, 64),
    "password_attempts": (3, 100),
    "password_pause_minutes": (1, 1440),
    "password_longest_pause_hours": (1, 168),
    "password_network_factor": (2, 100),
    "known_browser_days": (1, 400),
    "reset_requests": (1, 10),
    "reset_pause_minutes": (15, 1440),
    "reset_minutes": (5, 15),
    "pending_minutes": (2, 15),
    # NIST SP 800-63B-4 2.2.3 and 2.3.3: AAL2 at most 1 h idle, staff at most 15 min and 12 h.
    "idle_minutes": (5, 15),
    "warning_minutes": (2, 5),
    "absolute_hours": (1, 12),
    "client_sessions": (1, 20),
    "staff_sessions": (1, 5),
    "proof_minutes": (1, 15),
    "client_proof_minutes": (1, 60),
    "identity_minutes": (5, 60),
    "check_number_digits": (6, 8),
    # NIST SP 800-63B-4 4.2.1.2: a code that is spoken lives at most ten minutes.
    "check_number_minutes": (2, 10),
    "check_number_attempts": (1, 5),
    "check_number_pause_minutes": (1, 5),
    "contact_quiet_days": (7, 90),
    # NIST SP 800-63B-4 4.2.1.2: a code that is sent by e-mail lives at most 24 hours.
    "new_address_hours": (1, 24),
    "approval_minutes": (2, 30),
    "read_out_minutes": (1, 5),
    "read_back_minutes": (2, 30),
    "read_out_repeats": (0, 3),
    "unlock_interval_days": (1, 60),
    "notice_attempts": (1, 100),
    "first_device_minutes": (5, 30),
    "devices_of_a_type": (1, 50),
    "staff_protection": (1, 4),
    "withdrawal_day": (0, 1_000_000_000),
    "withdrawal_five_days": (0, 1_000_000_000),
    "ended_device_days": (30, 4000),
    "notice_days": (7, 4000),
}
