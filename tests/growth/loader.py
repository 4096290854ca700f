"""A portal that has served for two years, made in bulk: so many clients, with all that they leave.

A few people are made through the product's own methods; the rest are copies of their rows, made by
one statement for each table. What a client has is the same at every size, so that whatever differs
between two sizes follows from the size alone:

- each had a Temporary Code and a card, which ended within the 400 days that such rows are kept,
  one identity check for them, two notices of the last 90 days, and `EVENTS` events;
- of thirty clients one has an active card, eighteen an authenticator app, six a passkey;
- a few of a hundred have an open code, a waiting card, a session, wrong answers, a new or a former
  address, a password reset, an approval.

The rows of the audit trail are not signed: `verify_events` would name each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import FormerAddress, Session, User
from accounts.new_addresses import NewAddress
from accounts.password_reset import PasswordReset
from securelogin import keys
from securelogin.desk.models import Approval, IdentityCheck
from securelogin.events import Event
from securelogin.models import AuditAnchor, Failures, Notice, SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.growth.bulk import GROUP, LONG_AGO, Bulk
from tests.growth.devices import cards, codes, own_devices
from tests.plans import bare, copy

# Of each client. About a tenth of what two years leave (docs/capacity.md): the disk of a
# developer's machine holds a million clients so.
EVENTS = 20
AGENTS = 20
DAYS = 730
# What happens to a client, over and over; each client begins at another place.
KINDS = (
    Event.PASSWORD_ACCEPTED,
    Event.SIGN_IN_COMPLETED,
    Event.LOGGED_OUT,
    Event.PASSWORD_REFUSED,
    Event.PASSWORD_ACCEPTED,
    Event.SIGN_IN_COMPLETED,
    Event.RECORD_OPENED,
    Event.DEVICE_ISSUED,
    Event.NOTICE_SENT,
    Event.PASSWORD_ACCEPTED,
    Event.SIGN_IN_COMPLETED,
    Event.DEVICE_SHOWN,
    Event.DEVICE_ACTIVATED,
    Event.NOTICE_SENT,
    Event.DEVICE_ENDED,
    Event.PASSWORD_ACCEPTED,
    Event.SIGN_IN_REFUSED,
    Event.SIGN_IN_COMPLETED,
    Event.LOGGED_OUT,
    Event.APPROVAL_GIVEN,
)
_BY_STAFF = (Event.RECORD_OPENED, Event.DEVICE_ISSUED, Event.APPROVAL_GIVEN)
# Shares no divisor with a number of clients that is round.
_STRIDE = 7_368_787


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made.

    Attributes:
        clients: how many there are in bulk.
        answers: the right answers of every active card among them.
        first: the primary key of the first of them.
    """

    clients: int
    answers: list[str]
    first: int

    def holder(self, number: int) -> User:
        """The client of this number, from 1, of those who have an active card. Their cards have
        weeks to live, and their histories are alike."""
        step = 2 * GROUP
        middle = self.clients // (2 * step)
        return User.objects.get(pk=self.first - 1 + (middle + number) * step)


def fill(clients: int) -> Filled:
    """Make all rows in an empty, migrated database on PostgreSQL.

    Args:
        clients: a multiple of 1,000.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
    load = Bulk(clients)
    jane = factories.make_user("jane.sample", first_name="Jane", last_name="Sample")
    _people(load, jane)
    answers = cards(load, jane)
    codes(load, jane)
    own_devices(load)
    _events(load, jane)
    _mail(load, jane)
    _sessions(load, jane)
    _desk(load, jane)
    with connection.cursor() as cursor:
        # As a portal's tables are in service, by autovacuum.
        cursor.execute("VACUUM ANALYZE")
    return Filled(clients, answers, load.first)


def _people(load: Bulk, jane: User) -> None:
    agent = factories.make_staff("sam.support")
    with bare(User._meta.db_table):
        copy(agent, AGENTS, username="'agent' || n")
        # Names of the length that names have; a last name is shared as the clients become more.
        first, last = (
            f"substr(md5('{part}' || n % {names}), 1, {length})"
            for part, names, length in (("f", 500, 6), ("l", 30_000, 8))
        )
        name = f"{first} || n"
        address = f"{last} || n || '@mail' || n % 20 || '.example'"
        digits = "lpad((n::bigint * 7654321 % 10000000)::text, 7, '0')"
        words = (first, last, name, address, f"'4144' || {digits}")
        columns = {
            "username": name,
            "first_name": f"initcap({first})",
            "last_name": f"initcap({last})",
            "email": address,
            "phone": f"'+41 44 ' || {digits}",
            "search_text": "' ' || " + " || ' ' || ".join(words) + " || ' '",
        }
        copy(jane, load.clients, **columns)
    load.first = User.objects.latest("pk").pk - load.clients + 1
    load.first_agent = User.objects.get(username="agent1").pk


def _events(load: Bulk, jane: User) -> None:
    """Spread over two years, as the row numbers go: the events of a client lie far apart."""
    event = SecurityEvent.objects.filter(user=jane).earliest("pk")
    number = f"(n::bigint * {_STRIDE}) % {load.clients}"
    client = load.client(f"1 + {number}")
    place = f"(n - 1) / {load.clients} + 1"
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    kind = f"(ARRAY[{kinds}])[1 + ({place} + {number}) % {len(KINDS)}]"
    by_staff = ", ".join(f"'{kind}'" for kind in _BY_STAFF)
    rows = load.clients * EVENTS
    columns = {
        "user_id": client,
        "actor_id": f"CASE WHEN {kind} IN ({by_staff}) "
        f"THEN {load.first_agent} + n % {AGENTS} ELSE {client} END",
        "reference": "chr(65 + n % 18) || n / 18 % 10 || '-' "
        "|| lpad((n / 180 % 10000)::text, 4, '0')",
        "at": f"now() - ({rows} - n) * (interval '{DAYS} days' / {rows})",
        "kind": kind,
        "device": f"'security_card.securitycard/' || {client}",
        "title": "'Online Security Code Card ending 4F2A'",
        "network": "'203.0.' || n % 250 || '.0/24'",
        "browser": "'Firefox'",
        "request_id": "md5(n::text)",
        "chain": f"'client-' || {client}",
        "sequence": place,
        "digest": "decode(md5(n::text) || md5('d' || n), 'hex')",
    }
    copy(event, rows, **columns)
    anchor = AuditAnchor.objects.create(
        day=timezone.now().date() - timedelta(days=DAYS + 1), events=0, until=0, digest=b"0" * 32
    )
    copy(anchor, DAYS, day=f"current_date - ({DAYS} + 1 - n)", until=f"n::bigint * {rows} / {DAYS}")


def _mail(load: Bulk, jane: User) -> None:
    notice = Notice.objects.filter(user=jane).earliest("pk")
    kept = "now() - interval '1 hour' - (n::bigint * 7919) % 89 * interval '1 day'"
    sent = dict.fromkeys(("created_at", "sent_at", "next_try_at"), kept)
    with bare(Notice._meta.db_table):
        for _ in range(2):
            load.some(notice, 1, **sent)
        # The reminders of the cards in force are out: a job has nothing to do.
        own = f"(SELECT id FROM {SecurityCard._meta.db_table} WHERE public_id = '1-' || n)"
        for days in (5, 1):
            key = f"'security_card.securitycard/' || {own} || ':ending:{days}'"
            load.some(notice, GROUP, 0, **sent, key=key)
    task = DBTaskResult.objects.create(
        status="SUCCESSFUL",
        args_kwargs={"args": [1], "kwargs": {}},
        task_path="securelogin.notices.deliver",
        backend_name="default",
        run_after=timezone.now(),
        finished_at=timezone.now(),
        exception_class_path="",
        traceback="",
    )
    done = "now() - n % 24 * interval '1 hour'"
    columns = {"id": "gen_random_uuid()", "finished_at": done, "enqueued_at": done}
    copy(task, load.clients * 3 // 10, **columns)
    FormerAddress.objects.create(user=jane, address="old@mail.example", left_at=timezone.now())
    load.some(FormerAddress.objects.get(), 50, 9, left_at="now() - n % 13 * interval '1 day'")


def _sessions(load: Bulk, jane: User) -> None:
    """Also what is about to be over soon: wrong answers, new addresses, password resets."""
    browser = Client()
    browser.post("/login/", {"username": jane.username, "password": factories.PASSWORD})
    session = Session.objects.get()
    ends = "now() + (1 + n % 14) * interval '1 minute'"
    key = "substr(md5('{}' || n), 1, 32)"
    load.some(session, 50, 9, session_key=key.format("s"), expire_date=ends)
    rows = load.clients // 200
    copy(session, rows, session_key=key.format("p"), expire_date=ends, user_id="NULL")
    failed = "now() - (1 + n % 20) * interval '1 hour'"
    series = Failures.objects.create(key="factor:0", count=2, total=2, last_failed_at=None)
    rows, client = load.every(50, 9)
    copy(series, rows, key=f"'factor:' || ({client})", last_failed_at=failed)
    name = "'password:' || md5(n::text) || ':203.0.113.0/24'"
    copy(series, rows, key=name, last_failed_at=failed)
    series.delete()
    sealed: dict[str, Any] = {"salt": b"s" * 16, "digest": b"d" * 32}
    sealed |= {"key_id": "test-a", "hash_cost": keys.cost_in_use()}
    wanted = NewAddress.objects.create(user=jane, which="email", address="n@mail.example", **sealed)
    load.some(wanted, 500, 9, asked_at=failed)
    reset = PasswordReset.objects.create(user=jane, auth_hash="0" * 64, **sealed)
    load.some(reset, 500, 9, started_at=failed)


def _desk(load: Bulk, jane: User) -> None:
    """An identity check for each code, and approvals for one of twenty."""
    agent = User.objects.get(username="sam.support")
    check = IdentityCheck.objects.create(agent=agent, client=jane, closed_at=timezone.now())
    columns = {
        "client_id": load.client("n"),
        "agent_id": f"{load.first_agent} + n % {AGENTS}",
        "started_at": LONG_AGO,
        "closed_at": LONG_AGO,
    }
    copy(check, load.clients, **columns)
    decided = {"asked_at": LONG_AGO, "expires_at": LONG_AGO, "decided_at": LONG_AGO}
    approval = Approval.objects.create(
        action="issue",
        client=jane,
        requester=agent,
        decided_by=agent,
        asked_at=timezone.now(),
        expires_at=timezone.now(),
        request_id="00000000-0000-0000-0000-000000000000",
        risks=[],
        permissions=[],
        details={},
    )
    rows, client = load.every(20, 9)
    copy(
        approval,
        rows,
        client_id=client,
        requester_id=columns["agent_id"],
        request_id="gen_random_uuid()",
        **decided,
    )
