"""A forgotten password: user name, number from an e-mail, security device, new password.

One page for each. The session holds the number of the row, nothing else; the row knows how far
it has come. Until the number is right the pages are the same for every user name.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.forms import paused_words
from accounts.models import User
from accounts.password_forms import ForgottenForm, NewPasswordForm, NumberForm
from accounts.password_reset import PasswordReset, ResetOverError, Stage
from accounts.reset_throttle import ResetThrottle
from securelogin import second_step
from securelogin.access import Access, needs
from securelogin.conf import policy
from securelogin.forms import attempts_left_words
from securelogin.models import LoginDevice

SESSION_KEY = "password_reset"
_PAGE_OF = {
    Stage.NUMBER: "accounts:reset_number",
    Stage.DEVICE: "accounts:reset_device",
    Stage.PASSWORD: "accounts:reset_password",
}


@needs(Access.NONE)
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Forgot your password? Whatever name is typed, the answer is the same."""
    if request.user.is_authenticated and request.method != "POST":
        return redirect("accounts:password")
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        username = form.cleaned_data["username"].lower()
        throttle = ResetThrottle(request, username)
        if until := throttle.paused_until:
            form.add_error(None, paused_words(until))
        else:
            row = PasswordReset.objects.start(username, throttle.count())
            # SECURITY: whatever the session held is gone, under a new key.
            request.session.flush()
            request.session[SESSION_KEY] = row.pk
            return redirect("accounts:reset_number")
    return _page(request, "forgotten", form)


@needs(Access.NONE)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest) -> HttpResponse:
    """The number from the e-mail."""
    row = _at(request, Stage.NUMBER)
    if isinstance(row, HttpResponse):
        return row
    form = NumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            right = row.compare(form.cleaned_data["number"])
        except ResetOverError:
            return redirect("accounts:reset_number")
        if right:
            # SECURITY: a new key, because the session can do more from now on.
            request.session.cycle_key()
            return redirect("accounts:reset_device")
        if row.stage is Stage.OVER:
            return redirect("accounts:reset_number")
        left = attempts_left_words(policy().check_number_attempts - row.failures)
        form.add_error("number", f"That number is not correct. Check it and try again. {left}")
    return _page(request, "number", form)


@needs(Access.NONE)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def device(request: HttpRequest) -> HttpResponse:
    """The security device: a number in a mailbox alone replaces nothing (ASVS 6.4.3)."""
    row = _at(request, Stage.DEVICE)
    if isinstance(row, HttpResponse):
        return row
    with timezone.override(ZoneInfo(row.client.time_zone)):
        try:
            return _ask_device(request, row)
        except ResetOverError:
            return redirect("accounts:reset_device")


@needs(Access.NONE)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """The new password; then the login begins anew, with it."""
    row = _at(request, Stage.PASSWORD)
    if isinstance(row, HttpResponse):
        return row
    form = NewPasswordForm(row.client, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row.finish(form.cleaned_data["password"])
        except ResetOverError:
            return redirect("accounts:reset_password")
        request.session.flush()
        return redirect(f"{resolve_url('accounts:login')}?r=password")
    return _page(request, "password", form)


def _at(request: HttpRequest, stage: Stage) -> PasswordReset | HttpResponse:
    """This session's reset if it waits for this page's answer, else where to go instead."""
    known = PasswordReset.objects.select_related("user")
    row = known.filter(pk=request.session.get(SESSION_KEY, 0)).first()
    if row is None:
        return redirect("accounts:forgotten")
    if row.stage is Stage.OVER:
        return render(request, "accounts/password_reset_over.html")
    return row if row.stage is stage else redirect(_PAGE_OF[row.stage])


@sensitive_variables()
def _ask_device(request: HttpRequest, row: PasswordReset) -> HttpResponse:
    chosen = request.GET.get("device", "")
    asked = form = None
    if request.method == "POST":
        # One transaction: an answer that is used up always means a step further.
        with transaction.atomic():
            asked = next(_devices(row.client, chosen, lock=True), None)
            form = second_step.form_of(request, asked) if asked else None
            if asked and form and form.is_valid():
                if row.prove(asked, form.answer):
                    return redirect("accounts:reset_password")
                form.explain(asked)
    devices = list(_devices(row.client, chosen))
    if not devices:
        return render(request, "accounts/password_reset_no_device.html")
    asked, *others = devices
    if until := asked.locked_until:
        # Whatever was typed, the page is the same: a lock never tells whether it was right.
        return render(request, "securelogin/locked.html", {"until": until}, status=429)
    form = form or second_step.form_of(request, asked)
    context = second_step.page_context(asked, form, others)
    status = 422 if form.errors else 200
    return render(request, "accounts/password_reset_device.html", context, status=status)


def _devices(user: User, chosen: str, *, lock: bool = False) -> Iterator[LoginDevice]:
    # SECURITY: a device that only reaches the card page proves nothing for the rest.
    usable = second_step.devices_to_ask(user, chosen, lock=lock, least=Access.FULL)
    return (device for device in usable if device.may_reset_password)


def _page(request: HttpRequest, step: str, form: forms.Form) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form}
    return render(request, f"accounts/password_reset_{step}.html", context, status=status)
