"""Which agents issue far more than the others. Pure.

An insider, or a thief of an agent's session, gives himself away by number (NIST SP 800-63B-4
6.1). The rule is simple enough to stand on the page in words; it accuses nobody, it says where
to look.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from statistics import median
from typing import TypeVar

LEAST = 5
TIMES = 3

Day = TypeVar("Day", bound=Hashable)


def stands_out(count: int, others: Collection[int]) -> bool:
    """Whether a number is far above the others: at least `LEAST`, and more than `TIMES` their
    median. Beside nothing at all, `LEAST` is enough.

    Args:
        count: what one agent did on one day.
        others: what it is compared with, without zeroes.
    """
    return count >= LEAST and count > TIMES * (median(others) if others else 0)


def outliers(counts: Mapping[Day, Mapping[str, int]]) -> set[tuple[Day, str]]:
    """The days and agents that stand out.

    An agent is compared with the others who did the same that day. Who did it alone that day is
    compared with everybody's other days.

    Args:
        counts: day -> agent -> number.
    """
    worked = {
        day: {agent: count for agent, count in agents.items() if count > 0}
        for day, agents in counts.items()
    }
    every = [
        (day, agent, count) for day, agents in worked.items() for agent, count in agents.items()
    ]
    found = set()
    for day, agent, count in every:
        others = [number for name, number in worked[day].items() if name != agent]
        if not others:
            others = [number for other, _name, number in every if other != day]
        if stands_out(count, others):
            found.add((day, agent))
    return found
