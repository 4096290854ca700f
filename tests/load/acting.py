"""Brings people, programs and the hour together, and says whether it went well."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.conf import settings

from tests.load import audit, people, place, report
from tests.load.browser import Log
from tests.load.hour import Cast, Hour, Size
from tests.load.spent import Meter

# Walked through once and alone, so that each step has a price.
_ALONE = 5
_GUESSERS = 2
# People with a card who take turns at logging in.
_HOLDERS = 24
# Answers of the real cost beyond the mean: troubles use more of them.
_SPARE = 6


def run(
    chosen: argparse.Namespace,
    variables: dict[str, str],
    connection: psycopg.Connection,
    folder: Path,
    say: Callable[[str], None],
) -> int:
    """Everything from the first person to the last line of the report.

    Args:
        chosen: the command's options.
        variables: of the programs.
        connection: to the database server, autocommitting.
        folder: for files.
        say: prints a line.

    Returns:
        The exit status.
    """
    size = Size(chosen.callers, chosen.rate, chosen.quiet, chosen.rush, chosen.seed)
    say("Making the people.")
    cast = _cast(size, chosen.agents)
    log = Log()
    with place.serving(variables, folder, chosen.workers, chosen.threads, chosen.requests) as (
        masters,
        outboxes,
    ):
        hour = Hour(
            size,
            cast,
            [master.port for master in masters],
            place.HEADERS,
            log,
            Meter(connection, masters, outboxes),
            lambda: _connections(connection),
        )
        say("One of each, alone.")
        costs = hour.one_by_one()
        say(f"{size.quiet:.0f} seconds of logins alone.")
        quiet = hour.logins_only()
        say(f"{size.callers} callers within {size.rush:.0f} seconds, and the same logins.")
        rush = hour.rush()
    checked = audit.checks(cast.everybody, log, masters + outboxes, folder / "mails", hour.lost)
    for line in report.lines(costs, [quiet, rush], hour.peaks, log, checked):
        say(line)
    return int(any(check.faults for check in checked))


def _cast(size: Size, agents: int) -> Cast:
    callers = people.callers(_ALONE + size.callers)
    logins = round(size.rate * (size.quiet + size.rush) / _HOLDERS) + _SPARE
    holders = people.holders(_HOLDERS + _GUESSERS, logins)
    instructor, *desk = people.agents(1 + agents)
    return Cast(
        instructor,
        desk,
        callers[:_ALONE],
        callers[_ALONE:],
        holders[:_HOLDERS],
        holders[_HOLDERS:],
    )


def _connections(connection: psycopg.Connection) -> int:
    """Those of the programs."""
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name <> %s",
        [settings.DATABASES["default"]["NAME"], place.DRIVER],
    ).fetchone()
    return int(found[0]) if found else 0
