"""All of the desk, link by link: nothing of a card's secrets is on any page."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page

from accounts.models import User
from securelogin import codes
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.browser import pages

MOST_PAGES = 200
# Other orders and counts of a list that is read anyway.
SAME_ROWS = re.compile(r"[?&](o|_facets|_changelist_filters)=")
LINK = re.compile(r'(?:href|src|action)="([^"]+)"')


def crawl(page: Page, start: str) -> Iterator[tuple[str, str]]:
    """Each page of the desk that links lead to, by address, without the orders of lists."""
    seen, waiting = {start}, [start]
    while waiting:
        url = waiting.pop()
        answer = page.request.get(url)
        yield url, answer.text()
        for found in LINK.findall(answer.text()):
            path = urljoin(url, found.replace("&amp;", "&")).partition("#")[0]
            if not urlsplit(path).path.startswith("/admin/") or SAME_ROWS.search(path):
                continue
            if path not in seen:
                seen.add(path)
                waiting.append(path)
        assert len(seen) < MOST_PAGES


def _written(secret: bytes) -> set[str]:
    return {secret.hex(), base64.b64encode(secret).decode(), repr(secret)}


def _words(text: str) -> str:
    """What stands on a page. Moments and networks go: they are numbers beside numbers too."""
    plain = re.sub("<[^>]*>", " ", text)
    return re.sub(r"\d{1,2} \w+ \d{4}, [\d:.apm ]+|\d+\.\d+\.\d+\.\d+/\d+", " ", plain)


def test_no_page_of_the_desk_holds_a_secret_of_a_card(
    page: Page, jane: User, sam: User, code: str
) -> None:
    kept = pages.all_done(page, jane, code)
    card = SecurityCard.objects.get()
    # Two small numbers stand side by side on any page: the open pair is one of large ones.
    while min(card.pair.first, card.pair.second) < 100:
        card.answered += 1
    card.save()
    _row, later = factories.make_code(jane)
    pages.log_in(page, sam, factories.make_code(sam)[1])

    forbidden = {code, later, " ".join(codes.groups(later)), f"{card.key_id}:"}
    # Salt and digest of a pair, and the order of the pairs.
    for secret in (card.answers[:16], card.answers[16:48], card.order[:12]):
        forbidden |= _written(bytes(secret))
    for row in TemporaryCode.objects.all():
        forbidden |= _written(bytes(row.salt)) | _written(bytes(row.digest))
    first, second = card.pair.first, card.pair.second
    # A value beside its index in whatever markup, the open pair, its answer.
    numbers = re.compile(
        "|".join(
            [
                *(rf"\b{index}\b\D{{1,40}}\b{value}\b" for index, value in kept.values.items()),
                rf"\b{first}\b\D{{1,40}}\b{second}\b",
                rf"\b{kept.values[first]}{kept.values[second]}\b",
            ]
        )
    )
    assert numbers.search(_words(f"<tr><th>{first}</th>\n<td>{kept.values[first]}</td></tr>"))

    seen = dict(crawl(page, f"/admin/accounts/user/?q={jane.username}"))
    for part in ("/user/", "/issue/", "/revoke/", "/securityevent/?client="):
        assert any(part in url for url in seen), part
    for url, text in seen.items():
        for secret in forbidden:
            assert secret not in text, url
        assert not re.search(r"argon2|image\.png|card\.pdf", text, re.IGNORECASE), url
        assert not numbers.search(_words(text)), url
