"""The base text, step by step, through the server: from a Temporary Code to a working card."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from securelogin.security_card.models import SecurityCard
from tests import factories

LIST = "/settings/user/secure-login/"


@pytest.mark.django_db(transaction=True)
def test_a_client_gets_from_a_temporary_code_to_a_working_card(jane: User) -> None:
    client = factories.client_with_code(jane)
    assert client.get("/home/").status_code == 200
    assert "Configure" in client.get("/settings/user/").content.decode()
    page = client.get(LIST).content.decode()
    assert "Request Online (Temporary) Security Code Card" in page
    requested = client.post(f"{LIST}card/")
    row = SecurityCard.objects.get()
    card = f"{LIST}card/{row.public_id}/"
    assert requested["Location"] == card
    shown = client.get(card)
    assert shown.status_code == 200, shown.content
    assert client.get(f"{card}card.pdf").content[:4] == b"%PDF"
    answers = factories.answers_of(client, row)
    proceeded = client.post(f"{card}continue/", {"kept": "none"})
    assert proceeded["Location"] == f"{card}activate/"
    asked = client.get(f"{card}activate/").content.decode()
    assert row.pair is not None
    assert str(row.pair.first) in asked
    done = client.post(f"{card}activate/", {"card_values": answers[0]})
    assert done["Location"] == f"{card}active/"
    confirmation = client.get(f"{card}active/").content.decode()
    assert "Your Online Security Code Card is active" in confirmation
    assert client.get(card)["Location"] == LIST
    client.post("/logout/")
    again = factories.sign_in(Client(), jane, answers[1], "card_values")
    assert again["Location"] == "/home/"
