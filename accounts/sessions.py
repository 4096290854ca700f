"""The session engine (``SESSION_ENGINE``): Django's database sessions with an idle end.

Activity moves only the row's ``expire_date``. Writing the whole session on every request
would let a slow request put back what a faster one had just changed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Session
from securelogin.conf import policy

# Django's: 32 letters and digits, 165 bits.
KEY_LENGTH = 32


class SessionStore(DatabaseStore):
    """Sessions in ``accounts.Session``."""

    # Key and content as this object wrote them last.
    _written = ("", "")

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row, with its owner, so that a client's sessions can be found and ended."""
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        return row

    def _validate_session_key(self, key: str | None) -> bool:
        """Only what this engine makes: a cookie may hold anything, zero bytes too, on which
        PostgreSQL would answer with an error."""
        return key is not None and len(key) == KEY_LENGTH and key.isascii() and key.isalnum()

    def get_session_cookie_age(self) -> int:
        """Seconds without a request until the session ends."""
        return int(policy().idle_life.total_seconds())

    def save(self, must_create: bool = False) -> None:
        """Write the session, in one statement, unless this request has written just this.

        A view that saves in its own transaction, so that a login and its session are one, is
        followed by the middleware, which saves whatever was changed.

        Raises:
            UpdateError: it was ended meanwhile.
        """
        if self.session_key is None:
            self.create()
            return
        # Django's own, which its stubs leave out.
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        state = (self.session_key, repr(data))
        if state == self._written and not must_create:
            return
        row = self.create_model_instance(data)
        if must_create:
            row.save(force_insert=True)
        else:
            mine = Session.objects.filter(session_key=row.session_key)
            # Not `row.save`: Django takes a database that does not answer for an ended session.
            if not mine.update(
                session_data=row.session_data, expire_date=row.expire_date, user_id=row.user_id
            ):
                raise UpdateError
        # After the commit: what is rolled back is not written.
        transaction.on_commit(partial(setattr, self, "_written", state))

    def touch(self) -> None:
        """A request came: the idle time starts again."""
        idle_end = timezone.now() + policy().idle_life
        Session.objects.filter(session_key=self.session_key).update(expire_date=idle_end)

    def cycle_key(self) -> None:
        """The same session under a new key. The old row goes now, the new one is written once,
        by the middleware, instead of first empty and then full."""
        data = self._get_session()  # type: ignore[attr-defined]
        self.delete()
        self._session_key = None
        self._session_cache = data
        self.modified = True

    def _get_new_session_key(self) -> str:
        """Not looked up first: 165 random bits, and inserting fails if they exist."""
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)

    def delete(self, session_key: str | None = None) -> None:
        """End the session, in one statement."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=key).delete()
