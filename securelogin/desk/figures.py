"""The desk in figures: what each agent did on each of the last days, from the audit trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.db.models import Count, F
from django.db.models.functions import TruncDate

from securelogin.desk.bar_chart import Chart, Value, chart
from securelogin.desk.outliers import outliers
from securelogin.desk.sentences import plain
from securelogin.events import Event
from securelogin.models import SecurityEvent

DAYS = 30
# What is counted, in the order of the columns. The first is what the chart shows.
COUNTED = {
    Event.DEVICE_ISSUED: "Codes issued",
    Event.APPROVAL_ASKED: "Approvals asked",
    Event.APPROVAL_GIVEN: "Approvals given",
    Event.APPROVAL_REFUSED: "Approvals refused",
    Event.LOGIN_UNLOCKED: "Logins unlocked",
    Event.ACTION_REFUSED: "Actions refused",
}

Numbers = tuple[int, ...]
# Agent and day -> as the columns.
Counts = Mapping[tuple[str, date], Numbers]
_NOTHING: Numbers = (0,) * len(COUNTED)


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers of one day, or of many.

    Attributes:
        day: None for a sum of many.
        numbers: as the columns.
        stands_out: on this day.
    """

    day: date | None
    numbers: Numbers
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent.

    Attributes:
        agent: the user name.
        lines: the days on which there was anything, the newest first.
        total: of all these days.
        outlying_days: how many of them stand out.
    """

    agent: str
    lines: tuple[Line, ...]
    total: Line
    outlying_days: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The page.

    Attributes:
        columns: what is counted, in words.
        agents: who issued most comes first.
        days: all agents, each day, the oldest first.
        total: of everything.
        chart: codes issued a day.
    """

    columns: tuple[str, ...]
    agents: tuple[AgentFigures, ...]
    days: tuple[Line, ...]
    total: Line
    chart: Chart


def figures(now: datetime, zone: str) -> Figures:
    """The last `DAYS` days, today for the last.

    Args:
        now: aware.
        zone: an IANA name; its midnights part the days.
    """
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return tell(_counts(datetime.combine(days[0], time.min, local), local), days)


def _counts(since: datetime, zone: ZoneInfo) -> Counts:
    # What clients do for themselves has the client for an actor.
    events = SecurityEvent.objects.filter(
        kind__in=list(COUNTED), at__gte=since, actor__isnull=False
    ).exclude(actor=F("user"))
    rows = list(
        events.annotate(day=TruncDate("at", tzinfo=zone))
        .values_list("actor", "day", "kind")
        .annotate(number=Count("*"))
        .order_by()
    )
    # Asked for apart: joined, the names of all clients would be read.
    people = get_user_model().objects.filter(pk__in={row[0] for row in rows})
    names = dict(people.values_list("pk", "username"))
    counts: dict[tuple[str, date], dict[str, int]] = defaultdict(dict)
    for agent, day, kind, number in rows:
        counts[plain(names[agent]), day][kind] = number
    return {key: tuple(kinds.get(kind, 0) for kind in COUNTED) for key, kinds in counts.items()}


def tell(counts: Counts, days: Sequence[date]) -> Figures:
    """The page from the counts.

    Args:
        counts: of these days.
        days: the oldest first.
    """
    agents = sorted({agent for agent, _day in counts})
    of_days = {
        day: {agent: counts[agent, day] for agent in agents if (agent, day) in counts}
        for day in days
    }
    marked = outliers(
        {day: {agent: line[0] for agent, line in who.items()} for day, who in of_days.items()}
    )
    marked_days = {day for day, _agent in marked}
    lines = tuple(Line(day, _sum(of_days[day].values()), day in marked_days) for day in days)
    by_agent = [_of_agent(agent, of_days, marked) for agent in agents]
    # Stable: who issued as many stays in the order of the names.
    by_agent.sort(key=lambda one: one.total.numbers[0], reverse=True)
    bars = [
        Value(f"{line.day:%d %b}".lstrip("0"), line.numbers[0], line.stands_out) for line in lines
    ]
    total = Line(None, _sum(counts.values()))
    return Figures(tuple(COUNTED.values()), tuple(by_agent), lines, total, chart(bars))


def _of_agent(
    agent: str, of_days: Mapping[date, Mapping[str, Numbers]], marked: set[tuple[date, str]]
) -> AgentFigures:
    lines = tuple(
        Line(day, who[agent], (day, agent) in marked)
        for day, who in sorted(of_days.items(), reverse=True)
        if agent in who
    )
    total = Line(None, _sum(line.numbers for line in lines))
    return AgentFigures(agent, lines, total, sum(line.stands_out for line in lines))


def _sum(lines: Iterable[Numbers]) -> Numbers:
    return tuple(map(sum, zip(_NOTHING, *lines, strict=True)))
