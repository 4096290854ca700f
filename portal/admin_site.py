"""The desk's admin site: behind the portal's own login, with both factors, the second a strong one.

SECURITY: how strong is asked here, once, in front of every address of the desk: methods that issue,
unlock and approve know who acts, but not with which device the person's session was opened.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver

from securelogin import refusals
from securelogin.conf import policy
from securelogin.desk.models import Approval
from securelogin.desk.roles import APPROVE
from securelogin.enrolment import types_to_add
from securelogin.gate import device_of, protection_of_request
from securelogin.lifecycle import Status
from securelogin.models import devices_of
from securelogin.protection import Protection

if TYPE_CHECKING:
    from accounts.models import User

# What django-stubs calls it.
_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])
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

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        """Django's, for whoever has logged in with a device that protects enough."""
        inner = super().admin_view(view, cacheable)

        def strong_enough(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # SECURITY: before the view, whatever the method; nothing of the desk is shown or done.
            if self.has_permission(request) and not may_serve(request):
                return stronger_device_first(request)
            return inner(request, *args, **kwargs)

        return cast("_View", update_wrapper(strong_enough, inner))

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


def may_serve(request: HttpRequest) -> bool:
    """Whether this session was opened with a device that protects as much as the desk needs."""
    return protection_of_request(request) >= policy().staff_protection


def stronger_device_first(request: HttpRequest) -> HttpResponse:
    """The page instead of the desk: what to log in with, to take back, or to add."""
    refusals.note(request, None, refusals.DESK_PAGE)
    least = policy().staff_protection
    strong = [d for d in devices_of(cast("User", request.user)) if d.protection >= least]
    context = {
        "usable": [device for device in strong if device.status is Status.ACTIVE],
        "held": [device for device in strong if device.status is Status.ON_HOLD],
        "types_to_add": [config for config in types_to_add() if config.protection >= least],
        "least": Protection(least),
        "present": protection_of_request(request),
    }
    return render(request, "admin/stronger_device_first.html", context, status=403)
