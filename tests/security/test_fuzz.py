"""Anything at all, sent to every address: an answer, no crash, nothing secret in it.

A few hundred requests here; `make fuzz` sends a hundred thousand.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.security.cast import CARD, EVERYBODY, LIST
from tests.security.fuzzing import FORGETFUL, EveryAddress, some
from tests.security.hostile import (
    BODY,
    COOKIE,
    FIELDS,
    HEADER,
    HEADERS,
    KINDS,
    METHODS,
    QUERIES,
    QUOTED,
    RIGHT,
    RIGHT_PASSWORD,
    TEXT,
    quoted,
)

ADMIN = [f"/admin/{table}/" for table in ("accounts/user", "securelogin/securityevent")]
PASSWORDS = (
    *(f"/login/{page}" for page in ("", "confirm/", "forgotten/", "forgotten/number/")),
    *(f"/login/forgotten/{page}/" for page in ("device", "password")),
    *(f"/settings/user/{page}/" for page in ("password", "contact", "contact/email")),
)
PEOPLE = st.sampled_from([*EVERYBODY, *FORGETFUL])


class TestEveryAddress(EveryAddress):
    """One request for each example."""

    @given(data=st.data())
    @some(0.4)
    def test_an_address_survives_anything(self, data: st.DataObject) -> None:
        who = self.cast[data.draw(PEOPLE)]
        route = data.draw(st.sampled_from(self.routes[who.name]))
        method = data.draw(st.sampled_from(METHODS))
        query = data.draw(st.dictionaries(st.sampled_from(QUERIES), QUOTED, max_size=3))
        headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), HEADER, max_size=2))
        if data.draw(st.booleans()):
            own = who.client.cookies.output(header="", sep=";")
            headers["HTTP_COOKIE"] = f"{own}; {data.draw(COOKIE)}"
        self.answered(
            who,
            method,
            route.path,
            forgery=data.draw(st.booleans()),
            data=data.draw(BODY),
            content_type=data.draw(st.sampled_from(KINDS)),
            QUERY_STRING="&".join(f"{key}={value}" for key, value in query.items()),
            **headers,
        )

    @given(data=st.data())
    @some(0.2)
    def test_a_made_up_address_survives(self, data: st.DataObject) -> None:
        who = self.cast[data.draw(PEOPLE)]
        folders = ["/", CARD, f"{LIST}cancel/", f"{LIST}cancel/security-card/", "/static/"]
        own = ["/admin/", "/settings/user/sessions/", "/settings/user/contact/", *ADMIN]
        start = data.draw(st.sampled_from(folders + own))
        rest = data.draw(QUOTED | st.integers(-(2**70), 2**70).map(str))
        end = data.draw(st.sampled_from(["", "/", "/image.png", "/activate/", "/change/", "/end/"]))
        method = data.draw(st.sampled_from(["GET", "POST"]))
        self.answered(who, method, f"{start}{rest}{end}")

    @given(data=st.data())
    @some(0.15)
    def test_a_form_of_the_desk_survives_anything(self, data: st.DataObject) -> None:
        desk = [route for route in self.routes["staff"] if route.of_admin]
        route = data.draw(st.sampled_from(desk))
        wrong = data.draw(st.dictionaries(st.sampled_from(FIELDS), QUOTED, min_size=1, max_size=2))
        self.sent("staff", route.path, RIGHT, wrong)

    @given(data=st.data())
    @some(0.15)
    def test_a_form_around_a_password_survives_anything(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(PASSWORDS))
        fields = st.sampled_from([*RIGHT_PASSWORD, "username"])
        wrong = data.draw(st.dictionaries(fields, QUOTED, min_size=1, max_size=2))
        self.sent(data.draw(PEOPLE), path, RIGHT_PASSWORD, wrong)

    @given(
        name=st.sampled_from(["pending", "code_full"]),
        text=TEXT | st.text("0123456789 .-０１٣", max_size=30),
    )
    @some(0.1)
    def test_an_answer_may_be_anything(self, name: str, text: str) -> None:
        who = self.cast[name]
        path = f"{CARD}{who.waiting.public_id}/activate/" if who.waiting else "/login/verify/"
        entries = {"temporary_code": quoted(text), "card_values": quoted(text)}
        self.sent(name, path, {}, entries)

    def sent(self, name: str, path: str, right: dict[str, str], wrong: dict[str, str]) -> None:
        """Post a form in which some entries are wrong (quoted) and the others right."""
        entries = {key: quoted(text) for key, text in right.items()} | wrong
        body = "&".join(f"{key}={text}" for key, text in entries.items())
        self.answered(self.cast[name], "POST", path, data=body.encode(), content_type=KINDS[0])
