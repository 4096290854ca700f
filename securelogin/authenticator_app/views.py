"""Adding an authenticator app: what is needed, then the key, then one code that proves it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from securelogin.authenticator_app import enrolling, provisioning
from securelogin.authenticator_app.enrolling import Draft
from securelogin.authenticator_app.forms import ProofForm
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.enrolment import Enroller, enrols
from securelogin.permanent import TooManyDevicesError

_TEMPLATES = "securelogin/authenticator_app"


@enrols
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, enroller: Enroller) -> HttpResponse:
    """What is needed. Then a key is made, and shown on a page of its own."""
    if request.method == "POST" and not AuthenticatorApp.objects.is_full_for(enroller.user):
        enrolling.begin(request.session, enroller.user)
        return redirect("securelogin:authenticator_app:scan")
    return _start_page(request, enroller)


@enrols
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest, enroller: Enroller) -> HttpResponse:
    """The key, as often as it is asked for; and the code that makes it the client's device."""
    draft = enrolling.load(request.session, enroller.user)
    if request.method != "POST":
        if draft is None:
            return redirect("securelogin:authenticator_app:start")
        return _scan_page(request, enroller, draft, ProofForm())
    form = ProofForm(request.POST)
    valid = form.is_valid()
    if known := _added_with(enroller, form):
        return redirect("securelogin:device_added", known.type_slug, known.pk)
    if draft is None:
        return _start_page(request, enroller, over="late")
    if not valid:
        return _scan_page(request, enroller, draft, form)
    if form.cleaned_data["serial"] != draft.serial:
        form.explain_other_key()
        return _scan_page(request, enroller, draft, form)
    step = draft.step_of(form.cleaned_data["code"])
    if step is None:
        return _refused(request, enroller, draft, form)
    return _add(request, enroller, draft, form.cleaned_data["name"], step)


def _added_with(enroller: Enroller, form: ProofForm) -> AuthenticatorApp | None:
    """The device that this very form has added: another tab, or pressed twice."""
    serial = form.cleaned_data.get("serial")
    added: AuthenticatorApp | None = (
        AuthenticatorApp.objects.of(enroller.user).open().filter(serial=serial).first()
        if serial
        else None
    )
    return added


@sensitive_variables()
def _refused(
    request: HttpRequest, enroller: Enroller, draft: Draft, form: ProofForm
) -> HttpResponse:
    """A wrong code: of a wrong clock, which costs nothing, or of another key."""
    if minutes := draft.minutes_off(form.cleaned_data["code"]):
        form.explain_clock(minutes)
    elif left := enrolling.count_failure(request.session):
        form.explain_wrong(draft.short_serial, left)
    else:
        return _start_page(request, enroller, over="wrong")
    return _scan_page(request, enroller, draft, form)


@sensitive_variables()
def _add(
    request: HttpRequest, enroller: Enroller, draft: Draft, name: str, step: int
) -> HttpResponse:
    try:
        # One transaction: the session goes on with the device exactly when there is one.
        with enroller.adding(request):
            device, added = AuthenticatorApp.objects.add(
                enroller.user, name=name, serial=draft.serial, key=draft.key, step=step
            )
            if added:
                enrolling.forget(request.session)
                return redirect(enroller.complete(request, device))
    except TooManyDevicesError:
        return _start_page(request, enroller)
    # Sent twice at once. The session is the other request's by now: nothing is written to it.
    return redirect("securelogin:device_added", device.type_slug, device.pk)


def _start_page(request: HttpRequest, enroller: Enroller, over: str = "") -> HttpResponse:
    """Without a key.

    Args:
        request: the client's.
        enroller: the client.
        over: why there is no key any more: ``late``, ``wrong``, or empty.
    """
    context = {
        **_layout(enroller),
        "over": over,
        "full": AuthenticatorApp.objects.is_full_for(enroller.user),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, f"{_TEMPLATES}/start.html", context, status=status)


@sensitive_variables()
def _scan_page(
    request: HttpRequest, enroller: Enroller, draft: Draft, form: ProofForm
) -> HttpResponse:
    """SECURITY: the only page that holds the key."""
    issuer = settings.BRAND["name"]
    address = provisioning.address(draft.key, issuer, draft.short_serial)
    text = provisioning.as_text(draft.key)
    context = {
        **_layout(enroller),
        "form": form,
        "draft": draft,
        "address": address,
        "picture": provisioning.picture(address),
        "key_text": text,
        "key_groups": provisioning.in_groups(text),
        "label": provisioning.label_of(draft.short_serial),
    }
    status = 422 if form.errors else 200
    return render(request, f"{_TEMPLATES}/scan.html", context, status=status)


def _layout(enroller: Enroller) -> dict[str, Any]:
    first = enroller.is_first
    return {
        "first": first,
        "base": "base_signed_out.html" if first else "base_signed_in.html",
        "back": "securelogin:first_device" if first else "securelogin:device_list",
    }
