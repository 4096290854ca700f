"""Agents at the desk: the caller's page, the real form with what was seen, the code."""

from __future__ import annotations

import re
import time

from django.urls import reverse

from tests.load.people import Person
from tests.load.walks import LostError, Walk, form_of

_DIGITS = re.compile(r'<span class="digits">(\d+)</span>')


class Desk(Walk):
    """An agent who takes calls."""

    # Before the proof of both factors is no longer fresh.
    _SHIFT = 200
    _logged_in_at = 0.0

    def begin(self) -> None:
        """Log in, unless that was just now."""
        if not self._logged_in_at or time.monotonic() > self._logged_in_at + self._SHIFT:
            self.log_in()
            self._logged_in_at = time.monotonic()

    def issue(self, caller: Person, trouble: str = "") -> None:
        """A call: the caller's page, the form with what was seen, the code."""
        self.begin()
        person = reverse("admin:accounts_user_change", args=[caller.pk])
        self.expect(self.browser.get(person, "desk page"), 200)
        page = self.browser.get(
            reverse("admin:temporary_code_issue", args=[caller.pk]), "desk page"
        )
        form = form_of(page, 'name="request_id"')
        typed = {
            "do": "issue",
            "document": "passport",
            "document_seen": "in_person",
            "reason": "A",
            "ticket": f"T-{caller.pk}",
        }
        if trouble == "two requests":
            clicks = self.browser.post_twice(form, "desk issues", **typed)
        else:
            clicks = [self.browser.post(form, "desk issues", **typed)]
        codes = ["".join(_DIGITS.findall(click.text)) for click in clicks]
        if sum(map(bool, codes)) != 1:
            raise LostError(f"{sum(map(bool, codes))} codes", clicks[-1])
        caller.code = "".join(codes)
        caller.told["code"] += 1
        caller.has_code.set()
