"""A passkey at the second step: right, wrong in every way, and what the desk hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from securelogin.desk.timeline import timeline_rows
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.models import SecurityEvent
from securelogin.passkey import ceremony
from securelogin.passkey.forms import PasskeyForm
from securelogin.passkey.models import Passkey
from securelogin.verdict import Verdict
from tests.securelogin.contract import is_inside
from tests.securelogin.passkey.authenticator import Authenticator, Json, in_bytes, text
from tests.securelogin.passkey.steps import (
    VERIFY,
    after_password,
    make_passkey,
    new_challenge,
    prove,
    question_on,
)

pytestmark = pytest.mark.django_db
WRONG = "Your passkey could not be confirmed. Try again, or use another way."
LATE = "This page was out of date"


def test_what_is_asked(jane: User) -> None:
    first, _authenticator = make_passkey(jane)
    second, _authenticator = make_passkey(jane)
    page = after_password(jane).get(f"{VERIFY}?device=passkey-{first.pk}")
    question = question_on(page)
    asked = question["publicKey"]
    assert asked["userVerification"] == "preferred"
    assert asked["rpId"] == "testserver"
    names = {first.credential.name, second.credential.name}
    assert {one["id"] for one in asked["allowCredentials"]} == names
    assert question["choices"] == {second.credential.name: f"passkey-{second.pk}"}
    assert "nothing to type" in page.content.decode().lower()


@pytest.mark.parametrize("verifies", [True, False])
def test_it_logs_in_and_the_desk_reads_whether_the_person_was_verified(
    jane: User, verifies: bool
) -> None:
    """N-18: user verification is asked for, not demanded: the password is the other factor."""
    passkey, authenticator = make_passkey(jane, Authenticator(verifies=not verifies))
    authenticator.verifies = verifies
    authenticator.may_sync = authenticator.synced = True
    client = after_password(jane)
    assert prove(client, authenticator).status_code == 302
    assert is_inside(client)
    passkey.refresh_from_db()
    assert (passkey.verified_when_added, passkey.verified_last) == (not verifies, verifies)
    assert passkey.synced
    event = SecurityEvent.objects.get(kind=Event.SIGN_IN_COMPLETED)
    assert event.detail == {"verified": "yes" if verifies else "no"}
    [row] = timeline_rows([event], jane)
    words = "person verified by" if verifies else "person not verified"
    assert words in row.what
    assert words[:15] in passkey.desk_note


def test_a_passkey_without_a_password_is_worth_nothing(jane: User) -> None:
    _passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(VERIFY))["publicKey"]
    client.post("/login/start-over/")
    answered = client.post(VERIFY, {"passkey": authenticator.sign(asked)})
    assert answered["Location"] == "/login/"


def other_key(real: Authenticator) -> Authenticator:
    """Says that it is the real one."""
    return Authenticator(credential_id=real.credential_id, handle=real.handle)


def changed(**said: Any) -> Callable[[Authenticator], Authenticator]:
    """The real one, saying something else."""

    def change(real: Authenticator) -> Authenticator:
        for name, value in said.items():
            setattr(real, name, value)
        return real

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed(origin="https://testserver.phish.example"),
        changed(origin="http://testserver:8000"),
        changed(origin="https://testserver"),
        changed(rp_id="phish.example"),
        changed(embedded=True),
        changed(present=False),
        changed(handle=b"somebody else"),
        changed(credential_id=b"another"),
        changed(synced=True),
        other_key,
    ],
    ids=[
        "site",
        "port",
        "scheme",
        "made for another site",
        "embedded",
        "untouched",
        "another person",
        "another passkey",
        "impossible flags",
        "another key",
    ],
)
def test_whatever_is_wrong_is_refused_in_one_sentence_and_counted(
    jane: User, change: Callable[[Authenticator], Authenticator]
) -> None:
    passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    refused = prove(client, change(authenticator))
    assert refused.status_code == 422
    assert WRONG in refused.content.decode()
    assert not is_inside(client)
    assert passkey.attempts_left == 9
    passkey.refresh_from_db()
    assert (passkey.sign_count, passkey.last_challenge) == (0, "")


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
def test_an_answer_that_was_changed_on_its_way_is_refused(jane: User, part: str) -> None:
    make_passkey(jane)
    _passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(f"{VERIFY}"))["publicKey"]
    right = json.loads(authenticator.sign(asked))
    other = json.loads(authenticator.sign(asked | {"timeout": 1}))
    right["response"][part] = {
        "signature": other["response"]["signature"],
        "authenticatorData": other["response"]["authenticatorData"],
        "clientDataJSON": text(
            json.dumps(
                {
                    "type": "webauthn.get",
                    "challenge": asked["challenge"],
                    "origin": "http://testserver",
                }
            ).encode()
        ),
    }[part]
    refused = client.post(f"{VERIFY}?device=passkey-{_passkey.pk}", {"passkey": json.dumps(right)})
    assert refused.status_code == 422
    assert WRONG in refused.content.decode()


def test_the_passkey_of_another_client_opens_nothing(jane: User, mallory: User) -> None:
    make_passkey(jane)
    theirs, authenticator = make_passkey(mallory)
    client = after_password(jane)
    for address in (VERIFY, f"{VERIFY}?device=passkey-{theirs.pk}"):
        refused = prove(client, authenticator, address)
        assert refused.status_code == 422
        assert not is_inside(client)
    theirs.refresh_from_db()
    assert theirs.last_used_at is None


def test_a_removed_one_opens_nothing(jane: User) -> None:
    removed, authenticator = make_passkey(jane)
    kept, _other = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(f"{VERIFY}?device=passkey-{removed.pk}"))["publicKey"]
    removed.end(EndReason.CANCELLED_BY_CLIENT, by=jane)
    refused = client.post(
        f"{VERIFY}?device=passkey-{removed.pk}", {"passkey": authenticator.sign(asked)}
    )
    assert refused.status_code == 422
    assert WRONG in refused.content.decode()
    names = [one["id"] for one in question_on(refused)["publicKey"]["allowCredentials"]]
    assert names == [kept.credential.name]
    removed.refresh_from_db()
    assert (bytes(removed.credential_id), bytes(removed.public_key)) == (b"", b"")


def test_the_person_may_take_another_passkey_than_the_page_is_about(jane: User) -> None:
    """The script sends the form to the device whose passkey was chosen."""
    first, _other = make_passkey(jane)
    second, authenticator = make_passkey(jane)
    client = after_password(jane)
    question = question_on(client.get(f"{VERIFY}?device=passkey-{first.pk}"))
    choice = question["choices"][second.credential.name]
    signed = authenticator.sign(question["publicKey"])
    assert client.post(f"{VERIFY}?device={choice}", {"passkey": signed}).status_code == 302
    assert is_inside(client)


# The challenge ----------------------------------------------------------------------------------


def test_an_answer_serves_once_in_whatever_browser(jane: User) -> None:
    passkey, authenticator = make_passkey(jane, Authenticator(counts=False))
    client = after_password(jane)
    asked = question_on(client.get(VERIFY))["publicKey"]
    signed = authenticator.sign(asked)
    assert client.post(VERIFY, {"passkey": signed}).status_code == 302
    again = after_password(jane)
    again.get(VERIFY)
    refused = again.post(VERIFY, {"passkey": signed})
    assert refused.status_code == 422
    assert LATE in refused.content.decode()
    assert passkey.attempts_left == 10


def test_an_answer_that_served_is_refused_by_the_device_itself(jane: User) -> None:
    """Whatever the sessions say: two requests may read one before either has written it."""
    passkey, authenticator = make_passkey(jane, Authenticator(counts=False))
    asked = new_challenge()
    answer = ceremony.answer_of(authenticator.sign({"challenge": asked}), asked)
    assert passkey.verify_token(answer)
    assert not passkey.verify_token(answer)
    assert passkey.verdict is Verdict.REPLAYED
    event = SecurityEvent.objects.get(kind=Event.SIGN_IN_REFUSED)
    assert event.detail == {"failures": 1, "verdict": "replayed"}


def test_a_wrong_answer_uses_the_question_up(jane: User) -> None:
    _passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        asked = question_on(client.get(VERIFY))["publicKey"]
        refused = client.post(VERIFY, {"passkey": other_key(authenticator).sign(asked)})
        assert question_on(refused)["publicKey"]["challenge"] != asked["challenge"]
        clock.shift(timedelta(seconds=2))
        late = client.post(VERIFY, {"passkey": authenticator.sign(asked)})
        assert LATE in late.content.decode()
        signed = authenticator.sign(question_on(late)["publicKey"])
        assert client.post(VERIFY, {"passkey": signed}).status_code == 302


def test_each_tab_may_answer_for_five_minutes(jane: User) -> None:
    _passkey, authenticator = make_passkey(jane)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = after_password(jane)
        first = question_on(client.get(VERIFY))["publicKey"]
        clock.shift(timedelta(minutes=4, seconds=59))
        assert question_on(client.get(VERIFY))["publicKey"] != first
        assert client.post(VERIFY, {"passkey": authenticator.sign(first)}).status_code == 302


@pytest.mark.parametrize("seconds", [300, -120])
def test_a_question_of_another_time_is_none(jane: User, seconds: int) -> None:
    _passkey, authenticator = make_passkey(jane)
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        client = after_password(jane)
        clock.move_to(now - timedelta(seconds=seconds))
        form = PasskeyForm(_passkey, {}, session=client.session)
        asked = json.loads(form.context()["passkey_question"])["publicKey"]
        clock.move_to(now)
        late = client.post(VERIFY, {"passkey": authenticator.sign(asked)})
    assert LATE in late.content.decode()


def test_a_question_that_was_made_up_is_none(jane: User) -> None:
    passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(VERIFY))["publicKey"]["challenge"]
    for made_up in (new_challenge(), asked[:-4] + "AAAA", "", asked[:-8]):
        late = client.post(VERIFY, {"passkey": authenticator.sign({"challenge": made_up})})
        assert LATE in late.content.decode(), made_up
    assert passkey.attempts_left == 10


def test_a_question_has_256_random_bits(jane: User) -> None:
    make_passkey(jane)
    client = after_password(jane)
    asked = [question_on(client.get(VERIFY))["publicKey"]["challenge"] for _ in range(3)]
    assert len({in_bytes(one)[:32] for one in asked}) == 3


@pytest.mark.parametrize(
    "sent",
    ["x", "{}", "null", '{"id": "AA"}', "[" * 9_000, "\u0000", "x" * 12_001],
    ids=lambda sent: sent[:12],
)
def test_what_no_browser_sends_is_unreadable_and_counts_nothing(jane: User, sent: str) -> None:
    passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(VERIFY))["publicKey"]
    refused = client.post(VERIFY, {"passkey": sent})
    assert refused.status_code == 422
    assert "answer could not be read. Try again." in refused.content.decode()
    assert passkey.attempts_left == 10
    # That was no answer: the question is still open.
    assert client.post(VERIFY, {"passkey": authenticator.sign(asked)}).status_code == 302


BROKEN: list[Json] = [
    {"clientDataJSON": "!!!!"},
    {"clientDataJSON": text(b"[" * 9000)},
    {"clientDataJSON": text(b'{"type": 1, "challenge": 2, "origin": 3}')},
    {"userHandle": "A"},
    {"userHandle": 7},
    {"signature": None},
]


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_a_broken_part_is_unreadable(jane: User, broken: Json) -> None:
    _passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(VERIFY))["publicKey"]
    refused = client.post(VERIFY, {"passkey": authenticator.sign(asked, **broken)})
    assert refused.status_code == 422
    assert "answer could not be read. Try again." in refused.content.decode()


@pytest.mark.parametrize(
    "data", ["", "AAAA", text(bytes(37)), text(bytes(32) + b"\xc1" + bytes(4))]
)
def test_broken_data_of_the_authenticator_is_wrong(jane: User, data: str) -> None:
    _passkey, authenticator = make_passkey(jane)
    client = after_password(jane)
    asked = question_on(client.get(VERIFY))["publicKey"]
    signed = authenticator.sign(asked, authenticatorData=data)
    assert WRONG in client.post(VERIFY, {"passkey": signed}).content.decode()


def test_without_a_script_nothing_is_counted_and_other_ways_remain(jane: User) -> None:
    passkey, _authenticator = make_passkey(jane)
    other, _authenticator = make_passkey(jane, name="Key on the ring")
    client = after_password(jane)
    page = client.get(f"{VERIFY}?device=passkey-{passkey.pk}").content.decode()
    assert "A passkey needs JavaScript" in page
    refused = client.post(f"{VERIFY}?device=passkey-{passkey.pk}", {"passkey": ""})
    shown = refused.content.decode()
    assert refused.status_code == 422
    assert "JavaScript" in shown
    assert f'href="?device=passkey-{other.pk}"' in shown
    assert "I do not have my passkey" in shown
    assert passkey.attempts_left == 10


def test_it_answers_again_at_the_next_login(jane: User) -> None:
    _passkey, authenticator = make_passkey(jane)
    for turn in range(3):
        client = after_password(jane)
        assert prove(client, authenticator).status_code == 302, turn
    assert Passkey.objects.get().sign_count == 3
