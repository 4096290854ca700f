"""The desk's admin site: behind the portal's own login, with both factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver

from securelogin.desk.models import Approval
from securelogin.desk.roles import APPROVE
from securelogin.gate import device_of

if TYPE_CHECKING:
    from accounts.models import User

_CLOSED = {"password_change", "password_change_done", "view_on_site"}


class PortalAdminSite(AdminSite):
    """Django's admin without a login of its own."""

    site_header = f"{settings.BRAND['name']} support desk"
    site_title = "Support desk"
    index_title = "Client Services"
    site_url = "/home/"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Takes the desk's own pages and leaves out what other packages bring along.

        SECURITY: groups and the task queue come with forms that add, change and delete, and
        record nothing in the audit trail.
        """
        if getattr(admin_class, "read_only", False):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, verified by a second factor in this session."""
        # SECURITY: Django's own test asks only for a password login.
        return super().has_permission(request) and device_of(request) is not None

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Without the doors of its own: a password is changed where it is told and recorded."""
        return [url for url in super().get_urls() if getattr(url, "name", None) not in _CLOSED]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Also how many requests wait for a person who may approve."""
        context = super().each_context(request)
        if self.has_permission(request) and request.user.has_perm(APPROVE):
            context["approvals_waiting"] = Approval.objects.count_for(cast("User", request.user))
        return context

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """The start page: what the desk does is no list of tables."""
        return redirect("admin:index")

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one login for everybody; who is logged in without the right goes home."""
        return redirect("accounts:home" if request.user.is_authenticated else settings.LOGIN_URL)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> NoReturn:
        """There is one way out for everybody, too, and it is recorded.

        Raises:
            Http404: always.
        """
        raise Http404
