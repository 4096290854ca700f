"""Find client: one field finds a few clients, the exact one first, and shows little of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from securelogin.desk.roles import Role
from securelogin.events import Event
from securelogin.models import Failures, SecurityEvent, factor_key
from tests import factories

PATH = "/admin/accounts/user/"
ROW = re.compile(r"<li>\s*<a[^>]*><bdi>(.*?)</bdi></a>\s*<span[^>]*>(.*?)</span>", re.DOTALL)


def page(desk: Client, term: str) -> str:
    """The page of what a search found."""
    response = desk.get(PATH, {"q": term})
    assert response.status_code == 200
    return response.content.decode()


def found(desk: Client, term: str) -> list[str]:
    """The names on it."""
    return [name for name, _username in ROW.findall(page(desk, term))]


def note(reference: str, *clients: User) -> None:
    """An event of each, by chance of the same reference."""
    SecurityEvent.objects.bulk_create(
        SecurityEvent(kind=Event.LOGGED_OUT, user=client, reference=reference) for client in clients
    )


@pytest.fixture
def jane(jane: User) -> User:
    """Jane, with a phone."""
    jane.phone = "+41 44 555 01 01"
    jane.save()
    return jane


@pytest.mark.django_db
@pytest.mark.parametrize(
    "term",
    [
        "Jane Sample",
        "sample",
        "JANE",
        "jane.sample",
        "jane.sample@mail.example",
        "Jane.Sample@Mail.Example",
        "044 555 01 01",
        "+41 44 555 01 01",
        "5550101",
    ],
)
def test_a_client_is_found_by_what_a_caller_says(
    desk: Client, jane: User, mallory: User, term: str
) -> None:
    assert found(desk, term) == ["Jane Sample"]


@pytest.mark.django_db
def test_a_client_is_found_by_the_serial_of_a_card(desk: Client, jane: User, mallory: User) -> None:
    card, _answers = factories.make_card(jane)
    factories.make_card(mallory)
    whole, short = card.serial, card.short_serial
    for term in (whole, whole.lower().replace("-", " "), whole.removeprefix("OSC-"), short):
        assert found(desk, term) == ["Jane Sample"], term


@pytest.mark.django_db
def test_a_card_that_is_over_names_its_client_too(desk: Client, jane: User) -> None:
    card, _answers = factories.make_card(jane)
    factories.make_card(jane)
    assert found(desk, card.serial) == ["Jane Sample"]


@pytest.mark.django_db
def test_a_client_is_found_by_a_reference(desk: Client, jane: User, mallory: User) -> None:
    note("A7-2210", jane)
    for term in ("A7-2210", "a7-2210", "A72210", "a7 2210", " A7‑2210 "):
        assert found(desk, term) == ["Jane Sample"], term
    assert found(desk, "A7-2211") == []


@pytest.mark.django_db
def test_a_reference_of_nobody_finds_nobody(desk: Client) -> None:
    event = SecurityEvent.objects.record(Event.PASSWORD_REFUSED, None)
    assert found(desk, event.reference) == []


@pytest.mark.django_db
def test_there_is_no_list_without_a_query(desk: Client, jane: User) -> None:
    for response in (desk.get(PATH), desk.get(PATH, {"q": ""}), desk.get(PATH, {"q": "  "})):
        assert response.status_code == 200
        assert ROW.findall(response.content.decode()) == []
        assert "Found" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["--", "@", "%", "_", "\u202e"])
def test_a_query_that_says_nothing_says_so(desk: Client, jane: User, term: str) -> None:
    text = page(desk, term)
    assert "There is nothing to look for" in text
    assert ROW.findall(text) == []


@pytest.mark.django_db
def test_nobody_found_says_what_to_do(desk: Client, jane: User) -> None:
    assert "No client matches." in page(desk, "nobody")


@pytest.mark.django_db
def test_at_most_ten_are_shown_and_the_exact_one_is_the_first(desk: Client) -> None:
    for number in range(11):
        factories.make_user(f"miller{number:02}", first_name="Mia", last_name="Miller")
    factories.make_user("miller", first_name="Zoe", last_name="Zimmer")
    text = page(desk, "Miller")
    rows = ROW.findall(text)
    assert len(rows) == 10
    assert rows[0] == ("Zoe Zimmer", "m•••••r")
    assert "More than ten clients match. Type more of the name." in text
    assert "More than ten" not in page(desk, "miller0")


@pytest.mark.django_db
def test_exactly_ten_are_all_shown(desk: Client) -> None:
    for number in range(10):
        factories.make_user(f"miller{number:02}", first_name="Mia", last_name="Miller")
    text = page(desk, "miller")
    assert len(ROW.findall(text)) == 10
    assert "More than ten" not in text


@pytest.mark.django_db
def test_more_than_ten_exact_matches_are_cut_too(desk: Client) -> None:
    note("A7-2210", *(factories.make_user(f"person{number}") for number in range(12)))
    text = page(desk, "A7-2210")
    assert len(ROW.findall(text)) == 10
    assert "More than ten" in text


@pytest.mark.django_db
def test_a_row_shows_the_name_and_hides_the_rest(desk: Client, jane: User) -> None:
    text = page(desk, "sample")
    assert ROW.findall(text) == [("Jane Sample", "j•••••e")]
    for hidden in (jane.username, jane.email, jane.phone, "5550101"):
        assert hidden not in text
    assert reverse("admin:accounts_user_change", args=[jane.pk]) in text


@pytest.mark.django_db
def test_somebody_without_a_name_is_called_by_the_masked_user_name(desk: Client) -> None:
    factories.make_user("nameless7")
    assert found(desk, "nameless7") == ["n•••••7"]


@pytest.mark.django_db
def test_the_chips_tell_what_matters(desk: Client) -> None:
    chips = re.compile(r'client-chip client-chip-\w+">(.*?)<')

    def chips_of(term: str) -> list[str]:
        return chips.findall(page(desk, term))

    plain = factories.make_user("plain")
    assert chips_of("plain") == []
    factories.make_card(plain)
    assert chips_of("plain") == ["Card active"]
    factories.make_card(factories.make_user("waiting"), active=False)
    assert chips_of("waiting") == ["Card waiting for activation", "Code active"]
    limited, _digits = factories.make_code(factories.make_user("limited"))
    factories.shift(limited, -timedelta(days=3))
    assert chips_of("limited") == ["Code for requesting a card only"]
    over, _digits = factories.make_code(factories.make_user("over"))
    factories.shift(over, -timedelta(days=30))
    assert chips_of("over") == []
    worst = factories.make_user(
        "worst",
        is_staff=True,
        is_active=False,
        phone_since=timezone.now() - timedelta(days=3, hours=1),
    )
    Failures.objects.create(key=factor_key(worst.pk), count=10, last_failed_at=timezone.now())
    assert chips_of("worst") == ["Inactive", "Locked", "Staff", "Contact data changed 3 days ago"]


@pytest.mark.django_db
def test_hostile_names_are_only_text(desk: Client) -> None:
    factories.make_user("evil", first_name="<script>alert(1)</script>", last_name='"\u202eevil')
    for text in (page(desk, "evil"), page(desk, '"><script>alert(1)</script>')):
        assert "<script>alert" not in text
    assert "&lt;script&gt;" in page(desk, "evil")


@pytest.mark.django_db
def test_one_hit_is_still_a_list_and_opens_nothing(desk: Client, jane: User) -> None:
    assert found(desk, "jane.sample") == ["Jane Sample"]
    assert not SecurityEvent.objects.filter(kind=Event.RECORD_OPENED).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_every_role_may_search(desk_of: Callable[[Role], Client], jane: User, role: Role) -> None:
    assert found(desk_of(role), "jane") == ["Jane Sample"]


@pytest.mark.django_db
def test_without_a_role_nobody_searches(jane: User) -> None:
    desk = factories.client_with_code(factories.make_user("new.colleague", is_staff=True))
    assert desk.get(PATH, {"q": "jane"}).status_code == 403
    start = desk.get("/admin/").content.decode()
    assert "You have no role at the desk yet." in start
    assert "data-desk-search" not in start


@pytest.mark.django_db
def test_it_is_only_asked(desk: Client, jane: User) -> None:
    assert desk.post(PATH, {"q": "jane"}).status_code == 405
