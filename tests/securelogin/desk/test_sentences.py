"""How events read at the desk: in words, for every kind, and never with a stored value raw."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securelogin.desk import rules
from securelogin.desk.rules import Risk
from securelogin.desk.sentences import Group, group_of, kinds_of, needs_look, plain, sentence
from securelogin.desk.timeline import words_of
from securelogin.events import Event
from securelogin.lifecycle import EndReason
from securelogin.policy import Policy
from securelogin.temporary_code.issuing import Refusal

WORDS = words_of(None)
CARD = "Online Security Code Card ending 49QF"
CODE = "Temporary Code"
# Everything that is stored and means something to a program alone.
STORED = {value for topic in WORDS.values() for value in topic if "_" in value}


def said(kind: Event, title: str = "", **detail: object) -> str:
    """The sentence, with every word there is and the numbers of the policy as it comes."""
    return sentence(kind, title, detail, words=WORDS, numbers=Policy())


@pytest.mark.parametrize("kind", Event)
def test_every_kind_of_event_has_words_and_a_group(kind: Event) -> None:
    text = said(kind, CARD)
    assert text[0].isupper()
    assert "{" not in text
    assert kind.value not in text
    assert kind in kinds_of(group_of(kind))


def test_each_kind_is_in_one_group() -> None:
    assert sorted(kind for group in Group for kind in kinds_of(group)) == sorted(Event)


@pytest.mark.parametrize(
    ("words", "kind", "title", "detail"),
    [
        (
            "Temporary Code issued, reason A (away from device), ticket 88121, called back on the "
            "number on file, approved by sue.supervisor, note: on holiday",
            Event.DEVICE_ISSUED,
            CODE,
            {
                "reason": "A",
                "ticket": "88121",
                "evidence": "call_back",
                "approved_by": "sue.supervisor",
                "note": "on holiday",
            },
        ),
        (
            "Temporary Code issued, reason B (lost device), in place of one that was not "
            "understood, ticket 7",
            Event.DEVICE_ISSUED,
            CODE,
            {"ticket": "7", "instead_of": "not understood", "reason": "B"},
        ),
        (
            "Temporary Code issued, against policy (last code not followed by a card or a "
            "device), because: first agent",
            Event.DEVICE_ISSUED,
            CODE,
            {"policy": "not_followed", "override": "first agent"},
        ),
        (f"{CARD} issued", Event.DEVICE_ISSUED, CARD, {}),
        (f"{CARD} shown", Event.DEVICE_SHOWN, CARD, {}),
        (f"{CARD} shown, as text", Event.DEVICE_SHOWN, CARD, {"how": "text"}),
        (
            "Not allowed to use a page of the desk",
            Event.ACTION_REFUSED,
            "",
            {"action": "desk_page"},
        ),
        (f"{CARD} kept: PDF", Event.DEVICE_KEPT, CARD, {"how": "pdf"}),
        (f"{CARD} ended: replaced", Event.DEVICE_ENDED, CARD, {"reason": "replaced"}),
        (
            f"{CARD} ended: cancelled by Client Services, note: asked for",
            Event.DEVICE_ENDED,
            CARD,
            {"reason": "cancelled_by_staff", "note": "asked for"},
        ),
        (f"{CARD} ended: on time", Event.DEVICE_ENDED, CARD, {"reason": "expired"}),
        (
            f"{CARD}: wrong digits at activation (2 of 5)",
            Event.DEVICE_ACTIVATION_REFUSED,
            CARD,
            {"failures": 2},
        ),
        (
            f"Wrong answer at login with {CARD} (10 of 10)",
            Event.SIGN_IN_REFUSED,
            CARD,
            {"failures": 10},
        ),
        (
            f"Answer at login with {CARD} refused, login locked",
            Event.SIGN_IN_REFUSED,
            CARD,
            {"verdict": "locked"},
        ),
        (
            f"Confirming again with {CARD} refused, used up or over",
            Event.PROOF_REFUSED,
            CARD,
            {"verdict": "ended"},
        ),
        ("Wrong password (1 of 5)", Event.PASSWORD_REFUSED, "", {"failures": 1}),
        (
            "Approval asked to issue a Temporary Code: contact data changed lately; login locked, "
            "ticket 88121",
            Event.APPROVAL_ASKED,
            "",
            {"action": "issue", "risks": "contact_changed, locked", "ticket": "88121"},
        ),
        (
            "Approval refused to unlock the login, asked by sam.support, reason: a second call",
            Event.APPROVAL_REFUSED,
            "",
            {"action": "unlock", "asked_by": "sam.support", "reason": "a second call"},
        ),
        (
            "Document seen: passport, on video",
            Event.DOCUMENT_SEEN,
            "",
            {"document": "passport", "seen": "on_video"},
        ),
        (
            "E-mail sent: A Temporary Code was issued for your login, about K2-6133",
            Event.NOTICE_SENT,
            "",
            {"subject": "A Temporary Code was issued for your login", "about": "K2-6133"},
        ),
    ],
)
def test_an_event_reads_like_this(
    words: str, kind: Event, title: str, detail: dict[str, object]
) -> None:
    assert said(kind, title, **detail) == words


def test_tries_beyond_those_of_todays_policy_are_told_without_them() -> None:
    assert said(Event.PASSWORD_REFUSED, failures=7) == "Wrong password (7)"


def test_a_key_or_value_without_words_is_left_out() -> None:
    assert said(Event.DEVICE_SHOWN, CARD, order="4711", reason="x") == f"{CARD} shown"
    assert said(Event.DEVICE_ENDED, CARD, reason="eaten_by_dog") == f"{CARD} ended"
    assert said(Event.APPROVAL_ASKED, risks="unheard_of, staff") == (
        "Approval asked: the client works here"
    )


def test_every_risk_and_every_reason_has_words() -> None:
    risks = [value for value in vars(rules).values() if isinstance(value, Risk)]
    risks += [rules.contact_changed(14), *(refusal.risk(30) for refusal in Refusal)]
    assert {risk.name for risk in risks} <= set(WORDS["risks"])
    assert len(risks) >= 8
    assert set(WORDS["ended"]) == set(EndReason)


@pytest.mark.parametrize("kind", Event)
def test_no_stored_value_is_ever_shown_raw(kind: Event) -> None:
    coded = {"reason", "evidence", "policy", "instead_of", "document", "seen", "how", "risks"}
    # The reason of a decision and of an unlocking is in the words of whoever gave it.
    free = {"reason"} if group_of(kind) is Group.APPROVALS or kind is Event.LOGIN_UNLOCKED else {""}
    for value in STORED:
        assert value not in said(kind, CARD, **dict.fromkeys(coded - free, value))


details = st.dictionaries(
    st.sampled_from(sorted({"reason", "ticket", "note", "failures", "what", "risks", "subject"})),
    st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.lists(st.text())),
)


@given(kind=st.sampled_from(Event), title=st.text(), detail=details)
def test_whatever_was_stored_reads_as_one_line_that_can_be_seen(
    kind: Event, title: str, detail: dict[str, object]
) -> None:
    text = said(kind, title, **detail)
    assert len(text.splitlines()) == 1
    assert not {unicodedata.category(char) for char in text} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(text) & set("\u202e\u2066\u200f")


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 300) == f"{'x' * 199}…"
    assert plain("x" * 200) == "x" * 200


def test_what_went_wrong_asks_for_a_look() -> None:
    asking = {kind for kind in Event if needs_look(kind)}
    assert {Event.APPROVAL_REFUSED, Event.CHECK_REFUSED, Event.PRESSURE_NOTED} < asking
    assert Event.NOTICE_GIVEN_UP in asking
    assert Event.SIGN_IN_COMPLETED not in asking
