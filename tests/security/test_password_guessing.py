"""Guessing at the password step: slowed down, for whom it concerns, and telling nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from securelogin.conf import policy
from securelogin.models import Failures, SecurityEvent
from tests import factories

PAUSED = "Too many attempts. Wait 15 minutes"


def try_password(username: str, password: str, **meta: str) -> Any:
    """One try, from a browser without cookies."""
    return Client(**meta).post("/login/", {"username": username, "password": password})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_forwarded_addresses_of_nobody_knows_whom_are_not_believed(jane: User) -> None:
    for number in range(5):
        try_password(jane.username, "wrong", HTTP_X_FORWARDED_FOR=f"198.51.{number}.7")
    page = try_password(jane.username, factories.PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert PAUSED in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "forged", ["198.51.100.7, 10.0.0.1", "x, 192.0.2.7", "::1", "", "fe80::1%eth0", "1.2.3.4:80"]
)
def test_behind_a_proxy_only_what_the_proxy_wrote_counts(
    forged: str, jane: User, settings: LazySettings
) -> None:
    from portal.env import env, networks

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(env.ENVIRON, "TRUSTED_PROXIES", "10.0.0.0/8")
        settings.TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
    for number in range(6):
        proxy = "10.1.2.3" if number % 2 else "::ffff:10.1.2.3"
        # The client wrote all but the last hop.
        header = f"{forged.replace('7', str(number + 7))}, 203.0.113.9"
        page = try_password(jane.username, "wrong", HTTP_X_FORWARDED_FOR=header, REMOTE_ADDR=proxy)
    assert PAUSED in page.content.decode()
    networks_seen = set(SecurityEvent.objects.values_list("network", flat=True))
    assert networks_seen == {"203.0.113.0/24"}


@pytest.mark.django_db
def test_spellings_of_a_user_name_share_one_series(jane: User) -> None:
    for name in ("jane.sample", "JANE.sample", " jane.sample ", "Jane.Sample\t", "jANE.SAMPLE"):
        try_password(name, "wrong")
    assert PAUSED in try_password("jane.sample", factories.PASSWORD).content.decode()


@pytest.mark.django_db
def test_somebody_elsewhere_cannot_keep_a_client_out(jane: User) -> None:
    for _ in range(20):
        try_password(jane.username, "wrong", REMOTE_ADDR="198.51.100.7")
    here = try_password(jane.username, factories.PASSWORD, REMOTE_ADDR="203.0.113.9")
    assert here["Location"] == "/login/verify/"


@pytest.mark.django_db
def test_a_network_that_tries_many_names_is_paused(jane: User) -> None:
    for number in range(100):
        row = Failures.objects.record("network:198.51.100.0/24", policy().crowd_limit)
        assert row.count == number + 1
    page = try_password(jane.username, factories.PASSWORD, REMOTE_ADDR="198.51.100.7")
    assert PAUSED in page.content.decode()


@pytest.mark.django_db
def test_unknown_users_get_the_same_answer_for_the_same_work(jane: User) -> None:
    jane_off = factories.make_user("off.sample", is_active=False)
    seen: list[Any] = []
    for name, password in (
        (jane.username, "wrong"),
        ("nobody.sample", "wrong"),
        (jane_off.username, factories.PASSWORD),
        (jane_off.username, "wrong"),
    ):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = try_password(name, password, REMOTE_ADDR=f"198.51.{len(seen)}.7")
        page = re.sub(r'(value|nonce)="[^"]*"', "", response.content.decode())
        verbs = [query["sql"].split(" ")[0] for query in queries]
        seen.append((response.status_code, page, verbs, sorted(response.cookies)))
    assert all(answer == seen[0] for answer in seen)
