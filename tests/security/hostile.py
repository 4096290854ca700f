"""Words, headers and bodies that nobody means well with."""

from __future__ import annotations

import json
from urllib.parse import quote_from_bytes

from django.conf import settings
from hypothesis import strategies as st

from accounts import known_browsers
from tests import factories

FIELDS = (
    "username",
    "password",
    "next",
    "temporary_code",
    "card_values",
    "kept",
    "acknowledged",
    "layout",
    "reason",
    "ticket",
    "note",
    "words",
    "request_id",
    "approval",
    "decision",
    "do",
    "called_back",
    "check_number",
    "document",
    "document_seen",
    "pressure",
    "since",
    "until",
    "action",
    "_selected_action",
    *("number", "repeat", "email", "notify_email", "phone", "csrfmiddlewaretoken"),
)


# What the desk's forms take; one wrong entry among right ones gets far.
RIGHT = {
    "do": "issue",
    "document": "passport",
    "document_seen": "in_person",
    "reason": "A",
    "ticket": "T-7",
    "decision": "refuse",
    "request_id": "7" * 32,
    "since": "2026-01-01",
    "until": "2026-01-02",
}


# What the forms around a password take.
RIGHT_PASSWORD = {
    "username": "forgot",
    "password": factories.PASSWORD,
    "repeat": factories.PASSWORD,
    "number": "000000",
    "temporary_code": "000000000",
    "card_values": "000000",
    "email": "jane@new.example",
    "notify_email": "",
    "phone": "+00 731 562 905",
    "next": "/home/",
}


METHODS = ("GET", "POST", "HEAD", "PUT", "TRACE", "PROPFIND")


QUERIES = (
    *("next", "r", "device", "layout", "view", "q", "p", "o", "e", "_to_field"),
    *("client", "group", "since", "until", "staff", "reference", "before", "after", "again"),
)


HEADERS = (
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT",
    "HTTP_REFERER",
    "HTTP_ORIGIN",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_RANGE",
    "HTTP_X_HTTP_METHOD_OVERRIDE",
    "HTTP_COOKIE",
    "HTTP_HOST",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "REMOTE_ADDR",
)


KINDS = (
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/x;charset=u"),
    *("application/json", "application/csp-report"),
)


# Digits of other scripts, separators, signs that end strings, paths, scripts, formats, numbers.
NASTY = st.sampled_from(
    [
        "\0",
        "１２３４５６",
        "٣٤٥٦٧٨",
        "²³¹²³¹",
        "..%2f..%2fetc/passwd",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "{{ 7*7 }}{% debug %}",
        "%s%n%x",
        "\r\nSet-Cookie: x=y",
        "-1",
        "9" * 40,
        "1e999",
        "é" * 300,
        "\ud800",
        "\u202e\u200b",
        "",
        "true",
        "[]",
    ]
)


TEXT = NASTY | st.text(max_size=40)


HEADER = TEXT.map(lambda text: text.encode("utf-8", "replace").decode("latin-1"))


def quoted(text: str) -> str:
    """As it stands in an address or a form."""
    return quote_from_bytes(text.encode("utf-8", "replace"))


# Texts, and bytes that are none, as they stand there.
QUOTED = TEXT.map(quoted) | st.binary(max_size=20).map(quote_from_bytes)


COOKIE = st.builds(
    "{}={}".format,
    st.sampled_from(
        [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, known_browsers.COOKIE, "messages"]
    ),
    HEADER,
)


FORM = st.dictionaries(st.sampled_from(FIELDS), QUOTED, max_size=4).map(
    lambda fields: "&".join(f"{key}={value}" for key, value in fields.items()).encode()
)


_REPORTED = st.sampled_from(["csp-report", "body", "blocked-uri", "documentURL", "x"])
JSON = st.recursive(
    TEXT | st.integers() | st.floats() | st.none(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(_REPORTED, part, max_size=3),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())


BODY = FORM | JSON | st.binary(max_size=80)
