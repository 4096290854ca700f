"""Measuring: interleaved rounds, CPU of all threads, medians of the ratios of each round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: what was measured.
        ratio: to the floor, median over the rounds.
        floor: what the floor is, in words.
        limit: the ratio that must not be passed; None where none is set.
        note: absolute figures, for orientation.
        quicker: the ratio says how many times quicker than the floor, and the limit is the least.
    """

    name: str
    ratio: float
    floor: str
    limit: float | None = None
    note: str = ""
    quicker: bool = False

    @property
    def passed(self) -> bool:
        """Whether the ratio keeps its limit."""
        if self.limit is None:
            return True
        return self.ratio >= self.limit if self.quicker else self.ratio <= self.limit


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU (all threads of the process) and of wall time."""

    cpu: float
    wall: float


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
    count: int, floor: Callable[[], object], work: Callable[[], object]
) -> list[tuple[Spent, Spent]]:
    """Floor and work in turn, so that a noisy moment of the machine meets both."""
    floor(), work()
    return [(spend(floor), spend(work)) for _ in range(count)]


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
    return f"{work:.0f} ms CPU, floor {floor:.0f} ms"
