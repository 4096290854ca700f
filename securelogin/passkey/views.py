"""Adding a passkey, and the calm hint that there is such a thing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from securelogin.access import Access
from securelogin.banners import Banner
from securelogin.conf import policy
from securelogin.enrolment import Enroller, enrols
from securelogin.gate import access_of_request
from securelogin.passkey import ceremony
from securelogin.passkey.ceremony import Json, RefusedError
from securelogin.passkey.challenge import Purpose
from securelogin.passkey.forms import AddForm, asker, new_challenge
from securelogin.passkey.models import Passkey
from securelogin.permanent import TooManyDevicesError
from securelogin.registry import ListSection

if TYPE_CHECKING:
    from accounts.models import User
    from securelogin.models import LoginDevice

# SECURITY: the same for a passkey of another client, of another site, and of a broken key.
_REFUSED = "This passkey could not be added. Try again, or use another phone, computer or key."


@enrols
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, enroller: Enroller) -> HttpResponse:
    """Explains, and takes what the browser made."""
    form = AddForm(request.session, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            # One transaction: the passkey and the session that goes on with it, or neither.
            with enroller.adding(request):
                return redirect(enroller.complete(request, _added(request, enroller.user, form)))
        except RefusedError:
            form.add_error(None, _REFUSED)
        except TooManyDevicesError:
            form.add_error(None, _too_many())
    context = {
        "form": form,
        "is_first": enroller.is_first,
        "base": "base_signed_out.html" if enroller.is_first else "base_signed_in.html",
        "passkey_question": json.dumps(_question(request, enroller.user)),
    }
    status = 422 if form.errors else 200
    return render(request, "securelogin/passkey/add.html", context, status=status)


def _added(request: HttpRequest, user: User, form: AddForm) -> Passkey:
    made = ceremony.added(form.cleaned_data["passkey"], form.challenge)
    name = form.cleaned_data["name"]
    return Passkey.objects.add(user, name=name, made=made, handle=_handle(request, user))


def _handle(request: HttpRequest, user: User) -> bytes:
    """What authenticators know the client by: of the first passkey's session, for all others."""
    return Passkey.objects.handle_of(user) or asker(request.session, Purpose.ADD).handle


def _question(request: HttpRequest, user: User) -> Json:
    have = [row.credential for row in Passkey.objects.of(user).open()]
    options = ceremony.to_add(
        new_challenge(request.session, Purpose.ADD),
        _handle(request, user),
        user.username,
        user.get_full_name(),
        have,
    )
    return {"publicKey": options}


def _too_many() -> str:
    most = policy().devices_of_a_type
    return f"You have {most} passkeys, as many as there can be. Remove one that you no longer use."


def list_section(request: HttpRequest, devices: list[LoginDevice]) -> ListSection:
    """A hint for who has no passkey and may add one."""
    wanted = access_of_request(request) is Access.FULL and not any(
        isinstance(device, Passkey) and device.ended_at is None for device in devices
    )
    hint = Banner(
        "info",
        "With a passkey there is nothing to type, and no false website can use it.",
        link_url=reverse("securelogin:passkey:add"),
        link_text="Add a passkey",
    )
    return ListSection(template="", context={}, banners=[hint] if wanted else [])
