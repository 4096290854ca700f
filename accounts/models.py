"""Clients and staff, and the sessions they have open."""

from __future__ import annotations

import zoneinfo
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.debug import sensitive_variables

from accounts import search
from accounts.new_addresses import NewAddress, NotSentError
from accounts.password_reset import PasswordReset
from securelogin import notices
from securelogin.conf import policy
from securelogin.desk.masking import masked_username
from securelogin.events import Event
from securelogin.models import SecurityEvent, lock_client
from securelogin.prepared import Prepared

if TYPE_CHECKING:
    from accounts.sessions import SessionStore


def validate_time_zone(name: str) -> None:
    """An IANA name that this machine knows.

    Raises:
        ValidationError: it is not one.
    """
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Choose a time zone, for example Europe/Zurich.")


class PortalUserManager(UserManager["User"]):
    """User names are kept in lower case (KB1132)."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of that name, however it was typed."""
        user = _of_name().first(username=(username or "").strip().lower())
        if user is None:
            raise User.DoesNotExist
        return user


@cache
def _of_name() -> Prepared[User]:
    return Prepared(
        lambda username: User.objects.filter(username=username), username=models.CharField()
    )


class User(AbstractUser):
    """A client, or a member of staff (``is_staff``)."""

    class Layout(models.TextChoices):
        """How the menu is arranged (note 1 of the base text)."""

        STANDARD = "standard", "Standard: menu on the left"
        CLASSIC = "classic", "Classic: Manage Account on top"

    time_zone = models.CharField(
        max_length=64, default="Europe/Zurich", validators=[validate_time_zone]
    )
    language = models.CharField(max_length=8, default="en")
    phone = models.CharField(max_length=32, blank=True)
    # A second place for notices: whoever has one mailbox cannot keep a change quiet.
    notify_email = models.EmailField(blank=True)
    # Since when each is on file: a fresh one proves nothing about a caller (design, row 19).
    email_since = models.DateTimeField(default=timezone.now, editable=False)
    phone_since = models.DateTimeField(default=timezone.now, editable=False)
    notify_email_since = models.DateTimeField(default=timezone.now, editable=False)
    # Names, addresses and digits as the desk's search compares them.
    search_text = models.TextField(default="", editable=False)
    layout = models.CharField(max_length=8, choices=Layout.choices, default=Layout.STANDARD)
    # The kind of device of the last login: the next one begins with it.
    last_device_type = models.CharField(max_length=40, blank=True, editable=False)

    # The timeline says when and with what somebody logged in; without the column Django writes
    # one row less at each login.
    last_login = None

    objects: ClassVar[PortalUserManager] = PortalUserManager()

    class Meta(AbstractUser.Meta):
        verbose_name = "client"
        verbose_name_plural = "clients"
        default_permissions = ()
        # The desk looks for whole addresses: parts of them, such as the name of the largest
        # provider, are in too many texts to be found by.
        indexes: ClassVar = [
            models.Index(Upper("email"), name="user_email"),
            models.Index(Upper("notify_email"), name="user_notify_email"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the user name in lower case, and what the desk searches beside it."""
        self.username = self.username.lower()
        self.search_text = self.searchable
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "search_text"}
        super().save(*args, **kwargs)

    @property
    def searchable(self) -> str:
        """What `search_text` holds; for rows made in bulk, which pass `save` by."""
        return search.text_of(
            self.first_name,
            self.last_name,
            self.username,
            self.email,
            self.notify_email,
            phone=self.phone,
        )

    @property
    def masked_username(self) -> str:
        """As much of the user name as the desk sees."""
        return masked_username(self.username)

    @property
    def desk_name(self) -> str:
        """What the desk calls this person. Of a client without a name it sees no user name."""
        return self.get_full_name() or (self.username if self.is_staff else self.masked_username)

    @property
    def contact_since(self) -> datetime:
        """Since when all of the contact data is on file."""
        return max(self.email_since, self.notify_email_since, self.phone_since)

    @property
    def addresses(self) -> list[str]:
        """Where notices go: every address on file, and every one that was taken off lately.

        SECURITY: the last ones too, so that a thief who puts in an own address does not keep
        the owner from hearing of it (NIST SP 800-63B-4 4.6, ASVS 6.3.7).
        """
        found = [self.email, self.notify_email, *self._former_addresses(timezone.now())]
        # Capital letters make no other mailbox.
        return list({address.casefold(): address for address in found if address}.values())

    @sensitive_variables()
    def ask_contact(self, *, email: str, notify_email: str, phone: str) -> list[NewAddress]:
        """The client's own wish: a new address waits for its number, the rest counts at once.

        Every address on file hears of it now, while it is still in force.

        Args:
            email: as wanted.
            notify_email: as wanted; empty takes the second address off.
            phone: as wanted.

        Returns:
            The addresses that wait now and did not before. A number was sent to each, unless
            too many were sent lately or the mail server is down (`NewAddress.sent_at`).
        """
        with transaction.atomic():
            lock_client(self)
            self.refresh_from_db(fields=["email", "notify_email", "phone"])
            if self.notify_email and not notify_email:
                # Nor one that waits to take its place.
                self.new_addresses.filter(which=NewAddress.Which.SECOND).delete()
            wanted = {"email": email, "notify_email": notify_email}
            asked = NewAddress.objects.ask(self, {k: wanted[k] for k in wanted if wanted[k]})
            taken_off = None if notify_email else ""
            self.change_contact(notify_email=taken_off, phone=phone, by=self)
        for row, number in asked:
            if number:
                with suppress(NotSentError):
                    row.post(number)
        return [row for row, _number in asked]

    def change_contact(
        self,
        *,
        email: str | None = None,
        notify_email: str | None = None,
        phone: str | None = None,
        by: User | None = None,
    ) -> bool:
        """Put new contact data on file. They prove nothing for a while.

        Args:
            email: the new address; None keeps the old one.
            notify_email: the new second address; None keeps the old one, empty takes it off.
            phone: the new number; None keeps the old one.
            by: who changed it; None for the portal.

        Returns:
            Whether anything changed.
        """
        now = timezone.now()
        wanted = {"email": email, "notify_email": notify_email, "phone": phone}
        with transaction.atomic():
            lock_client(self)
            self.refresh_from_db(fields=[*wanted])
            new = {
                name: value
                for name, value in wanted.items()
                if value is not None and value != getattr(self, name)
            }
            if not new:
                return False
            FormerAddress.objects.bulk_create(
                FormerAddress(user=self, address=getattr(self, name), left_at=now)
                for name in new
                if name != "phone" and getattr(self, name)
            )
            for name, value in new.items():
                setattr(self, name, value)
                setattr(self, f"{name}_since", now)
            self.save(update_fields=[*new, *(f"{name}_since" for name in new)])
            what = get_text_list([_CONTACT_WORDS[name] for name in new], "and")
            event = SecurityEvent.objects.record(Event.CONTACT_CHANGED, self, actor=by, what=what)
            notices.queue("contact_changed", self, event=event, what=what)
        return True

    @sensitive_variables()
    def change_password(self, password: str, *, spare: str = "") -> bool:
        """Set a password that the rules have passed, and end what the old one opened.

        Args:
            password: as typed.
            spare: the key of the session that goes on; empty for none.

        Returns:
            False, and nothing is changed, if that session was ended meanwhile.
        """
        # The slow hash before the lock, so that nobody waits for it.
        self.set_password(password)
        with transaction.atomic():
            lock_client(self)
            own = Session.objects.of(self)
            # SECURITY: a session that its owner has just ended elsewhere changes nothing.
            if spare and not own.filter(session_key=spare).exists():
                return False
            # SECURITY: the new hash ends pending sign-ins and resets too: they carry the old.
            type(self).objects.filter(pk=self.pk).update(password=self.password)
            others = own.exclude(session_key=spare)
            event = SecurityEvent.objects.record(
                Event.PASSWORD_CHANGED, self, actor=self, sessions=others.count()
            )
            notices.queue("password_changed", self, event=event)
            # Sessions after the event, as wherever a step up renews one: no deadlock.
            others.delete()
        return True

    @classmethod
    def deletable(cls, now: datetime) -> dict[str, models.QuerySet[Any]]:
        """Rows about clients that retention lets go, by what they are called, each in the order
        of its index (job).

        Args:
            now: aware.
        """
        return {
            "former addresses": FormerAddress.objects.filter(left_at__lte=now - _quiet()).order_by(
                "left_at"
            ),
            "new addresses never confirmed": NewAddress.objects.over(now).order_by("asked_at"),
            "old password resets": PasswordReset.objects.over(now).order_by("started_at"),
        }

    def _former_addresses(self, now: datetime) -> list[str]:
        former = self.former_addresses.filter(left_at__gt=now - _quiet())
        return list(former.order_by("-left_at").values_list("address", flat=True))


_CONTACT_WORDS = {**dict(NewAddress.Which.choices), "phone": "phone number"}


def _quiet() -> timedelta:
    return timedelta(days=policy().contact_quiet_days)


class FormerAddress(models.Model):
    """An e-mail address that a client took off file. For a while notices still go there."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_addresses")
    address = models.EmailField()
    left_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["left_at"], name="former_address_left")]

    def __str__(self) -> str:
        return f"Former address {self.pk}"


class SessionQuerySet(models.QuerySet["Session"]):
    """Sentences about sessions."""

    def of(self, user: User) -> SessionQuerySet:
        """The rows of one client who is logged in; some may be over already."""
        return self.filter(user_id=user.pk, pending=False)

    def awake(self, user_id: Any, now: Any) -> SessionQuerySet:
        """Those of a client that are not over; the values may be open (`securelogin.prepared`)."""
        return self.filter(user_id=user_id, pending=False, expire_date__gt=now)

    def end(self, user: User, kind: Event = Event.SESSION_ENDED_BY_OWNER) -> int:
        """Their owner ends these sessions from another one, or the operator does.

        Args:
            user: whose they all are.
            kind: which of the two; the operator is no actor, as whoever acts on the server.

        Returns:
            How many were ended.
        """
        by = user if kind is Event.SESSION_ENDED_BY_OWNER else None
        with transaction.atomic():
            lock_client(user)
            ended = self.count()
            if ended:
                SecurityEvent.objects.record(kind, user, actor=by, sessions=ended)
            # After the event, as in `User.change_password`.
            if ended and not self.delete()[0]:
                # It got a new key meanwhile and goes on: nobody may be told that it was ended.
                transaction.set_rollback(True)
                return 0
        return ended

    def give_way(self, user: User) -> int:
        """These sessions end because their owner has logged in elsewhere. Call it in the
        transaction of that login, after its event.

        Returns:
            How many were ended.
        """
        ended = self.count()
        # No lock of the client's row: a login holds a device's, which comes after it. Since the
        # event of the login, whoever else ends or opens a session of this client waits.
        SecurityEvent.objects.record(Event.SESSION_ENDED_BY_LIMIT, user, sessions=ended)
        self.delete()
        return ended


class SessionManager(BaseSessionManager.from_queryset(SessionQuerySet)):  # type: ignore[misc]
    """Django's, with those sentences."""


class Session(AbstractBaseSession):
    """A session on the server. ``expire_date`` is its idle end."""

    # Who is logged in, or about to be: read along with the row, in one statement.
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    # The password was right, and the second step is still open.
    pending = models.BooleanField(default=False, db_default=False)
    # The key of the pending row that this login took over; empty once the key has changed again.
    former_key = models.CharField(max_length=40, blank=True, default="", db_default="")

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta(AbstractBaseSession.Meta):
        default_permissions: ClassVar = ()
        indexes: ClassVar = [
            models.Index(
                fields=["former_key"], condition=~models.Q(former_key=""), name="session_former"
            )
        ]

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        """The engine that reads and writes this table."""
        from accounts.sessions import SessionStore

        return SessionStore
