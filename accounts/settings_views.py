"""Settings > User Settings: password, contact data, and where the client is logged in."""

from __future__ import annotations

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
from accounts.password_forms import NewPasswordForm
from securelogin import proof

CONTACT_FIELDS = ("email", "notify_email", "phone")


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
        form = ContactForm(request.POST)
        if form.is_valid():
            if not proof.is_fresh(request):
                return proof.ask(request, keep=CONTACT_FIELDS)
            if user.change_contact(by=user, **form.cleaned_data):
                messages.success(
                    request,
                    "Your contact data were changed. We told every address, the old ones too.",
                )
            return redirect("accounts:user_settings")
    else:
        on_file = {name: getattr(user, name) for name in CONTACT_FIELDS}
        form = ContactForm(initial={**on_file, **proof.kept(request)})
    status = 422 if form.errors else 200
    return render(request, "accounts/contact.html", {"form": form}, status=status)


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the client is logged in."""
    context = {"sessions": own_sessions.open_sessions(request)}
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
