"""Every mail there is, as it is sent: complete, and without anything that helps a thief."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict
from datetime import timedelta
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from accounts.new_addresses import NewAddress
from accounts.password_reset import PasswordReset
from accounts.unlocking import unlock
from securelogin import keys, notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import Notice, SecurityEvent
from securelogin.passkey import ceremony
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.issuing import Reason
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.securelogin.clock import AUTUMN
from tests.securelogin.lasting import own_device, take_back
from tests.securelogin.passkey.authenticator import Authenticator
from tests.securelogin.passkey.steps import make_passkey, new_challenge

TEMPLATES = Path(django_settings.BASE_DIR) / "templates" / "emails"
# Sent while somebody waits for it, and not by a notice (test_identity_check.py,
# tests/accounts/test_password_reset.py, tests/accounts/test_new_address.py).
AT_ONCE = {"check_number", "reset_number", "new_address_number"}
KINDS = sorted({path.stem for path in TEMPLATES.glob("[!_]*.txt")} - AT_ONCE)
UNRESOLVED = "UNRESOLVED"
PHONE = "+00 000 000 000"


class Story:
    """A client's bad month, in which every notice is due at least once."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock = clock
        self.secrets: list[str] = []

    def run(self, jane: User, sam: User) -> None:
        """Issue, use, remind, lock, unlock, activate, warn, cancel, end."""
        code, digits = factories.make_code(jane)
        self.secrets += [digits, " ".join((digits[:3], digits[3:6], digits[6:]))]
        code.verify_token(digits)
        self.clock.shift(timedelta(hours=44))
        self.jobs()
        for _ in range(10):
            self.clock.shift(timedelta(hours=1))
            code.verify_token("".join(str(9 - int(digit)) for digit in digits))
        self.unlock(jane, sam)
        for _ in range(policy().unanswered_alert + 1):
            SecurityEvent.objects.record(Event.PASSWORD_ACCEPTED, jane, actor=jane)
        self.clock.shift(timedelta(minutes=6))
        self.jobs()
        self.forget_the_password(jane)
        NewAddress.objects.ask(jane, {"email": "jane@new.example"})
        jane.change_contact(phone="+41 44 555 01 01", by=jane)
        self.activate_after_wrong_digits(jane, code)
        self.clock.shift(timedelta(days=20, hours=3))
        self.jobs()
        self.clock.shift(timedelta(days=2))
        self.jobs()
        spare, _digits = factories.make_code(jane)
        spare.end(EndReason.CANCELLED_BY_STAFF, by=sam)
        factories.make_code(jane)
        self.clock.shift(timedelta(days=13))
        self.jobs()
        self.be_away_and_lose(jane)

    def be_away_and_lose(self, jane: User) -> None:
        """Own devices: added, on hold, back, one of them lost, another one copied."""
        phone, key = own_device(jane, "my phone"), own_device(jane)
        self.secrets += [phone.serial, key.serial]
        factories.make_code(jane)
        self.clock.shift(timedelta(hours=1))
        phone.refresh_from_db()
        assert take_back(phone)
        TemporaryCode.objects.issue_on_server(
            jane,
            reason=Reason.LOST,
            ticket="T-8",
            override="test",
            lost=[phone.persistent_id],
        )
        copied, authenticator = make_passkey(jane, Authenticator(count=7))
        authenticator.count = 0
        asked = new_challenge()
        signed = authenticator.sign({"challenge": asked})
        assert not copied.verify_token(ceremony.answer_of(signed, asked))

    @staticmethod
    def unlock(jane: User, sam: User) -> None:
        """On a document; the contact data is on file since long before this month."""
        jane.email_since = jane.phone_since = jane.notify_email_since = AUTUMN - timedelta(days=99)
        jane.save()
        check = factories.make_check(sam, jane)
        unlock(jane, by=sam, reason="Mistyped", ticket="T-7", check=check)

    def activate_after_wrong_digits(self, jane: User, code: Any) -> None:
        """A card cancelled, one waited for, one used nearly up."""
        wrong, answers = factories.make_card(jane, code=code, active=False)
        for _ in range(5):
            wrong.activate("".join(str(9 - int(digit)) for digit in answers[0]))
        card, answers = factories.make_card(jane, code=code, active=False)
        self.secrets += [*answers, card.serial, card.serial.removeprefix("OSC-")]
        self.clock.shift(timedelta(hours=2))
        self.jobs()
        card.activate(answers[0])
        SecurityCard.objects.filter(pk=card.pk).update(answered=107)
        self.jobs()

    def forget_the_password(self, jane: User) -> None:
        """The number from the mailbox was right, and then there is another password."""
        number = keys.seal("482719", django_settings.ANSWER_KEYS)
        reset = PasswordReset.objects.create(
            user=jane,
            auth_hash=jane.get_session_auth_hash(),
            **asdict(number),
        )
        assert reset.compare("482719")
        jane.change_password("quite another lantern")
        self.secrets += ["482719", "482 719", "quite another lantern"]

    @staticmethod
    def jobs() -> None:
        """The timer."""
        call_command("run_jobs", stdout=StringIO())


@pytest.fixture
def story(
    jane: User,
    sam: User,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Iterator[Story]:
    """The month, told with templates that name what they could not fill in."""
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["string_if_invalid"] = f"{UNRESOLVED} %s"
    settings.TEMPLATES = templates
    with time_machine.travel(AUTUMN, tick=False) as clock:
        told = Story(clock)
        with django_capture_on_commit_callbacks(execute=True):
            told.run(jane, sam)
        yield told


def texts(message: mail.EmailMessage) -> tuple[str, str]:
    """Plain text and HTML."""
    sent = cast("mail.EmailMultiAlternatives", message)
    ((html, kind),) = [(str(part[0]), part[1]) for part in sent.alternatives]
    assert kind == "text/html"
    return str(sent.body), html


@pytest.mark.django_db
def test_each_mail_is_complete_and_helps_no_thief(story: Story, jane: User) -> None:
    assert sorted(set(Notice.objects.values_list("kind", flat=True))) == KINDS
    assert not Notice.objects.filter(sent_at=None).exists()
    assert len(mail.outbox) == Notice.objects.count()
    for message in mail.outbox:
        body, html = texts(message)
        subject = str(message.subject)
        assert message.to == [jane.email]
        assert message.from_email == "Example Brokerage Security <security@portal.example>"
        assert subject
        assert "\n" not in subject
        assert PHONE in body
        assert "We will never ask you for a code" in body
        for text in (subject, body, html):
            assert UNRESOLVED not in text
            assert "None" not in text
            assert "{" not in text
            assert jane.username not in text
            assert not re.search(r"https?:|www\.|<a\b|href|<button|<img|@", text)
            assert not [secret for secret in story.secrets if secret in text], subject
        assert len(re.findall(r"\d\d:\d\d", body)) == body.count("(Zurich time)")


@pytest.mark.django_db
def test_text_and_html_say_the_same(story: Story) -> None:
    for message in mail.outbox:
        body, html = texts(message)
        visible = unescape(re.sub(r"<title>.*?</title>|<[^>]+>", " ", html))
        assert visible.split() == body.split()


@pytest.mark.django_db
def test_a_name_with_markup_stays_text(
    jane: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        notices.queue("device_cancelled", jane, title="<b>Card</b>", who="you")
    body, html = texts(mail.outbox[0])
    assert "<b>Card</b>" in body
    assert "&lt;b&gt;Card&lt;/b&gt;" in html
