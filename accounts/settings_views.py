"""Settings > User Settings: password, contact data, and where the client is logged in."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import own_sessions
from accounts.forms import ContactForm
from accounts.models import User
from accounts.new_addresses import AddressOverError, NewAddress, NotSentError, PausedError
from accounts.password_forms import NewPasswordForm, NumberForm
from securelogin import proof
from securelogin.conf import policy
from securelogin.forms import attempts_left_words
from securelogin.models import devices_of

CONTACT_FIELDS = ("email", "notify_email", "phone")
_NO_NUMBER = (AddressOverError, NotSentError, PausedError)
# SECURITY: one sentence for a number that is wrong and for one that comes too late.
_WRONG_OR_LATE = "That number is not correct, or it is too old. Check it, or have another one sent."


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password, after a fresh proof of both factors. All other sessions end."""
    user = cast("User", request.user)
    fresh = proof.is_fresh(request)
    if request.method == "POST" and not fresh:
        # SECURITY: nothing typed is kept: it may be the new password.
        return proof.ask(request)
    form = NewPasswordForm(user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        key = request.session.session_key or ""
        with transaction.atomic():
            if not user.change_password(form.cleaned_data["password"], spare=key):
                return redirect("accounts:login")
            # SECURITY: under a new key; the old one goes with the old password.
            update_session_auth_hash(request, user)
        messages.success(
            request, "Your password was changed. Everywhere else you are logged out now."
        )
        return redirect("accounts:user_settings")
    status = 422 if form.errors else 200
    context = {"form": form, "fresh": fresh}
    return render(request, "accounts/password_change.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """E-mail addresses and phone number, after a fresh proof of both factors."""
    user = cast("User", request.user)
    if request.method == "POST":
        form = ContactForm(user, request.POST)
        if form.is_valid():
            if not proof.is_fresh(request):
                return proof.ask(request, keep=CONTACT_FIELDS)
            return _contact_asked(request, user, form.cleaned_data)
    else:
        on_file = {name: getattr(user, name) for name in CONTACT_FIELDS}
        form = ContactForm(user, initial={**on_file, **proof.kept(request)})
    status = 422 if form.errors else 200
    context = {"form": form, "waiting": NewAddress.objects.waiting(user)}
    return render(request, "accounts/contact.html", context, status=status)


def _contact_asked(request: HttpRequest, user: User, wanted: dict[str, str]) -> HttpResponse:
    before = user.contact_since
    asked = user.ask_contact(**wanted)
    if user.contact_since != before:
        messages.success(
            request, "Your contact data were changed. We told every address, the old ones too."
        )
    return _to_number(asked)


def _to_number(waiting: list[NewAddress]) -> HttpResponse:
    if waiting:
        return redirect("accounts:new_address", which=waiting[0].which)
    return redirect("accounts:user_settings")


@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def new_address(request: HttpRequest, which: str) -> HttpResponse:
    """The number that was sent to a new address."""
    user = cast("User", request.user)
    row = _waiting(user, which)
    if row is None:
        return render(request, "accounts/new_address_over.html")
    form = NumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            right = row.confirm(
                form.cleaned_data["number"], session_key=request.session.session_key or ""
            )
        except AddressOverError:
            return redirect("accounts:new_address", which=which)
        if right:
            messages.success(request, "Your new address is confirmed. We told the old one, too.")
            return _to_number(NewAddress.objects.waiting(user))
        if row.is_spent:
            return redirect("accounts:new_address", which=which)
        left = attempts_left_words(policy().check_number_attempts - row.failures)
        form.add_error("number", f"{_WRONG_OR_LATE} {left}")
    return _number_page(request, row, form)


@require_POST
def send_new_address(request: HttpRequest, which: str) -> HttpResponse:
    """Another number for the same address; why there is none, the page says."""
    row = _waiting(cast("User", request.user), which)
    if row is not None:
        with suppress(*_NO_NUMBER):
            row.send()
            messages.success(request, "We sent another number. The one before is void.")
    return redirect("accounts:new_address", which=which)


@require_POST
def withdraw_new_address(request: HttpRequest, which: str) -> HttpResponse:
    """Forget an address that waits. It changes nothing in force, so it needs no proof."""
    row = _waiting(cast("User", request.user), which)
    if row is not None:
        row.withdraw()
        messages.success(request, "The new address is withdrawn. Nothing was changed.")
    return redirect("accounts:contact")


def _waiting(user: User, which: str) -> NewAddress | None:
    if which not in NewAddress.Which:
        raise Http404
    return next((row for row in NewAddress.objects.waiting(user) if row.which == which), None)


def _number_page(request: HttpRequest, row: NewAddress, form: NumberForm) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "row": row}
    return render(request, "accounts/new_address.html", context, status=status)


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the client is logged in."""
    devices = devices_of(cast("User", request.user))
    context = {"sessions": own_sessions.open_sessions(request, devices)}
    return render(request, "accounts/sessions.html", context)


@require_POST
def end_session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Log out one of the client's other browsers."""
    # Another client's session and one that is gone get the same answer.
    if not own_sessions.other(request, public_id).end(cast("User", request.user)):
        raise Http404
    messages.success(request, "The other browser is logged out.")
    return redirect("accounts:sessions")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Log out everywhere else."""
    own_sessions.others(request).end(cast("User", request.user))
    messages.success(request, "You are logged out everywhere else.")
    return redirect("accounts:sessions")
