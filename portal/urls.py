"""All routes: accounts, secure login, the desk."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from portal import csp_reports, security_txt

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("securelogin.urls")),
    path("admin/", admin.site.urls),
    path(csp_reports.PATH.removeprefix("/"), csp_reports.report, name="csp_report"),
    path(security_txt.PATH.removeprefix("/"), security_txt.security_txt, name="security_txt"),
]

handler400 = "portal.views.bad_request"
handler403 = "portal.views.forbidden"
handler404 = "portal.views.not_found"
handler500 = "portal.views.server_error"
