"""A query that is compiled once finds, changes and stores what the ORM's own does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Value
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Session, User
from accounts.sessions import SessionStore
from securelogin.client_devices import _all, _usable
from securelogin.models import Failures
from securelogin.prepared import Prepared, PreparedInsert, PreparedUpdate, PreparedValues
from securelogin.registry import DeviceTypeConfig, device_types
from tests import factories
from tests.securelogin.contract import contract_of

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=3000)
OF_NAMES: Prepared[User] = Prepared(
    lambda first, second, since: User.objects.filter(
        username__in=[first, second], date_joined__gt=since
    ).order_by("-username"),
    first=models.CharField(),
    second=models.CharField(),
    since=models.DateTimeField(),
)


def facts(row: models.Model) -> dict[str, Any]:
    """What was read of a row, and what was left in the database."""
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_it_finds_what_the_queryset_finds(jane: User, mallory: User, sam: User) -> None:
    names = {"first": jane.username, "second": mallory.username}
    found = OF_NAMES(**names, since=LONG_AGO)
    plain = User.objects.filter(username__in=names.values()).order_by("-username")
    assert [facts(user) for user in found] == [facts(user) for user in plain]
    assert all(not user._state.adding and user._state.db == "default" for user in found)
    assert OF_NAMES(**names, since=timezone.now() + timedelta(days=1)) == []
    assert OF_NAMES.first(first="nobody", second="noone", since=LONG_AGO) is None


def test_the_values_are_no_part_of_the_statement(jane: User) -> None:
    hostile = "' OR 1=1 --"
    with CaptureQueriesContext(connection) as queries:
        assert OF_NAMES(first=hostile, second="%s", since=LONG_AGO) == []
        assert OF_NAMES(first=jane.username, second="%(x)s", since=LONG_AGO) == [jane]
    assert len(queries) == 2


def test_values_are_those_of_the_queryset(jane: User, mallory: User) -> None:
    def known(zone: Any, since: Any) -> models.QuerySet[User, tuple[Any, ...]]:
        newer = User.objects.filter(date_joined__gt=OuterRef("date_joined"))
        return (
            User.objects.filter(time_zone=zone, date_joined__gt=since)
            .order_by("username")
            .values_list("username", "date_joined", Exists(newer), F("is_staff"), Value("x"))
        )

    ask = PreparedValues(known, zone=models.CharField(), since=models.DateTimeField())
    for _ in range(2):
        found = ask(zone=jane.time_zone, since=LONG_AGO)
        assert found == list(known(jane.time_zone, LONG_AGO))
        assert len(found) == 2
    assert ask(zone="Nowhere", since=LONG_AGO) == []


def test_what_is_joined_is_read_along(jane: User) -> None:
    browser = factories.client_with_code(jane)
    store = SessionStore(browser.session.session_key)
    store.load()
    with CaptureQueriesContext(connection) as queries:
        assert store.owner is not None
        assert facts(store.owner) == facts(User.objects.get(pk=jane.pk))
    assert len(queries) == 1  # the one to compare with


@pytest.mark.parametrize("config", device_types(), ids=lambda config: config.slug)
@pytest.mark.parametrize("lock", [False, True])
def test_devices_are_read_as_the_orm_reads_them(
    jane: User, config: DeviceTypeConfig, lock: bool
) -> None:
    device = contract_of(config).device(jane)
    now = timezone.now()
    plain = config.device_model.objects.of(jane).usable(now)
    plain = plain.for_verification() if lock else plain
    found = _usable(config, lock=lock)(user=jane.pk, now=now)
    assert [facts(row) for row in found] == [facts(row) for row in plain]
    assert found == [device]
    (listed,) = _all(config, issuers=True)(user=jane.pk)
    assert listed == device
    assert "issued_by" in listed._state.fields_cache


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only(jane: User) -> None:
    config = device_types()[0]
    with pytest.raises(TransactionManagementError):
        _usable(config, lock=True)(user=jane.pk, now=timezone.now())
    with transaction.atomic():
        assert _usable(config, lock=True)(user=jane.pk, now=timezone.now()) == []


def test_it_changes_the_rows_that_the_queryset_holds(jane: User, mallory: User) -> None:
    rename = PreparedUpdate(
        lambda pk, phone, zone: (
            User.objects.filter(pk=pk),
            {"phone": phone, "time_zone": zone},
        ),
        pk=models.BigIntegerField(),
        phone=models.CharField(),
        zone=models.CharField(),
    )
    for phone in ("+41 44 555 01 01", "+41 44 555 01 02"):
        assert rename(pk=jane.pk, phone=phone, zone="UTC") == 1
        jane.refresh_from_db()
        assert (jane.phone, jane.time_zone) == (phone, "UTC")
    assert rename(pk=0, phone="", zone="") == 0
    mallory.refresh_from_db()
    assert mallory.time_zone != "UTC"


def test_it_stores_a_row_as_the_orm_does(jane: User) -> None:
    ends = timezone.now()
    row = Session(session_key="k" * 32, session_data="d", expire_date=ends, user=jane)
    assert PreparedInsert(Session)(row) is None
    assert facts(Session.objects.get(user=jane)) == facts(
        Session(session_key="k" * 32, session_data="d", expire_date=ends, user_id=jane.pk)
    )
    series = Failures(key="one", count=1, last_failed_at=None)
    (pk,) = PreparedInsert(Failures, "RETURNING id")(series) or ()
    assert Failures.objects.get(pk=pk).count == 1
