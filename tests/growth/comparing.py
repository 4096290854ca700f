"""The same acts at several sizes, side by side, and what breaks the promise."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command
from django.db import connection

from securelogin.desk.roles import Role
from tests import factories
from tests.growth import acts
from tests.growth.loader import Filled, fill
from tests.growth.measuring import Cost, cost_of, middle, prepare


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an act may touch in the largest portal.

    Attributes:
        times: the blocks of the smallest one so many times, the inner levels of trees apart.
        spare: so many more in any case, as a few rows of a client lie on one block where clients
            are few.
    """

    times: float = 1.3
    spare: int = 10


PROMISE = Allowance()
# What is about all clients at once cannot be the same, and why; and the power of their number with
# which it may grow: with 1, as many blocks for each client.
_PARTS = "how many texts share the parts of a word"
GROWS_WITH = {
    "desk: search by user name": (_PARTS, 0.3),
    "desk: search by phone": (_PARTS, 0.3),
    "desk: search by full name": (_PARTS, 0.3),
    "desk: search by last name": (_PARTS, 0.3),
    "desk: search by reference": ("how many events share a reference", 0.2),
    "desk: figures": ("what the desk did in thirty days", 0.5),
    "job: Online Security Code Cards ended": ("the cards in force", 1),
    "job: Online Security Code Cards reminders": ("the cards that end in five days", 1),
    "job: Temporary Codes ended": ("the codes in force", 1),
    "job: Temporary Codes reminders": ("the codes in force", 1),
    "job: clients told of questions left alone": ("the passwords accepted in a day", 1),
}

# The first one fills what is read once for each process.
CLIENTS = 4

Costs = Mapping[str, Cost]
Say = Callable[[str], object]


def measure(clients: int, say: Say) -> Costs:
    """Fill an empty database and measure every act in it.

    Args:
        clients: a multiple of 1,000.
        say: is told how it goes on.

    Returns:
        The costs by the name of the act.
    """
    began = time.perf_counter()
    filled = fill(clients)
    say(f"{clients:,} clients made in {time.perf_counter() - began:.0f} s")
    for line in _sizes():
        say(line)
    return costs(filled)


def costs(filled: Filled, clients: int = CLIENTS) -> Costs:
    """The costs of every act in a database that was filled.

    Args:
        filled: what is in it.
        clients: how many do everything, one after the other.
    """
    assert not prepare()
    found: dict[str, list[Cost]] = defaultdict(list)
    desk = factories.client_with_code(factories.make_staff("sue.supervisor", Role.SUPERVISOR))
    for number in range(clients):
        for steps in (acts.of_client(filled, number), acts.of_desk(filled, number, desk)):
            _carry_out(steps, found)
    call_command("run_jobs", stdout=StringIO())
    for _ in range(2):
        _carry_out(acts.of_jobs(), found)
    return {name: middle(all_costs[1:]) for name, all_costs in found.items()}


def _carry_out(steps: Iterable[acts.Step], found: dict[str, list[Cost]]) -> None:
    for name, act in steps:
        found[name].append(cost_of(act))


def _sizes() -> list[str]:
    """A line for each table: rows, and the bytes of one, its share of the indexes apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples, pg_table_size(oid) / reltuples, "
            "pg_indexes_size(oid) / reltuples, pg_total_relation_size(oid) / 1e6 FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= 500 "
            "ORDER BY pg_total_relation_size(oid) DESC"
        )
        rows = cursor.fetchall()
    head = f"{'table':<40}{'rows':>12}{'a row':>8}{'its indexes':>13}{'MB in all':>11}"
    return [
        head,
        *(
            f"{name:<40}{number:>12,.0f}{row:>8.0f}{indexes:>13.0f}{size:>11,.0f}"
            for name, number, row, indexes, size in rows
        ),
        f"{'together':<40}{'':>33}{sum(row[-1] for row in rows):>11,.0f}",
    ]


def tell(measured: Mapping[int, Costs], say: Say, allowed: Allowance = PROMISE) -> int:
    """Print the table.

    Args:
        measured: by number of clients.
        say: takes a line.
        allowed: from the smallest to the largest.

    Returns:
        1 if an act breaks the promise, else 0.
    """
    sizes = sorted(measured)
    small, large = measured[sizes[0]], measured[sizes[-1]]
    heads = "".join(f"{size:>11,}" for size in sizes)
    say("Blocks of 8 kB touched, by number of clients; apart: without the inner levels of trees")
    say(f"{'':<40}{heads}  ratio  apart  statements")
    broken = 0
    times = sizes[-1] / sizes[0]
    for name in small:
        line = "".join(f"{measured[size][name].blocks:>11.0f}" for size in sizes)
        all_blocks = ratio(small[name].blocks, large[name].blocks)
        apart = ratio(small[name].flat, large[name].flat)
        reason, power = GROWS_WITH.get(name, ("", 0))
        found = faults(small[name], large[name], allowed, times**power)
        broken += bool(found)
        notes = [*found, *([f"grows with {reason}"] if reason else [])]
        say(
            f"{name:<40}{line} {all_blocks:>6.2f} {apart:>6.2f} "
            f"{large[name].statements:>6.1f}  {'; '.join(notes)}"
        )
    say(f"{broken} of {len(small)} break the promise." if broken else "All keep the promise.")
    return 1 if broken else 0


def ratio(small: float, large: float) -> float:
    """How many times as many; 1 where both are none."""
    return large / small if small else 1.0 + large


def faults(small: Cost, large: Cost, allowed: Allowance, times: float = 1) -> list[str]:
    """In words, how an act in a large portal breaks the promise; empty: it keeps it.

    Args:
        small: where clients are few.
        large: where they are many.
        allowed: how much more.
        times: how many times the blocks are in order before the limit is asked.
    """
    found = []
    if small.statements != large.statements:
        found.append(f"STATEMENTS: {small.statements:.1f} WHERE CLIENTS ARE FEW")
    found += [f"READS ALL OF {table}" for table in large.whole]
    if large.flat > max(small.flat * times * allowed.times, small.flat + allowed.spare):
        found.append("MORE BLOCKS")
    return found
