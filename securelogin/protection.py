"""How well a device protects, and how much money may leave with it. Pure.

Each device type states its level once (its ``apps.py``). A session carries the level of the
device it was opened with, and hands it to whatever moves money as ``request.protection``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Protection(IntEnum):
    """Ordered: a desk or a payment states the least it needs (KB1131, KB2895)."""

    NONE = 0
    # A code that was spoken on the telephone.
    BASIC = 1
    # A list of numbers: each serves once, and can be copied unnoticed.
    MEDIUM = 2
    # A device that makes a new code each time, and can be asked for it by a false site.
    HIGH = 3
    # A key that answers to this site alone (NIST SP 800-63B-4 3.2.5).
    HIGHEST = 4

    @property
    def label(self) -> str:
        """The word for the client."""
        return _LABELS[self]


_LABELS = {
    Protection.NONE: "None",
    Protection.BASIC: "Basic",
    Protection.MEDIUM: "Medium",
    Protection.HIGH: "High",
    Protection.HIGHEST: "Highest",
}


@dataclass(frozen=True, slots=True)
class WithdrawalLimits:
    """How much may be withdrawn, in whole US dollars; None: no limit.

    Attributes:
        day: in a day.
        five_days: in five business days.
    """

    day: int | None
    five_days: int | None

    def __str__(self) -> str:
        if self.day is None or self.five_days is None:
            return "no limit"
        return f"USD {self.day:,} a day, USD {self.five_days:,} in five business days"
