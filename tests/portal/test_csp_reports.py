"""A browser's report is written down once a minute, without what a page or an attacker put in."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as at_most
from hypothesis import strategies as st

OLD = {
    "csp-report": {
        "document-uri": "https://portal.example/home/?q=secret",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?stolen=1",
        "script-sample": "482719036",
    }
}
NEW = [
    {
        "type": "csp-violation",
        "body": {
            "documentURL": "https://portal.example/home/?q=secret",
            "effectiveDirective": "script-src-elem",
            "blockedURL": "https://evil.example/x.js?stolen=1",
            "sample": "482719036",
        },
    }
]
WRITTEN = "csp refused script-src-elem from https://evil.example on /home/"


def post(body: bytes) -> int:
    """The status of the answer to a report."""
    return (
        Client(enforce_csrf_checks=True)
        .post("/csp-report/", body, content_type="application/csp-report")
        .status_code
    )


@pytest.mark.parametrize("sent", [OLD, NEW], ids=["report-uri", "report-to"])
def test_a_report_is_written_without_query_path_and_sample(
    sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(json.dumps(sent).encode()) == 204
    assert [record.getMessage() for record in caplog.records] == [WRITTEN]


def test_the_same_report_is_written_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    for _again in range(20):
        assert post(json.dumps(OLD).encode()) == 204
    assert len(caplog.records) == 1


def test_without_a_cache_nothing_is_written_and_nothing_fails(
    settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert post(json.dumps(OLD).encode()) == 204
    assert caplog.records == []


def test_it_writes_one_line_whatever_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    hostile = {"csp-report": {"effective-directive": "a\r\nERROR forged %s {x}" + "y" * 9999}}
    assert post(json.dumps(hostile).encode()) == 204
    (record,) = caplog.records
    assert "\n" not in record.getMessage()
    assert len(record.getMessage()) < 400


values = st.none() | st.text(max_size=200) | st.lists(st.integers(), max_size=3)
bodies = st.dictionaries(
    st.sampled_from(["blockedURL", "documentURL", "effectiveDirective"]), values
)
reports = st.lists(st.fixed_dictionaries({"body": bodies | values}), max_size=7)


@at_most(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300) | reports.map(lambda value: json.dumps(value).encode()))
def test_nothing_that_is_sent_breaks_it(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert post(body) == 204


def test_a_flood_of_invented_reports_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(100):
        forged = {"csp-report": {"effective-directive": f"script-src-{number}"}}
        assert post(json.dumps(forged).encode()) == 204
    assert len(caplog.records) == 60


def test_a_page_names_the_address_in_both_ways() -> None:
    response = Client().get("/csp-report/")
    assert response.status_code == 405
    policy = response["Content-Security-Policy"]
    assert "report-uri /csp-report/" in policy
    assert "report-to csp" in policy
    assert response["Reporting-Endpoints"] == 'csp="/csp-report/"'
