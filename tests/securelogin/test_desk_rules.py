"""Whose record a member of staff may act on, as a table; and who says that https was spoken."""

from __future__ import annotations

import ipaddress

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from securelogin.desk.permissions import may_act_on
from securelogin.desk.roles import Role
from securelogin.origin import OriginMiddleware
from tests import factories

ROLES = (None, Role.AGENT, Role.SENIOR, Role.SUPERVISOR, Role.AUDITOR)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_staff_records_need_a_supervisor(role: Role | None) -> None:
    agent = factories.make_user("sam.support", is_staff=True)
    if role:
        agent.groups.add(factories.group_of(role))
    client = factories.make_user("jane.sample")
    colleague = factories.make_staff("other.support")
    chief = factories.make_user("root.sample", is_superuser=True)
    assert may_act_on(agent, client)
    for other in (colleague, chief):
        assert may_act_on(agent, other) is (role is Role.SUPERVISOR)


@pytest.mark.django_db
def test_nobody_acts_on_the_own_record() -> None:
    chief = factories.make_staff("root.sample", Role.SUPERVISOR, is_superuser=True)
    assert not may_act_on(chief, chief)
    assert may_act_on(chief, factories.make_staff("sam.support"))


@pytest.mark.parametrize(("peer", "believed"), [("10.0.0.7", True), ("192.0.2.1", False)])
def test_https_is_believed_only_from_a_trusted_proxy(
    peer: str, believed: bool, settings: LazySettings
) -> None:
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    seen: list[bool] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.is_secure())
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https")
    OriginMiddleware(view)(request)
    assert seen == [believed]
