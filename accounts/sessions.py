"""The session engine (``SESSION_ENGINE``): Django's database sessions with an idle end.

Activity moves only the row's ``expire_date``. Writing the whole session on every request
would let a slow request put back what a faster one had just changed.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Session
from securelogin.conf import policy

# Django's: 32 letters and digits, 165 bits.
KEY_LENGTH = 32


class SessionStore(DatabaseStore):
    """Sessions in ``accounts.Session``."""

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
        """Write the session.

        Raises:
            UpdateError: it was ended meanwhile.
            OperationalError: the database does not answer; Django would call that the same.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise

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
