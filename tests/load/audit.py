"""Whether anything was lost or doubled: what people were told, against the database, the mails and
the servers' logs."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.management import CommandError, call_command
from django_tasks_db.models import DBTaskResult

from securelogin.events import Event
from securelogin.models import Failures, Notice, SecurityEvent
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.models import TemporaryCode
from tests.load.browser import Log
from tests.load.people import Person
from tests.load.programs import Program

_REFERENCE = re.compile(r"Reference (\S+)")
_TO = re.compile(r"^To: (\S+)", re.MULTILINE)
# Between two mails in a file of Django's file backend.
_RULE = re.compile(rf"^{'-' * 79}$", re.MULTILINE)
# What the portal answers to people; 202 is the place in line for a card.
_CALM = {200, 202, 302, 409, 422, 429}
# Which notice tells of which event of which kind of device.
_TOLD_BY_MAIL = (
    ("card_activated", Event.DEVICE_ACTIVATED, "security_card"),
    ("code_issued", Event.DEVICE_ISSUED, "temporary_code"),
    ("code_first_used", Event.DEVICE_FIRST_USED, "temporary_code"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One claim about the hour.

    Attributes:
        claim: in words.
        seen: how many things were looked at.
        faults: what contradicts it.
    """

    claim: str
    seen: int
    faults: list[str]


def checks(
    people: list[Person], log: Log, programs: list[Program], mails: Path, lost: list[str]
) -> list[Check]:
    """Every claim.

    Args:
        people: all, with what they were told.
        log: of their browsers.
        programs: that served, ended by now.
        mails: the folder of the mail backend.
        lost: walks that came to no end, in words.
    """
    events = Counter(SecurityEvent.objects.values_list("user", "kind", "device"))
    told = sum(person.told.total() for person in people)
    answers = log.statuses.total()
    notices = Notice.objects.count()
    return [
        Check("every walk came to its end", len(people), lost),
        Check("who was told active has that one card", _count(people, "active"), [*_cards(people)]),
        Check("every confirmed step has its event once", told, [*_steps(people, events)]),
        Check("every pair served once", _count(people, "login"), [*_pairs(people, events)]),
        Check("failures are counted exactly", _count(people, "wrong answer"), [*_failures(people)]),
        Check("every notice was queued once and sent once", notices, [*_mails(mails, events)]),
        Check("the chains of events hold", sum(events.values()), [*_chains()]),
        Check("no answer is an error", answers, [*_errors(log)]),
        Check("no error in the servers' logs", len(programs), [*_logged(programs)]),
    ]


def _count(people: list[Person], what: str) -> int:
    return sum(person.told[what] for person in people)


def _cards(people: list[Person]) -> Iterator[str]:
    for person in people:
        if not person.told["active"]:
            continue
        rows = SecurityCard.objects.filter(user=person.pk)
        active = rows.filter(ended_at=None, activated_at__isnull=False)
        if [row.public_id for row in active] != [person.card] or rows.count() != 1:
            yield f"{person.username} has {rows.count()} cards, {len(active)} of them active"
        if TemporaryCode.objects.filter(user=person.pk).open().exists():
            yield f"{person.username} has a code beside the card"


def _steps(people: list[Person], events: Counter[tuple[int, str, str]]) -> Iterator[str]:
    """What a person was told, and what may have been done although nobody heard of it."""
    of_kind: Counter[tuple[int, str, str]] = Counter()
    for (user, kind, device), count in events.items():
        # A persistent id begins with the type; "" stands for any, and for none.
        for of_type in {device.partition(".")[0], ""}:
            of_kind[user, kind, of_type] += count
    kinds = (
        ("login", Event.SIGN_IN_COMPLETED, ""),
        ("logout", Event.LOGGED_OUT, ""),
        ("code", Event.DEVICE_ISSUED, "temporary_code"),
        ("card", Event.DEVICE_ISSUED, "security_card"),
        ("active", Event.DEVICE_ACTIVATED, "security_card"),
        ("wrong answer", Event.SIGN_IN_REFUSED, ""),
        ("wrong digits", Event.DEVICE_ACTIVATION_REFUSED, "security_card"),
        ("wrong password", Event.PASSWORD_REFUSED, ""),
    )
    for person in people:
        for step, kind, device in kinds:
            known = of_kind[person.pk, kind.value, device] - person.before[step]
            least, most = person.told[step], person.told[step] + person.unheard[step]
            if not least <= known <= most:
                yield f"{person.username}: {step}: told {least} to {most}, events {known}"


def _pairs(people: list[Person], events: Counter[tuple[int, str, str]]) -> Iterator[str]:
    for person in people:
        yield from (
            f"{person.username}: {pair} served {count} times"
            for pair, count in person.pairs.items()
            if count > 1
        )
    for row in SecurityCard.objects.all():
        kinds = (Event.SIGN_IN_COMPLETED, Event.PROOF_ACCEPTED, Event.DEVICE_ACTIVATED)
        used = sum(events[row.user_id, kind.value, row.persistent_id] for kind in kinds)
        if row.answered != used:
            yield f"card {row.pk}: {row.answered} pairs are used up, {used} events say so"


def _failures(people: list[Person]) -> Iterator[str]:
    for person in people:
        series = Failures.objects.of_factor(person.pk)
        counted = (series.count, series.total) if series else (0, 0)
        if counted != (person.guesses, person.guesses):
            yield f"{person.username}: {person.guesses} guesses, counted {counted}"


def _mails(folder: Path, events: Counter[tuple[int, str, str]]) -> Iterator[str]:
    sent: Counter[tuple[str, str]] = Counter()
    queued: Counter[tuple[int, str]] = Counter()
    for notice in Notice.objects.select_related("user"):
        queued[notice.user_id, notice.kind] += 1
        sent.update((to, notice.context.get("reference", "")) for to in notice.sent_to)
        if notice.sent_at is None or notice.sent_to != notice.user.addresses:
            yield f"notice {notice.pk} ({notice.kind}) was sent to {len(notice.sent_to)}"
    arrived = _arrived(folder)
    if arrived != sent:
        yield f"mails {arrived.total()}, said to be sent {sent.total()}: {(arrived - sent)}"
    yield from _notices(queued, events)
    tasks = Counter(DBTaskResult.objects.values_list("status", flat=True))
    if set(tasks) - {"SUCCESSFUL"}:
        yield f"tasks: {dict(tasks)}"


def _arrived(folder: Path) -> Counter[tuple[str, str]]:
    """The mails that came, by address and reference."""
    arrived: Counter[tuple[str, str]] = Counter()
    for file in folder.glob("*.log"):
        for mail in filter(str.strip, _RULE.split(file.read_text())):
            to, reference = _TO.search(mail), _REFERENCE.search(mail)
            arrived[to[1] if to else "", reference[1] if reference else ""] += 1
    return arrived


def _notices(
    queued: Counter[tuple[int, str]], events: Counter[tuple[int, str, str]]
) -> Iterator[str]:
    """Each has the one event that it tells of, and the one that tells that it was sent."""
    for kind, event, device in _TOLD_BY_MAIL:
        happened: Counter[tuple[int, str]] = Counter()
        for (user, name, persistent_id), count in events.items():
            if name == event and persistent_id.partition(".")[0] == device:
                happened[user, kind] += count
        if happened != Counter({key: n for key, n in queued.items() if key[1] == kind}):
            yield f"{kind}: {happened.total()} events, and not the same notices"
    reported = sum(n for (_user, kind, _d), n in events.items() if kind == Event.NOTICE_SENT)
    if reported != queued.total():
        yield f"{queued.total()} notices, {reported} events that they were sent"


def _chains() -> Iterator[str]:
    said = io.StringIO()
    try:
        call_command("verify_events", stdout=said)
    except CommandError:
        yield from said.getvalue().splitlines()


def _errors(log: Log) -> Iterator[str]:
    for (kind, status), count in sorted(log.statuses.items()):
        if status not in _CALM:
            yield f"{kind}: {count} times {status}"


def _logged(programs: list[Program]) -> Iterator[str]:
    for program in programs:
        for line in program.errors.read_text().splitlines():
            level = _level(line)
            if level in {"ERROR", "CRITICAL"} or "Traceback" in line:
                yield f"{program.name}: {line[:300]}"


def _level(line: str) -> str:
    """Of a line of the portal (JSON) or of gunicorn."""
    try:
        return str(json.loads(line)["level"])
    except (ValueError, KeyError, TypeError):
        return next((word for word in ("ERROR", "CRITICAL") if f"[{word}]" in line), "")
