"""Every page of the desk, link by link and address by address, as each role: no secret on it."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
import time_machine
from django.contrib.admin.models import LogEntry

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories
from tests.securelogin.clock import Clock
from tests.security.canaries import Canaries
from tests.security.cast import CARD, Persona, routes
from tests.security.desk_table import ROLES
from tests.security.desk_walk import Desk
from tests.security.test_roles import person
from tests.security.traces import Recorder
from tests.security.walk import Run, card, lock_out, sign_in

PHONE = "+00 731 562 904"
# What the desk must not offer at all, beside what the resolver knows.
ABSENT = (
    "accounts/user/{client}/history/",
    "accounts/user/{client}/password/",
    "accounts/user/{client}/delete/",
    "security_card/securitycard/",
    "security_card/securitycard/{card}/change/",
    "security_card/securitycard/{card}/history/",
    "temporary_code/temporarycode/",
    "temporary_code/temporarycode/{code}/change/",
    "temporary_code/temporarycode/{code}/history/",
    "securelogin/securityevent/1/change/",
    "securelogin/securityevent/1/history/",
    "desk/identitycheck/",
    "admin/logentry/",
    "accounts/session/",
)
MOST_PAGES = 300
# So often is one page opened with other filters.
FILTERED = 10
_LINK = re.compile(r'(?:href|src|action|data-[a-z-]+)="([^"]+)"')


class Story:
    """A client with an old card, a new one that waits, an open request, an open call, a lock."""

    def __init__(self, clock: Clock, jane: User, sam: User) -> None:
        self.run = Run()
        self.secrets.add_contact(jane.email, phone=PHONE)
        self.run.clock = clock
        agent = Desk(self.run, sam)
        chief = Desk(self.run, person("other.chief", "Supervisor"))
        sign_in(self.run, jane, agent.issue(jane), "temporary_code")
        card(self.run)
        path = self.run.jane.post(CARD)["Location"]
        self.waiting = SecurityCard.objects.latest("pk")
        self.run.learn_card(self.waiting)
        assert self.run.jane.get(path).status_code == 200
        lock_out(self.run, jane)
        agent.enter()
        agent.identify(jane, wrong_first=True)
        agent.ask(jane)
        chief.enter()
        chief.decide(jane, "approve")
        agent.carry_out(jane)
        agent.identify(jane)
        agent.ask(jane)
        self.subject = Persona("subject", agent.browser, jane, jane, self.waiting)

    @property
    def secrets(self) -> Canaries:
        """All that must not be found."""
        return self.run.secrets


@pytest.fixture
def story(jane: User, sam: User, caplog: pytest.LogCaptureFixture) -> Iterator[Story]:
    """Told, and the clock stands still at its end."""
    caplog.set_level(logging.CRITICAL, logger="django")
    jane.phone = PHONE
    jane.save()
    with time_machine.travel(datetime(2026, 3, 2, 9, tzinfo=UTC), tick=False) as clock:
        yield Story(clock, jane, sam)


def links(page: str, text: str) -> Iterator[str]:
    """Where a page of the desk leads to within the desk."""
    for found in _LINK.findall(text):
        path = urljoin(page, found.replace("&amp;", "&")).partition("#")[0]
        if path.startswith("/admin/"):
            yield path


def shape(path: str) -> str:
    """A page without the values of its filters: ``/admin/x/?client=&group=``."""
    return re.sub(r"=[^&]*", "=", path)


def crawl(browser: Recorder, known: list[str]) -> int:
    """Open every page that there is; returns how many kinds of them answered."""
    seen, waiting, answered = set(known), sorted(known), set()
    filtered: Counter[str] = Counter()
    while waiting:
        path = waiting.pop()
        filtered[shape(path)] += 1
        if filtered[shape(path)] > FILTERED:
            continue
        response = browser.get(path)
        if response.status_code == 200:
            answered.add(shape(path))
        if response.get("Content-Type", "").startswith("text/html"):
            new = set(links(path, response.content.decode())) - seen
            seen |= new
            waiting += sorted(new)
        assert len(seen) < MOST_PAGES, sorted(seen)
    return len(answered)


@pytest.mark.django_db
def test_no_page_of_the_desk_tells_any_role_a_secret(story: Story, jane: User) -> None:
    found = []
    rows = {
        "client": jane.pk,
        "card": story.waiting.pk,
        "code": jane.temporarycodes.latest("pk").pk,
    }
    known = [route.path for route in routes(story.subject) if route.of_admin]
    queries = [f"accounts/user/?q={jane.username}", f"securelogin/securityevent/?client={jane.pk}"]
    known += [f"/admin/{query}" for query in queries]
    answers = {}
    for role in ROLES[1:]:
        browser = Recorder()
        me = person(f"me.{role.lower()}", role)
        _code, digits = factories.make_code(me)
        assert factories.sign_in(browser, me, digits).status_code == 302
        answers[role] = crawl(browser, known)
        for path in (f"/admin/{page.format(**rows)}" for page in ABSENT):
            assert browser.get(path).status_code == 404, path
        for where, page in [*browser.pages, *(("headers", line) for line in browser.seen)]:
            secrets = story.secrets.found_in(page) + story.secrets.contact_in(page)
            if secrets:
                found.append((role, where, secrets))
    assert found == []
    # Every right opens more of it; without a role there is the start page, and little else.
    assert answers["Staff"] < 5 < answers["Agent"] < answers["Senior"]
    assert answers["Senior"] < answers["Supervisor"] <= answers["Superuser"]
    assert answers["Staff"] < 5 < answers["Auditor"] < answers["Superuser"]
    assert not LogEntry.objects.exists()


def test_the_crawl_would_see_one() -> None:
    secrets = Canaries()
    secrets.add_contact("jane@mail.example", phone=PHONE)
    secrets.add_check("402517", b"hash-of-a-number")
    secrets.add_code("482719036", b"hash-of-a-code")
    read_out = "<b>482</b> <b>719</b> <b>036</b>"
    for text in ("482719036", read_out, "402517", b"hash-of-a-code".hex()):
        assert secrets.found_in(text), text
    for text in ("JANE@mail.example", "+00 731 562 904", "00731562904", "+00-731-562-904"):
        assert secrets.contact_in(text), text
    assert secrets.contact_in("••• 904, j•••@m•••.example") == []
