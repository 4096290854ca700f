"""What `make load` prints: what one of each costs, what the hour cost, the waits, the audit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tests.load.audit import Check
from tests.load.browser import Log
from tests.load.spent import Spent

_PERCENTILES = (50, 95, 99)
_MOST_FAULTS = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step of one client cost while nothing else happened.

    Attributes:
        step: in words.
        spent: mean over the clients; of bytes the median.
        requests: mean over the clients.
    """

    step: str
    spent: Spent
    requests: float


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the hour.

    Attributes:
        name: in words.
        spent: in it.
        done: how often each step was done in it.
    """

    name: str
    spent: Spent
    done: dict[str, int]


@dataclass(frozen=True, slots=True)
class Peaks:
    """The most that was seen at once.

    Attributes:
        connections: of PostgreSQL, to this database, the driver's not counted.
        memory: resident bytes of the largest web process.
    """

    connections: int = 0
    memory: int = 0


def percentile(values: list[float], rank: int) -> float:
    """The smallest value that so many per cent of all do not exceed.

    Args:
        values: at least one.
        rank: 1 to 100.
    """
    return sorted(values)[max(0, math.ceil(len(values) * rank / 100) - 1)]


def lines(
    costs: list[Cost], phases: list[Phase], peaks: Peaks, log: Log, checked: list[Check]
) -> Iterator[str]:
    """The whole report."""
    yield from _costs(costs)
    yield from _phases(phases, peaks)
    yield from _waits(log, [phase.name for phase in phases])
    yield from _statuses(log)
    yield from _audit(checked)


def _costs(costs: list[Cost]) -> Iterator[str]:
    yield "What one costs, alone (seconds of processor time; KiB of PostgreSQL's log)"
    yield f"  {'step':<28} {'web':>8} {'outbox':>8} {'database':>8} {'WAL':>8} {'requests':>9}"
    for cost in costs:
        spent = cost.spent
        yield (
            f"  {cost.step:<28} {spent.web:>8.3f} {spent.outbox:>8.3f} "
            f"{_seconds(spent.database, 3):>8} {spent.wal / 1024:>8.1f} {cost.requests:>9.1f}"
        )


def _phases(phases: list[Phase], peaks: Peaks) -> Iterator[str]:
    yield ""
    yield "The hour (seconds of processor time)"
    yield (
        f"  {'phase':<10} {'wall':>7} {'web':>8} {'outbox':>7} {'database':>8} {'driver':>7} "
        f"{'WAL MiB':>8} {'logins':>7} {'cards':>6} {'active':>7}"
    )
    for phase in phases:
        spent, done = phase.spent, phase.done
        yield (
            f"  {phase.name:<10} {spent.wall:>7.1f} {spent.web:>8.1f} {spent.outbox:>7.1f} "
            f"{_seconds(spent.database, 1):>8} {spent.driver:>7.1f} "
            f"{spent.wal / 1024**2:>8.1f} {done['login']:>7} {done['card']:>6} "
            f"{done['active']:>7}"
        )
    for phase in phases:
        per_core = ", ".join(
            f"{count / phase.spent.web:.2f} {what}" for what, count in phase.done.items() if count
        )
        yield f"  For each second of a web core, {phase.name}: {per_core}"
    yield (
        f"  At most {peaks.connections} connections to PostgreSQL at once, and "
        f"{peaks.memory / 1024**2:.0f} MiB resident in one web process."
    )


def _seconds(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _waits(log: Log, phases: list[str]) -> Iterator[str]:
    yield ""
    yield "Waits (milliseconds)"
    ranks = " ".join(f"{f'p{rank}':>8}" for rank in _PERCENTILES)
    yield f"  {'what':<26} {'phase':<10} {'count':>6} {ranks}"
    for kind in sorted({kind for _phase, kind in log.waits}):
        for phase in phases:
            values = log.waits.get((phase, kind))
            if values:
                found = (percentile(values, rank) * 1000 for rank in _PERCENTILES)
                waits = " ".join(f"{wait:>8.0f}" for wait in found)
                yield f"  {kind:<26} {phase:<10} {len(values):>6} {waits}"


def _statuses(log: Log) -> Iterator[str]:
    yield ""
    yield "Answers"
    for kind in sorted({kind for kind, _status in log.statuses}):
        of_kind = sorted((s, n) for (k, s), n in log.statuses.items() if k == kind)
        said = ", ".join(f"{status}: {count}" for status, count in of_kind)
        waiting = log.waiting_pages[kind]
        yield f"  {kind:<26} {said}{f' ({waiting} waiting pages)' if waiting else ''}"


def _audit(checked: list[Check]) -> Iterator[str]:
    yield ""
    yield "Nothing lost, nothing doubled"
    for check in checked:
        mark = "NO " if check.faults else "yes"
        yield f"  {mark} {check.claim} ({check.seen} looked at)"
        yield from (f"      {fault}" for fault in check.faults[:_MOST_FAULTS])
        if len(check.faults) > _MOST_FAULTS:
            yield f"      ... and {len(check.faults) - _MOST_FAULTS} more"
