"""The outbox and the jobs, run by many at the same moment: each mail once, each end once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command

from securelogin import notices
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.models import Notice, SecurityEvent
from tests import factories
from tests.races import THREADS

pytestmark = pytest.mark.usefixtures("postgres")
AtOnce = Callable[..., list[Any]]


def test_a_mail_is_sent_once(at_once: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    jane = factories.make_user("jane.sample")
    monkeypatch.setattr(notices, "_hand_over", lambda _notice_id: None)
    factories.make_code(jane)
    notice = Notice.objects.get()
    sent = at_once(lambda _n: notices.deliver.call(notice.pk))
    assert sorted(sent) == [False] * (THREADS - 1) + [True]
    assert len(mail.outbox) == 1
    assert SecurityEvent.objects.filter(kind=Event.NOTICE_SENT).count() == 1


def test_a_mail_is_given_up_once(at_once: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    jane = factories.make_user("jane.sample")
    monkeypatch.setattr(notices, "_hand_over", lambda _notice_id: None)
    factories.make_code(jane)
    Notice.objects.update(attempts=policy().notice_attempts - 1)
    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", lambda *_: 1 / 0)
    notice = Notice.objects.get()
    assert not any(at_once(lambda _n: notices.deliver.call(notice.pk)))
    assert SecurityEvent.objects.filter(kind=Event.NOTICE_GIVEN_UP).count() == 1


def test_jobs_that_run_at_once_end_and_remind_once(at_once: AtOnce) -> None:
    jane, other = factories.make_user("jane.sample"), factories.make_user("mallory.muster")
    code, _digits = factories.make_code(jane)
    card, _answers = factories.make_card(other)
    factories.shift(code, -timedelta(days=12))
    factories.shift(card, -timedelta(days=20, hours=1))
    at_once(lambda _n: call_command("run_jobs", stdout=StringIO()), 8)
    ended = SecurityEvent.objects.filter(kind=Event.DEVICE_ENDED, device=code.persistent_id)
    assert ended.count() == 1
    for kind in ("code_ended", "card_ending"):
        assert Notice.objects.filter(kind=kind).count() == 1
    subjects = [message.subject for message in mail.outbox]
    assert len(subjects) == Notice.objects.count()
