"""What the desk may see and do with a device of any type, and what nobody may ever read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from securelogin.lifecycle import EndReason
from securelogin.models import LoginDevice, Notice, SecurityEvent
from tests import factories
from tests.securelogin.contract import TypeContract, is_inside

LIST = "/settings/user/secure-login/"
# What Django's admin has for a row.
RAW_PAGES = ("change/", "delete/", "history/")


@pytest.fixture
def desk(db: None) -> Client:
    """A browser of a member of staff who may see and do everything at the desk."""
    chief = factories.make_user("chris.chief", is_staff=True, is_superuser=True)
    return factories.client_with_code(chief)


def admin_url(device: LoginDevice, page: str, *args: int) -> str:
    """The address of a page of the desk about this type."""
    meta = device._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def written(row: Mapping[str, object]) -> str:
    """A row as text, without its moments: their microseconds are six digits, too."""
    kept = {name: value for name, value in row.items() if not isinstance(value, datetime)}
    return json.dumps(kept, default=lambda value: bytes(value).hex())


def texts_of(sent: mail.EmailMessage) -> list[str]:
    """Subject, text and HTML of a mail."""
    assert isinstance(sent, mail.EmailMultiAlternatives)
    return [str(sent.subject), str(sent.body), *(str(part[0]) for part in sent.alternatives)]


def client_page(user: User) -> str:
    """The address of the page on which the desk sees all of a client's devices."""
    return reverse("admin:accounts_user_change", args=[user.pk])


@pytest.mark.django_db
def test_the_desk_sees_its_state_on_the_clients_page(device: LoginDevice, desk: Client) -> None:
    shown = desk.get(client_page(device.user)).content.decode()
    assert device.title in shown
    assert admin_url(device, "revoke", device.pk) in shown
    device.end(EndReason.CANCELLED_BY_CLIENT, by=device.user)
    shown = desk.get(client_page(device.user)).content.decode()
    assert device.title in shown
    assert EndReason.CANCELLED_BY_CLIENT.desk_label in shown
    assert admin_url(device, "revoke", device.pk) not in shown


@pytest.mark.django_db
def test_the_desk_has_no_list_and_no_raw_form_of_it(device: LoginDevice, desk: Client) -> None:
    meta = device._meta
    table = f"/admin/{meta.app_label}/{meta.model_name}/"
    assert admin_url(device, "revoke", device.pk).startswith(table)
    before = type(device).objects.filter(pk=device.pk).values().get()
    later = device.created_at and device.created_at + timedelta(days=99)
    entries = {"expires_at": later, "post": "yes", "action": "delete_selected"}
    for page in ("", "add/", *(f"{device.pk}/{name}" for name in ("", *RAW_PAGES))):
        for response in (desk.get(f"{table}{page}"), desk.post(f"{table}{page}", entries)):
            assert response.status_code == 404, page
    assert type(device).objects.filter(pk=device.pk).values().get() == before


@pytest.mark.django_db
def test_the_desk_revokes_it_with_a_reason(
    contract: TypeContract, device: LoginDevice, desk: Client, jane: User
) -> None:
    client = contract.sign_in(jane, device, contract.answer(device))
    revoke = admin_url(device, "revoke", device.pk)
    assert desk.get(revoke).status_code == 200
    assert desk.post(revoke, {"reason": ""}).status_code == 422
    assert is_inside(client)
    assert desk.post(revoke, {"reason": "client_asks"}).status_code == 302
    assert not is_inside(client)


@pytest.mark.django_db(transaction=True)
def test_no_secret_is_ever_rendered_written_or_sent(contract: TypeContract, jane: User) -> None:
    chief = factories.make_user("chris.chief", is_staff=True, is_superuser=True)
    desk = factories.client_with_code(chief)
    device = contract.device(jane)
    secrets = contract.secrets(device)
    assert len(secrets) > 3
    client = contract.sign_in(jane, device, contract.answer(device))
    pages = [client.get(url) for url in ("/home/", "/settings/user/", LIST)]
    pages.append(client.get(f"{LIST}cancel/{device.type_slug}/{device.pk}/"))
    pages.append(contract.sign_in(jane, device, contract.wrong(device)).get("/login/verify/"))
    pages.append(desk.get(admin_url(device, "revoke", device.pk)))
    pages.append(desk.get(client_page(jane)))
    pages.append(desk.get(reverse("admin:securelogin_securityevent_changelist")))
    assert [page.status_code for page in pages] == [200] * len(pages)
    device.end(EndReason.CANCELLED_BY_STAFF, by=chief, note="test")
    texts = [page.content.decode() for page in pages]
    texts += [str(device), repr(device), str(device.what_it_may_do), str(device.actions)]
    texts += [written(row) for row in SecurityEvent.objects.values()]
    texts += [written(row) for row in Notice.objects.values()]
    texts += [text for sent in mail.outbox for text in texts_of(sent)]
    assert mail.outbox
    for text in texts:
        assert not [secret for secret in secrets if secret in text]
