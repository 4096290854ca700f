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
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Session, User
from securelogin import pending
from securelogin.conf import policy
from securelogin.prepared import Prepared, PreparedInsert, PreparedUpdate

# Django's: 32 letters and digits, 165 bits.
KEY_LENGTH = 32


_OF_KEY = Prepared(
    lambda key, now: Session.objects.select_related("user").filter(
        session_key=key, expire_date__gt=now
    ),
    key=models.CharField(),
    now=models.DateTimeField(),
)
_COLUMNS = [field for field in Session._meta.concrete_fields if field.name != "former_key"]
_INSERT = PreparedInsert(Session)
_UPDATE = PreparedUpdate(
    lambda session_key, **changes: (Session.objects.filter(session_key=session_key), changes),
    **{field.attname: field for field in _COLUMNS},
)
_TAKE_OVER = """
    UPDATE accounts_session SET session_key = %(new)s, session_data = %(data)s,
        expire_date = %(expire_date)s, user_id = %(user)s, pending = %(pending)s,
        former_key = %(former)s
    WHERE session_key = %(old)s
    RETURNING (
        SELECT count(*) FROM accounts_session AS other
        WHERE other.user_id = %(user)s AND NOT other.pending AND other.expire_date > %(now)s
            AND other.session_key NOT IN (%(old)s, %(new)s)
    )
"""
_TOUCH = PreparedUpdate(
    lambda key, idle_end: (
        Session.objects.filter(session_key=key),
        {"expire_date": idle_end},
    ),
    key=models.CharField(),
    idle_end=models.DateTimeField(),
)


class SessionStore(DatabaseStore):
    """Sessions in ``accounts.Session``."""

    # The client of the row as it was read: logged in, or about to be.
    owner: User | None = None
    # The other sessions in which the client was logged in as this one was opened; None: not
    # counted.
    others: int | None = None
    # Key and content as this object wrote them last.
    _written = ("", "")
    # The row's key, while the session has a new one that is not written yet.
    _old_key: str | None = None
    # The row was read between the password and the second step.
    _was_pending = False
    # This request has ended the session, so that its cookie goes, too.
    was_ended_here = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row, with its owner, so that a client's sessions can be found and ended."""
        # Django's stubs give the model that this table replaces.
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        logged_in = data.get(SESSION_KEY)
        waiting = data.get(pending.SESSION_KEY)
        row.pending = not logged_in and bool(waiting)
        row.user_id = int(logged_in) if logged_in else waiting["user"] if waiting else None
        return row

    def _get_session_from_db(self) -> Session | None:
        """The row, with its owner."""
        row: Session | None = _OF_KEY.first(key=self.session_key, now=timezone.now())
        if row is None:
            self._session_key = None
            return None
        self.owner, self._was_pending = row.user, row.pending
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
        if not must_create and self._written == (self.session_key, repr(data)):
            return
        row = self.create_model_instance(data)
        if must_create and self._old_key:
            self._take_over(row)
        elif must_create:
            _INSERT(row)
        else:
            # Not `row.save`: Django takes a database that does not answer for an ended session.
            columns = {field.attname: getattr(row, field.attname) for field in _COLUMNS}
            if not _UPDATE(**columns):
                raise UpdateError
        # After the commit: what is rolled back is not written.
        written = (self.session_key, repr(data))
        transaction.on_commit(partial(setattr, self, "_written", written))

    def touch(self) -> bool:
        """A request came: the idle time starts again.

        Returns:
            False if the session was ended since this request read it.
        """
        return bool(_TOUCH(key=self.session_key, idle_end=timezone.now() + policy().idle_life))

    def cycle_key(self) -> None:
        """The same session under a new key, which its row takes when it is written next."""
        # Django's own, as above.
        data = self._get_session()  # type: ignore[attr-defined]
        self._old_key = self._old_key or self.session_key
        self._session_key = None
        self._session_cache = data
        self.modified = True

    def _take_over(self, row: Session) -> None:
        """Write a session with a new key over its own old row, in one statement, which counts
        the client's others, too.

        Of two logins that one pending row leads to, because a form was sent twice at once, the
        second joins the session of the first: nobody knows which answer the browser shows.

        Raises:
            UpdateError: SECURITY: it was ended meanwhile, and is not brought back.
        """
        old, self._old_key = self._old_key, None
        row.former_key = str(old) if self._was_pending and not row.pending else ""
        moment = connection.ops.adapt_datetimefield_value
        with connection.cursor() as cursor:
            cursor.execute(
                _TAKE_OVER,
                {
                    "old": old,
                    "new": row.session_key,
                    "data": row.session_data,
                    "expire_date": moment(row.expire_date),
                    "user": row.user_id,
                    "pending": row.pending,
                    "former": row.former_key,
                    "now": moment(timezone.now()),
                },
            )
            written = cursor.fetchone()
        if written:
            (self.others,) = written
            return
        awake = Session.objects.awake(row.user_id, timezone.now())
        twin = awake.filter(former_key=old).first()
        if not row.former_key or twin is None:
            raise UpdateError
        self._session_key = twin.session_key

    def _get_new_session_key(self) -> str:
        """Not looked up first: 165 random bits, and inserting fails if they exist."""
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)

    def delete(self, session_key: str | None = None) -> None:
        """End the session, in one statement."""
        key = session_key or self._old_key or self.session_key
        self._old_key = None
        self.was_ended_here = True
        if key is not None:
            Session.objects.filter(session_key=key).delete()
