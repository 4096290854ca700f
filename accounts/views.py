"""The public pages, the password step, logout, home and User Settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import own_sessions
from accounts.forms import LayoutForm, LoginForm, paused_words, proof_form
from accounts.models import User
from accounts.new_addresses import NewAddress
from accounts.password_throttle import PasswordThrottle
from securelogin import pending, proof, second_step
from securelogin.access import Access, needs
from securelogin.banners import banners_for, list_sections
from securelogin.conf import policy
from securelogin.events import Event
from securelogin.forms import AnswerForm
from securelogin.gate import access_of_request, proven_device
from securelogin.lifecycle import Status
from securelogin.models import LoginDevice, SecurityEvent, devices_of, usable_among
from securelogin.moments import day
from securelogin.throttle import NEVER
from securelogin.verdict import COUNTED

LOGOUT_REASONS = {"idle", "left", "absolute", "cancelled"}


@needs(Access.NONE)
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The way in."""
    return render(request, "accounts/start.html")


@needs(Access.NONE)
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Lost your security device?"""
    return render(request, "accounts/help.html")


@needs(Access.NONE)
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept for how long, why, and where to complain (NIST SP 800-63B-4 2.4.2, 2.4.4)."""
    contact = settings.SECURITY_CONTACT.removeprefix("mailto:").removeprefix("tel:")
    return render(request, "accounts/privacy.html", {"security_contact": contact})


@needs(Access.NONE)
@csrf_protect
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """User name and password; then the second step. Nobody is logged in here."""
    if request.user.is_authenticated and request.method != "POST":
        return redirect("accounts:home")
    if request.method == "POST":
        form = LoginForm(request, request.POST)
        if form.is_valid() and form.user is not None:
            pending.start(request, form.user, form.cleaned_data["next"])
            return redirect("securelogin:challenge")
    else:
        form = LoginForm(request, initial={"next": request.GET.get("next", "")})
    notice = _login_notice(request.GET.get("r", ""))
    status = 422 if form.errors else 200
    return render(request, "accounts/login.html", {"form": form, "notice": notice}, status=status)


def _login_notice(reason: str) -> str:
    """Why somebody stands before the login again."""
    if reason == "ended":
        return (
            f"You were logged out because nothing happened for {policy().idle_minutes} minutes, "
            "because your security device ended, because you logged out from another browser, or "
            f"because you logged in elsewhere: at most {policy().client_sessions} browsers can be "
            f"logged in at once, of our staff {policy().staff_sessions}. Nothing was lost: you can "
            "continue where you stopped. Was it not you who logged in elsewhere? Call Client "
            f"Services on {settings.BRAND['phone']}."
        )
    if reason == "password":
        return "Your password was changed. Log in with the new one."
    return ""


@needs(Access.CARD_ONLY)
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Both factors once more, in one form, in a session that is open: a fresh proof."""
    where = pending.own_address(request, request.GET.get("next", ""))
    if proof.is_fresh(request):
        # A second tab, a form sent twice, or Back: there is nothing left to ask.
        return redirect(where)
    user = cast("User", request.user)
    chosen = request.GET.get("device", "") or second_step.choice_of(proven_device(request))
    # SECURITY: a device that only reaches the card page proves nothing for the rest.
    devices = list(second_step.devices_to_ask(user, chosen, least=access_of_request(request)))
    context: dict[str, Any] = {"where": where, "devices": devices}
    status = 200
    if devices:
        asked, *others = devices
        form = proof_form(request, asked)
        if request.method == "POST" and form.is_valid() and _proves(request, form, asked):
            return redirect(where)
        if until := asked.locked_until:
            # Whatever was typed, the page is the same: a lock never tells whether it was right.
            return render(
                request, "securelogin/locked.html", {"until": until, "never": NEVER}, status=429
            )
        context |= second_step.page_context(asked, form, others)
        status = 422 if form.errors else 200
    return render(request, "accounts/confirm.html", context, status=status)


@sensitive_variables()
def _proves(request: HttpRequest, form: AnswerForm, asked: LoginDevice) -> bool:
    """Whether the password and the answer are right; what to do otherwise stands in the form."""
    user = cast("User", request.user)
    throttle = PasswordThrottle(request, user.username)
    # SECURITY: refused unseen while it is paused, the answer, too: it is not used up.
    if until := throttle.paused_until:
        form.add_error(None, paused_words(until))
        return False
    # The slow hash before the lock. Not the user's own method, which may hash anew: that
    # would end every session, this one too.
    right = check_password(form.cleaned_data["password"], user.password)
    choice = second_step.choice_of(asked)
    # One transaction: an answer that is used up always means a proof.
    with transaction.atomic():
        least = access_of_request(request)
        device = next(second_step.devices_to_ask(user, choice, lock=True, least=least), None)
        # SECURITY: an ended session is not continued, and what is sent twice counts once.
        if device != asked or not request.session.exists(request.session.session_key or ""):
            form.add_error(None, "This page was out of date. Try again.")
            return False
        if not device.prove_again(form.answer, password_right=right):
            form.explain_both(device)
            if device.verdict in COUNTED:
                throttle.proof_refused(user)
            return False
        throttle.end_series()
        SecurityEvent.objects.record(
            Event.PROOF_ACCEPTED, user, device=device, actor=user, **device.proof_facts
        )
        # The session after the event, as wherever one is renewed or ended: no deadlock.
        pending.step_up(request, device)
        proof.note(request)
        # SECURITY: stored with what the answer used up.
        request.session.save()
    return True


@needs(Access.NONE)
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session, from every page, by POST only."""
    if request.user.is_authenticated:
        SecurityEvent.objects.record(Event.LOGGED_OUT, request.user, actor=request.user)
    # A pending sign-in ends too.
    request.session.flush()
    response = redirect("/logged-out/?r=left")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@needs(Access.NONE)
@require_safe
def logged_out(request: HttpRequest) -> HttpResponse:
    """Says why, and that nothing was lost."""
    reason = request.GET.get("r", "")
    context = {"reason": reason if reason in LOGOUT_REASONS else "left"}
    return render(request, "accounts/logged_out.html", context)


@needs(Access.CARD_ONLY)
@require_POST
def keep_alive(request: HttpRequest) -> HttpResponse:
    """Stay logged in: the middleware has moved the idle end, never past the absolute one."""
    started = datetime.fromisoformat(request.session[pending.STARTED_AT_KEY])
    rest = min(policy().idle_life, started + policy().absolute_life - timezone.now())
    return JsonResponse({"expires_in": int(rest.total_seconds())})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What matters now."""
    shown = {Status.ACTIVE, Status.LIMITED, Status.ON_HOLD}
    devices = devices_of(cast("User", request.user))
    sections = list_sections(request, devices)
    context = {
        "banners": [*own_sessions.banners(request, devices), *banners_for(request, sections)],
        "devices": [device for device in devices if device.status in shown],
    }
    return render(request, "accounts/home.html", context)


@require_safe
def user_settings(request: HttpRequest) -> HttpResponse:
    """Settings > User Settings."""
    user = cast("User", request.user)
    devices = devices_of(user)
    usable = usable_among(devices, user, timezone.now())
    open_sessions = own_sessions.open_sessions(request, devices)
    summary = "No security device"
    if usable:
        first = usable[0]
        end = first.limited_at or first.expires_at
        summary = first.title + (f", until {day(end, user.time_zone)}" if end else "")
    context = {
        "secure_login_summary": summary,
        "secure_login_warning": not usable,
        "other_sessions": sum(not session.here for session in open_sessions),
        "waiting_addresses": NewAddress.objects.waiting(user),
        "layout_form": LayoutForm(initial={"layout": user.layout}),
    }
    return render(request, "accounts/user_settings.html", context)


@require_POST
def layout(request: HttpRequest) -> HttpResponse:
    """Choose the menu's layout."""
    form = LayoutForm(request.POST)
    if form.is_valid():
        user = cast("User", request.user)
        user.layout = form.cleaned_data["layout"]
        user.save(update_fields=["layout"])
    return redirect("accounts:user_settings")
