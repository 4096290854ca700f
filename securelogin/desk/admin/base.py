"""What all pages of the desk share: read-only tables, and one action on devices, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone

from securelogin import refusals
from securelogin.desk.forms import KeptWordsField
from securelogin.desk.permissions import may_act_on
from securelogin.desk.revoking import RevokeReason, note_of, open_sessions_of
from securelogin.desk.roles import REVOKE
from securelogin.desk.standing import is_current
from securelogin.models import LoginDevice, usable_devices

if TYPE_CHECKING:
    from accounts.models import User


class RevokeForm(forms.Form):
    """Why a device is ended; kept in the timeline."""

    reason = forms.TypedChoiceField(
        label="Why is it revoked?",
        choices=[(reason.value, reason.label) for reason in RevokeReason],
        coerce=RevokeReason,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why it is revoked"},
    )
    words = KeptWordsField(
        label="In your words (optional)",
        required=False,
        max_length=160,
        help_text="One line, kept in the timeline. No personal secrets.",
    )


def refuse(request: HttpRequest, client: User | None, action: str) -> NoReturn:
    """Answer 403. That somebody tried is kept (securelogin.refusals).

    Args:
        request: of a member of staff.
        client: whose record it is; None: nobody's.
        action: what was not allowed, such as ``revoke``.

    Raises:
        PermissionDenied: always.
    """
    refusals.note(request, client, action)
    raise PermissionDenied


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows are looked at; nobody adds, changes or deletes one here."""

    read_only: ClassVar[bool] = True
    # The right to see these pages at all.
    view_permission: ClassVar[str]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Nothing: Django lets a list be filtered by any column, in the address.

        SECURITY: a hash that is never shown could be asked for letter by letter.
        """
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for its pages."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The desk's own right, not Django's of the table."""
        return cast("User", request.user).has_perm(self.view_permission)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class LoginDeviceAdmin(ReadOnlyAdmin):
    """What the desk does with a device of one type. Its state is on the client's page: there is
    no list of all clients' devices."""

    view_permission = REVOKE

    def get_urls(self) -> list[URLPattern]:
        """The page that revokes, and none of Django's."""
        meta = self.model._meta
        view = self.admin_site.admin_view(self.revoke)
        return [path("<int:pk>/revoke/", view, name=f"{meta.app_label}_{meta.model_name}_revoke")]

    def has_revoke_permission(self, request: HttpRequest, device: LoginDevice) -> bool:
        """The right to revoke, for a record that the agent may act on."""
        agent = cast("User", request.user)
        return agent.has_perm(REVOKE) and may_act_on(agent, device.user)

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Asks for the reason, says the effect, then ends the device and its sessions."""
        device: LoginDevice = get_object_or_404(
            self.model.objects.select_related("user"),
            pk=pk,
        )
        if not self.has_revoke_permission(request, device):
            refuse(request, device.user, "revoke")
        form = RevokeForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            agent = cast("User", request.user)
            reason, words = form.cleaned_data["reason"], form.cleaned_data["words"]
            if device.end(reason.end_reason, by=agent, note=note_of(reason, words)):
                messages.success(request, f"{device.title} was revoked.")
            else:
                messages.warning(request, f"{device.title} was over already.")
            return redirect("admin:accounts_user_change", device.user_id)
        return self._revoke_page(request, device, form)

    def _revoke_page(
        self, request: HttpRequest, device: LoginDevice, form: RevokeForm
    ) -> HttpResponse:
        now = timezone.now()
        usable = usable_devices(device.user, now)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Revoke {device.title}",
            "opts": self.model._meta,
            "device": device,
            "client": device.user,
            "last_usable": [d.persistent_id for d in usable] == [device.persistent_id],
            "sessions": open_sessions_of(device),
            "over": not is_current(device, now),
            "form": form,
        }
        status = 422 if form.errors else 200
        return render(request, "admin/securelogin/revoke.html", context, status=status)
