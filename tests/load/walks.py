"""What people do in their browsers, and what goes wrong on the way: typing errors, double clicks,
lost connections, reloads.

Each step that the portal confirms is noted with the person, for the audit afterwards.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from http import HTTPStatus

import pyotp

from tests.factories import PASSWORD
from tests.load.browser import Answer, Browser, Form, Headers, Log
from tests.load.people import Person

LIST = "/settings/user/secure-login/"
CARD = f"{LIST}card/"
HOME = "/home/"
# What happens to callers, one after the other; four of fourteen have no trouble.
TROUBLES = (
    "",
    "wrong answer",
    "two requests",
    "",
    "lost request",
    "two activations",
    "",
    "lost activation",
    "wrong digits",
    "",
    "lost login",
    "two logins",
    "wrong password",
    "reloads",
)
_VALUE = re.compile(r'<th scope="row">(\d+)</th>\s*<td><span aria-hidden="true">(\d{3})</span>')
# The first wrong answer makes the next one wait for a second.
_AFTER_WRONG = 1.1
# Whatever is asked for, somebody who waits longer than this has gone.
PATIENCE = 300


class LostError(Exception):
    """A walk met an answer that it cannot go on from: a fault of the portal, or of the walk."""

    def __init__(self, where: str, answer: Answer) -> None:
        words = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
        super().__init__(f"{where}: {answer.path} {answer.status} {answer.location} {words[:300]}")


class Walk:
    """One person in one browser."""

    def __init__(self, person: Person, ports: list[int], headers: Headers, log: Log) -> None:
        """Nothing is sent yet; as for `Browser`."""
        self.person = person
        self.log = log
        self.browser = Browser(ports, {**headers, "X-Forwarded-For": person.network}, log)

    # Logging in ---------------------------------------------------------------------------

    def log_in(self, trouble: str = "") -> None:
        """Both steps, and the page behind them.

        Args:
            trouble: of `TROUBLES`; what does not concern a login is passed over.
        """
        began = time.perf_counter()
        page = self._after_password(trouble)
        if trouble == "wrong answer":
            page = self._answer_wrongly(page)
        if trouble == "lost login":
            name, answer, _pair = self._answer(page)
            self.browser.lose(form_of(page, f'name="{name}"'), **{name: answer})
            self._left_unheard()
            self.browser.cookies.clear()
            return self.log_in()
        self._prove(page, twice=trouble == "two logins")
        self.expect(self.browser.get(HOME, "page"), 200)
        if not trouble:
            self.log.note("whole login", time.perf_counter() - began)
        return None

    def _prove(self, page: Answer, *, twice: bool = False) -> None:
        """The second step, from the page that asks."""
        name, answer, pair = self._answer(page)
        asked = form_of(page, f'name="{name}"')
        if twice:
            clicks = self.browser.post_twice(asked, "second step", **{name: answer})
            done = self._won(clicks, HOME)
            self._left_unheard()
        else:
            done = self.browser.post(asked, "second step", **{name: answer})
        if done.location == HOME:
            self.person.told["login"] += 1
            if pair:
                self.person.pairs[pair] += 1
        elif done.status == HTTPStatus.UNPROCESSABLE_ENTITY and self.person.unheard["login"]:
            # A lost request used up the question meanwhile: another one is asked.
            self._prove(self.browser.get(done.path, "page"))
        else:
            raise LostError("second step", done)

    def _left_unheard(self) -> None:
        """Nobody hears what became of the first answer, or of the second click: of two right ones
        both log in with a code, one with a card, and neither counts as wrong."""
        self.person.unheard["login"] += 1

    def _answer_wrongly(self, page: Answer) -> Answer:
        name, answer, _pair = self._answer(page)
        form = form_of(page, f'name="{name}"')
        refused = self.browser.post(form, "wrong answer", **{name: _other(answer)})
        self.expect(refused, HTTPStatus.UNPROCESSABLE_ENTITY)
        self.person.told["wrong answer"] += 1
        time.sleep(_AFTER_WRONG)
        return refused

    def guess(self, waits: tuple[float, ...]) -> None:
        """Wrong answers, one at each master in turn, and never a right one.

        Args:
            waits: seconds after each.
        """
        page = self._after_password("")
        for wait in waits:
            answer, _pair = self.person.answer(page.text)
            form = form_of(page, 'name="card_values"')
            page = self.browser.post(form, "wrong answer", card_values=_other(answer))
            self.expect(page, 422)
            self.person.told["wrong answer"] += 1
            time.sleep(wait)

    def _after_password(self, trouble: str) -> Answer:
        page = self.browser.get("/login/", "page")
        typed = {"username": self.person.username}
        if trouble == "wrong password":
            page = self.browser.post(
                form_of(page, 'name="password"'), "wrong password", password="wrong", **typed
            )
            self.expect(page, 422)
            self.person.told["wrong password"] += 1
        form = form_of(page, 'name="password"')
        answer = self.browser.post(form, "password", password=PASSWORD, **typed)
        if not answer.location:
            raise LostError("password", answer)
        return self.browser.get(answer.location, "page")

    def _answer(self, page: Answer) -> tuple[str, str, tuple[int, int] | None]:
        """The field that the page asks for, what to type, and the index numbers of a card."""
        if 'name="card_values"' in page.text:
            return ("card_values", *self.person.answer(page.text))
        if 'name="temporary_code"' in page.text:
            return "temporary_code", self.person.code, None
        return "app_code", pyotp.TOTP(self.person.app_key).now(), None

    def log_out(self) -> None:
        """From whatever page."""
        page = self.browser.get(HOME, "page")
        done = self.browser.post(form_of(page, 'action="/logout/"'), "logout")
        self.expect(done, HTTPStatus.FOUND)
        self.person.told["logout"] += 1

    # A card -------------------------------------------------------------------------------

    def request_card(self, trouble: str = "") -> str:
        """From the list of devices to the page that shows the card. Returns its address."""
        began = time.perf_counter()
        form = form_of(self.browser.get(LIST, "page"), f'action="{CARD}"')
        kind = "card request"
        if trouble == "lost request":
            self.browser.lose(form)
        if trouble == "two requests":
            clicks = self.browser.post_twice(form, kind)
            answer = max(clicks, key=lambda click: click.status == HTTPStatus.FOUND)
            self.browser.keep(answer)
        else:
            answer = self.browser.post(form, kind)
        until = time.monotonic() + PATIENCE
        while answer.location == CARD and time.monotonic() < until:
            answer = self._in_line()
        if answer.location == CARD or not answer.location.startswith(CARD):
            raise LostError("card request", answer)
        self.log.note("until the card is there", time.perf_counter() - began)
        self.person.told["card"] += 1
        return answer.location

    def _in_line(self) -> Answer:
        """Look at the page that tells when to come back, and come back then."""
        page = self.browser.get(CARD, "waiting page")
        if page.come_again is None:
            # Made meanwhile, by the other click or by what seemed lost.
            return page
        time.sleep(page.come_again)
        return self.browser.post(form_of(page, f'action="{CARD}"'), "card request")

    def see_card(self, address: str, trouble: str = "") -> None:
        """The page, the picture, the PDF and the text, from which the values are read."""
        for _time in range(3 if trouble == "reloads" else 1):
            self.expect(self.browser.get(address, "page"), 200)
            self.expect(self.browser.get(f"{address}image.png?layout=wide", "picture"), 200)
        self.expect(self.browser.get(f"{address}card.pdf", "PDF"), 200)
        text = self.browser.get(f"{address}text/", "page")
        values = dict(_VALUE.findall(text.text))
        if len(values) != 224:
            raise LostError("card as text", text)
        self.person.values = [values[str(index)] for index in range(1, 225)]
        done = self.browser.post(form_of(text, 'name="kept"'), "continue")
        if done.location != f"{address}activate/":
            raise LostError("continue", done)

    def activate(self, address: str, trouble: str = "") -> None:
        """Prove the copy, until the portal says that it is active."""
        page = self.browser.get(f"{address}activate/", "page")
        form = form_of(page, 'name="card_values"')
        answer, pair = self.person.answer(page.text)
        if trouble == "wrong digits":
            page = self.browser.post(form, "wrong digits", card_values=_other(answer))
            self.expect(page, 422)
            self.person.told["wrong digits"] += 1
            form = form_of(page, 'name="card_values"')
        if trouble == "lost activation":
            self.browser.lose(form, card_values=answer)
            return self._after_lost_activation(address)
        if trouble == "two activations":
            clicks = self.browser.post_twice(form, "activation", card_values=answer)
            done = self._won(clicks, f"{address}active/")
        else:
            done = self.browser.post(form, "activation", card_values=answer)
        if done.location != f"{address}active/":
            raise LostError("activation", done)
        self.expect(self.browser.get(done.location, "page"), 200)
        self.person.pairs[pair] += 1
        self._is_active(address)
        return None

    def _after_lost_activation(self, address: str) -> None:
        """The session may have moved on under a key that never arrived: log in again."""
        self.browser.cookies.clear()
        until = time.monotonic() + PATIENCE
        # What was lost may still be at work: then the login asks for the code, which is ending.
        while time.monotonic() < until:
            page = self._after_password("")
            if 'name="card_values"' in page.text:
                self._is_active(address)
                return
            time.sleep(1)
        raise LostError("lost activation", page)

    def _is_active(self, address: str) -> None:
        self.person.told["active"] += 1
        self.person.card = address.removeprefix(CARD).strip("/")

    # Words --------------------------------------------------------------------------------

    def _won(self, clicks: list[Answer], location: str) -> Answer:
        """The click that was obeyed: the one that brings the new session."""
        return self.browser.keep(
            max(clicks, key=lambda c: (c.location == location, bool(c.headers.get("Set-Cookie"))))
        )

    def expect(self, answer: Answer, status: int) -> None:
        """Stop the walk if the answer has another status."""
        if answer.status != status:
            raise LostError(f"expected {status}", answer)


def outage(walk: Walk, trouble: str, step: Callable[[str], None] = lambda _name: None) -> None:
    """A caller with a code: to a card in use.

    Args:
        walk: of the caller.
        trouble: of `TROUBLES`.
        step: is told what has just been done.
    """
    walk.log_in(trouble)
    step("login with a code")
    address = walk.request_card(trouble)
    step("card made")
    walk.see_card(address, trouble)
    step("card seen and kept")
    walk.activate(address, trouble)
    step("activation")
    if trouble != "lost activation":
        walk.log_out()
    step("logout")
    walk.log_in()
    step("login with a card")


def form_of(page: Answer, *holding: str) -> Form:
    """The page's form with one of these in it; the walk stops if there is none."""
    found = next((form for text in holding if (form := page.form(text))), None)
    if found is None:
        raise LostError(f"no form with {holding}", page)
    return found


def _other(digits: str) -> str:
    """Digits that are wrong, and no index numbers."""
    return "".join(str(9 - int(digit)) for digit in digits)
