"""Every page in every state: accessible in light, dark and forced colours, and at 320 pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser import pages, tour_desk
from tests.browser.conftest import NewPage
from tests.browser.inspection import inspect
from tests.browser.tour import Chapter, Stage, State, public, second_step
from tests.browser.tour_app import app, first_app, way_back
from tests.browser.tour_passwords import forgotten, own
from tests.browser.tour_signed_in import card, over, settings, waiting
from tests.browser.watch import Watch


def look_at(states: Iterator[State], stage: Stage, watch: Watch) -> None:
    """Inspect each state once it is there; what the pages themselves log is heard before."""
    for name, title in states:
        expect(stage.page, name).to_have_title(re.compile(f"^{re.escape(title)}"))
        stage.page.wait_for_load_state()
        assert watch.complaints == [], name
        inspect(stage.page, name)
        watch.forget()


@pytest.mark.parametrize(
    "chapter",
    [public, second_step, settings, card, waiting, over, own, forgotten, app, first_app, way_back],
)
def test_no_state_of_a_page_fails_an_inspection(
    chapter: Chapter, new_page: NewPage, watch: Watch, jane: User, mallory: User
) -> None:
    # Without motion, so that no colour is caught half way.
    stage = Stage(new_page(reduced_motion="reduce"), jane, mallory, new_page)
    look_at(chapter(stage), stage, watch)


@pytest.mark.parametrize(
    "chapter", [tour_desk.agent, tour_desk.second_person, tour_desk.own_devices]
)
def test_no_state_of_the_desk_fails_an_inspection(
    chapter: Callable[[Stage, User], Iterator[State]],
    new_page: NewPage,
    watch: Watch,
    jane: User,
    mallory: User,
    sam: User,
) -> None:
    stage = Stage(new_page(reduced_motion="reduce"), jane, mallory, new_page)
    look_at(chapter(stage, sam), stage, watch)


def test_the_page_for_our_own_mistakes_passes_as_well(
    page: Page, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.views.render", lambda *_: 1 / 0)
    page.goto("/help/")
    pages.shows(page, "Something went wrong on our side")
    inspect(page, "500")
    watch.forget()
