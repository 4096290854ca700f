"""The pages on conformance and threats: every requirement once, and nothing on them that is not so.

A page like that is worth what it proves: each named test exists, each named file exists, each
number is the one in force, each deviation has its decision.
"""

from __future__ import annotations

import re

import pytest

from tests.conformance import (
    DOCS,
    IDS,
    TEST,
    missing_files,
    missing_tests,
    names_in,
    rows,
    sections,
    unproven,
    wrong_ids,
    wrong_numbers,
)

CONFORMANCE = (DOCS / "conformance.md").read_text()
THREATS = (DOCS / "threat_model.md").read_text()
RISKS = (DOCS / "risk_analysis.md").read_text()
# What every attacker on the page of threats has to be.
ACTORS = (
    "Thief of the password",
    "Thief of a copy of the card",
    "Caller who pretends to be the client",
    "Agent inside",
    "Two agents together",
    "Phishing site",
    "Stolen laptop at the desk",
    "Thief of the data base",
    "Reader of the logs",
    "Reader of the mails",
    "Attacker on the network",
    "Denial of service",
    "Locking a client out from outside",
)


# The pages as they are --------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CONFORMANCE, THREATS, RISKS], ids=["measure", "threats", "risks"])
def test_every_named_test_exists(text: str) -> None:
    assert len(TEST.findall(text)) > 5
    assert missing_tests(text) == []


@pytest.mark.parametrize("text", [CONFORMANCE, THREATS, RISKS], ids=["measure", "threats", "risks"])
def test_every_named_file_exists(text: str) -> None:
    assert missing_files(text) == []


def test_every_requirement_stands_on_the_page_once() -> None:
    assert len(IDS) > 300
    assert wrong_ids(CONFORMANCE) == {}


def test_every_row_has_a_proof_and_every_deviation_a_decision() -> None:
    assert rows(sections(CONFORMANCE)["Deviations"])
    assert unproven(CONFORMANCE) == []


def test_every_number_on_the_page_is_in_force() -> None:
    assert len(rows(sections(CONFORMANCE)["7 Numbers"])) > 20
    assert wrong_numbers(CONFORMANCE) == []


def test_every_attacker_has_answers_with_proof_and_what_remains() -> None:
    actors = sections(sections(THREATS)["Attackers"], level=3)
    assert tuple(actors) == ACTORS
    for actor, text in actors.items():
        answers = rows(text)
        assert answers, actor
        for attack, answer, proof in answers:
            assert attack, actor
            assert answer, actor
            assert TEST.search(proof), (actor, attack)
        assert re.search(r"^Remains: \w.{20,}", text, re.MULTILINE), actor


def test_every_asset_has_its_rule_and_its_proof() -> None:
    assets = rows(sections(THREATS)["Assets"])
    assert len(assets) >= 8
    for asset, kind, where, rule, proof in assets:
        assert kind in {"secret", "key", "personal", "record"}, asset
        assert where, asset
        assert rule, asset
        assert TEST.search(proof), asset


def test_the_risk_analysis_covers_what_it_has_to() -> None:
    """NIST SP 800-63B-4 4.2.1: another way of recovery needs a written risk analysis."""
    parts = sections(RISKS)
    assert list(parts) == [
        "What is analysed",
        "Risks",
        "Odds",
        "What we accept",
        "When to look again",
    ]
    assert len(rows(parts["Risks"])) >= 8
    for risk, likely, harm, answer, proof, remains in rows(parts["Risks"]):
        assert likely in {"low", "medium", "high"}, risk
        assert harm in {"low", "medium", "high"}, risk
        assert answer, risk
        assert TEST.search(proof), risk
        assert remains, risk


# The readers can see a mistake ------------------------------------------------------------------

BAD = """
## 1 First

| id | asked | what we do | proof |
| --- | --- | --- | --- |
| X-1 | a | b (`securelogin/no_such_file.py`) | `tests/test_conformance.py::test_no_such_thing` |
| X-1, V99.1.1 | a | b | |

## 7 Numbers

| number | in force | limit |
| --- | --- | --- |
| `idle_minutes` | 16 | |
| `no_such_number` | 1 | |

## Deviations

| id | asked | differs | remains | decision |
| --- | --- | --- | --- | --- |
| X-2 | a | b | c | [0099](decisions/0099-nothing.md) |
| X-3 | a | b | c | because |

## Not applicable

- Nothing of it: N-01, N-02.
"""


def test_the_reader_sees_a_bad_page() -> None:
    assert missing_tests(BAD) == ["tests/test_conformance.py::test_no_such_thing"]
    assert missing_files(BAD) == ["securelogin/no_such_file.py", "decisions/0099-nothing.md"]
    assert unproven(BAD) == ["X-1, V99.1.1", "X-3"]
    assert wrong_numbers(BAD) == ["`idle_minutes`: 16", "`no_such_number`: 1"]
    found = wrong_ids(BAD)
    assert (found["X-1"], found["V99.1.1"], found["N-03"]) == (2, 1, 0)
    assert not {"X-2", "N-01", "N-02"} & found.keys()


def test_the_reader_knows_tests_in_classes_and_no_helpers() -> None:
    assert "TestEveryAddress::test_an_address_survives_anything" in names_in(
        "tests/security/test_fuzz.py"
    )
    assert "rows" not in names_in("tests/test_conformance.py")
    assert names_in("tests/no_such_file.py") == frozenset()
