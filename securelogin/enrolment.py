"""Who may add a security device now: the one rule in front of every type's own pages.

Either a session with full access that was proven freshly; or, for a client who has never had a
device, the password alone (NIST SP 800-63B-4 4.1.2.1: then AAL1 is the most there is). SECURITY:
a client whose devices have ended or are on hold is never let in here by the password: that would
be a way past the second step. Nor is a member of staff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone

from securelogin import pending, proof
from securelogin.access import Access, needs
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.gate import hold_device, refusal
from securelogin.models import LoginDevice, SecurityEvent
from securelogin.pending import PendingExpiredError, PendingSignIn
from securelogin.registry import DeviceTypeConfig, device_types

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Enroller:
    """Somebody who may add a device.

    Attributes:
        user: whose it will be.
        waiting: the pending sign-in that the first device completes; None in a session.
    """

    user: User
    waiting: PendingSignIn | None = None

    @property
    def is_first(self) -> bool:
        """Whether it is the client's first device."""
        return self.waiting is not None

    @contextmanager
    def adding(self, request: HttpRequest) -> Iterator[None]:
        """The transaction in which a device is added and `complete` is called.

        Raises:
            DeviceOverError: the session's own device was ended meanwhile.
        """
        with transaction.atomic():
            if not self.is_first:
                hold_device(request)
            yield

    def complete(self, request: HttpRequest, device: LoginDevice) -> str:
        """The device is added: log in with it, or go on with it in this session.

        SECURITY: call it in `adding`, with nothing after it.

        Returns:
            Where to go.

        Raises:
            PermissionDenied: somebody else, with the same password, added the first device
                meanwhile; the transaction takes this one back.
        """
        if self.waiting is not None:
            # SECURITY: asked again, now that the client is locked.
            if not _is_only_device(self.user):
                raise PermissionDenied
            pending.finish(request, self.waiting, device)
        else:
            pending.step_up(request, device)
            proof.note(request)
            request.session.save()
        return resolve_url("securelogin:device_added", device.type_slug, device.pk)


def may_add_first(user: User) -> bool:
    """Whether the password alone lets this client add a device."""
    if user.is_staff or user.is_superuser:
        return False
    if any(config.device_model.objects.of(user).exists() for config in device_types()):
        return False
    # SECURITY: the rows of devices that are long over are deleted; the trail remembers them.
    given = (Event.DEVICE_ISSUED, Event.DEVICE_ACTIVATED)
    return not SecurityEvent.objects.filter(user=user, kind__in=given).exists()


def _is_only_device(user: User) -> bool:
    return sum(config.device_model.objects.of(user).count() for config in device_types()) == 1


def types_to_add() -> list[DeviceTypeConfig]:
    """The types that a client can add, in the order of preference."""
    return [config for config in device_types() if config.enrolment is not None]


EnrolView = Callable[..., HttpResponseBase]


def enrols(view: EnrolView) -> EnrolView:
    """Marks a view that adds a device: it is called with the `Enroller` after the request.

    Everybody else is sent to the login, to the fresh proof, or to the second step; a session that
    only reaches the card page is refused as by the gate.
    """

    @needs(Access.NONE)
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return _in_session(view, request, *args, **kwargs)
        try:
            waiting = pending.load(request, policy().first_device_life)
        except PendingExpiredError:
            minutes = policy().first_device_minutes
            return render(request, "securelogin/pending_expired.html", {"minutes": minutes})
        if waiting is None:
            return _in_session(view, request, *args, **kwargs)
        if not may_add_first(waiting.user):
            return redirect("securelogin:challenge")
        with timezone.override(ZoneInfo(waiting.user.time_zone)):
            return view(request, Enroller(waiting.user, waiting), *args, **kwargs)

    return guarded


def _in_session(
    view: EnrolView, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    # SECURITY: the gate, by hand, since the view is open to a pending sign-in as well.
    if refused := refusal(request, Access.FULL):
        return refused
    if not proof.is_fresh(request, policy().client_proof_life):
        return proof.ask(request, back=request.path)
    return view(request, Enroller(cast("User", request.user)), *args, **kwargs)
