"""A wrong answer that a browser sends again, because its page was loaded again, counts once.

The page of a refused answer is the answer to a POST, so a reload sends the same form once more.
It is told from a second try by its token, which is another one on each page that is shown. What
was typed is not kept: the pending session holds a keyed mark of it, which is of no use elsewhere.

It helps nobody who guesses: what is sent again was wrong and, where the right answer stays the
same (`LoginDevice.question`), is wrong still. Waits and locks refuse first, and the answer is
judged all the same, so nothing can be learned from it nor from the time that it takes.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from securelogin import keys

if TYPE_CHECKING:
    from securelogin.models import LoginDevice

SESSION_KEY = "wrong_answer"
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field


@sensitive_variables()
def mark_of(request: HttpRequest, device: LoginDevice, answer: str) -> str:
    """Names this form with this answer; empty if sending it again is a try like any other.

    Args:
        request: the POST.
        device: the one that is asked.
        answer: cleaned.
    """
    token = request.POST.get(_TOKEN, "")
    if not token or not device.question:
        return ""
    _key_id, key = keys.current(settings.ANSWER_KEYS)
    said = (SESSION_KEY, device.persistent_id, device.question, token, answer)
    return hmac.new(key, "\0".join(said).encode(), hashlib.sha256).hexdigest()


def is_last_wrong(request: HttpRequest, mark: str) -> bool:
    """Whether the last wrong answer of this pending login has this mark."""
    last = request.session.get(SESSION_KEY, "")
    return bool(mark) and constant_time_compare(last, mark)


def note_wrong(request: HttpRequest, mark: str) -> None:
    """The form with this mark was wrong."""
    request.session[SESSION_KEY] = mark
