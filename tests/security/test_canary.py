"""The whole flow with known secrets, then a search for them in everything that it left behind."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.models import Failures, SecurityEvent
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.security.cast import CARD, LIST, Persona, routes
from tests.security.desk_walk import Desk
from tests.security.traces import all_logs, database, files_written, written
from tests.security.walk import Run, card, lock_out, sign_in

PHONE = "+00 731 562 904"


@pytest.fixture
def run(jane: User, sam: User) -> Iterator[Run]:
    """Everything that a client, the desk and the jobs can do."""
    run = Run()
    jane.phone = PHONE
    jane.save()
    run.secrets.add_contact(jane.email, phone=PHONE)
    with ExitStack() as stack:
        moment = datetime(2026, 3, 2, 9, tzinfo=UTC)
        run.clock = stack.enter_context(time_machine.travel(moment, tick=False))
        run.logs = stack.enter_context(all_logs())
        run.files = stack.enter_context(files_written())
        agent = Desk(run, sam)
        chief = Desk(run, factories.make_staff("chief.sample", Role.SUPERVISOR))
        run.staff = [agent.browser, chief.browser]
        sign_in(run, jane, agent.issue(jane), "temporary_code")
        answers = card(run, "card.pdf", "download.png", "image.png?layout=tall")
        run.jane.post("/logout/")
        sign_in(run, jane, answers[1], "card_values")
        card(run)  # in place of the first
        pk = SecurityCard.objects.latest("pk").pk
        run.jane.get(f"{LIST}cancel/security-card/{pk}/")
        run.jane.post(f"{LIST}cancel/security-card/{pk}/")
        agent.identify(jane, wrong_first=True)
        for decision in ("refuse", "approve"):
            agent.ask(jane)
            chief.decide(jane, decision)
            agent.look_at(jane)
        agent.carry_out(jane)
        digits = agent.make_anew(jane)
        agent.confirm_read_back(jane)
        sign_in(run, jane, digits, "temporary_code")
        path = run.jane.post(CARD)["Location"]
        row = SecurityCard.objects.latest("pk")
        run.learn_card(row)
        for _ in range(5):
            run.jane.post(f"{path}activate/", {"card_values": "000000"})
        lock_out(run, jane)
        agent.enter()
        chief.enter()
        agent.unlock(jane)
        assert not Failures.objects.of_factor(jane.pk)
        run.said.append(database())
        for desk in (agent, chief):
            who = Persona("staff", desk.browser, desk.user, jane, row)
            for route in routes(who):
                if route.of_admin:
                    desk.browser.get(route.path)
        agent.revoke(jane)
        chief.look_back()
        run.later(days=14)
        call_command("run_jobs", stdout=(out := io.StringIO()))
        run.said.append(out.getvalue())
        yield run


@pytest.mark.django_db
def test_no_secret_is_found_anywhere(run: Run) -> None:
    secrets = run.secrets
    assert len(secrets.words) > 300
    assert len(run.jane.pages) > 40
    assert all(len(browser.pages) > 30 for browser in run.staff)
    assert len(run.logs) > 20
    assert len(mail.outbox) > 10
    for message in mail.outbox:
        # What the caller reads back is sent in a mail of its own.
        found = secrets.found_in(written(message))
        assert bool(found) == (message.subject == "Your check number"), (message.subject, found)
    at_the_desk = [page for browser in run.staff for page in browser.pages]
    for where, page in run.jane.pages + at_the_desk:
        found = secrets.found_in(page)
        if (where, page) in at_the_desk:
            found += secrets.contact_in(page)
        assert bool(found) == (page in run.shown_in), (where, found)
    for browser in (run.jane, *run.staff):
        for line in browser.seen:
            assert secrets.found_in(line) + secrets.contact_in(line) == [], line[:300]
    for line in run.logs:
        assert secrets.found_in(line) == [], line[:300]
    shipped = [json.dumps(event.log_fields()) for event in SecurityEvent.objects.all()]
    assert len(shipped) > 50
    for line in shipped:
        assert secrets.found_in(line) + secrets.contact_in(line) == [], line
    # The locks of `securelogin.security_card.places`, which stay empty.
    for file in map(Path, run.files):
        assert (file.parent, file.stat().st_size) == (Path(settings.RUNTIME_DIR), 0)
    for text in (*run.said, database()):
        assert secrets.found_in(text, hashes=False) == []
    assert list(getattr(cache, "_cache", {})) == []
    assert not LogEntry.objects.exists()
