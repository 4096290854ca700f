"""Measuring: interleaved rounds, CPU of all threads, medians of the ratios of each round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from django.core import signals
from django.db import close_old_connections


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: what was measured.
        ratio: to the floor, median over the rounds.
        floor: what the floor is, in words.
        limit: the goal: the ratio that must not be passed; None where none is set.
        note: absolute figures, for orientation.
        quicker: the ratio says how many times quicker than the floor, and the limit is the least.
        beyond: a ratio that is better than the goal and worth trying for; None: there is none.
    """

    name: str
    ratio: float
    floor: str
    limit: float | None = None
    note: str = ""
    quicker: bool = False
    beyond: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the ratio keeps its limit."""
        return self.limit is None or self._keeps(self.limit)

    @property
    def met(self) -> str:
        """``no``, ``yes``, ``beyond``, or a dash where there is no goal."""
        if self.limit is None:
            return "-"
        if not self.passed:
            return "no"
        return "beyond" if self.beyond is not None and self._keeps(self.beyond) else "yes"

    def _keeps(self, limit: float) -> bool:
        return self.ratio >= limit if self.quicker else self.ratio <= limit


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU (all threads of the process) and of wall time."""

    cpu: float
    wall: float

    def each(self, repeats: int) -> Spent:
        """The same for one of so many repetitions."""
        return Spent(self.cpu / repeats, self.wall / repeats)


def spend(work: Callable[[], object]) -> Spent:
    """What one call costs, without the garbage collector's moments."""
    gc.collect()
    gc.disable()
    try:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        return Spent(time.process_time() - cpu, time.perf_counter() - wall)
    finally:
        gc.enable()


def rounds(
    count: int,
    floor: Callable[[], object],
    work: Callable[[], object],
    before: Callable[[], object] = bool,
) -> list[tuple[Spent, Spent]]:
    """Floor and work in turn, so that a noisy moment of the machine meets both.

    Args:
        count: how many rounds.
        floor: the work that cannot be done without.
        work: what is compared with it.
        before: makes each round ready; not measured.
    """
    before(), floor(), work()
    pairs = []
    for _ in range(count):
        before()
        pairs.append((spend(floor), spend(work)))
    return pairs


@contextmanager
def connection_kept() -> Iterator[None]:
    """The connection to the database outlives a request, as one of a pool in service does."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in ends:
            signal.connect(close_old_connections)


def cpu_ratio(pairs: list[tuple[Spent, Spent]]) -> float:
    """Median over the rounds of CPU to CPU."""
    return median(work.cpu / floor.cpu for floor, work in pairs)


def wall_ratio(pairs: list[tuple[Spent, Spent]]) -> float:
    """Median over the rounds of wall time to the floor's CPU."""
    return median(work.wall / floor.cpu for floor, work in pairs)


def milliseconds(pairs: list[tuple[Spent, Spent]]) -> str:
    """Absolute medians of work and floor, for orientation only."""
    work = median(spent.cpu for _, spent in pairs) * 1000
    floor = median(spent.cpu for spent, _ in pairs) * 1000
    return f"{_three_digits(work)} ms CPU, floor {_three_digits(floor)} ms"


def _three_digits(number: float) -> str:
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f}"
