"""The bare site: Django's own middleware, one view with one template, and Django's own admin.

The view does what the least page of any site with accounts does: it reads the session and the
person from the database (two statements), and renders one template that extends a base, with a
form's token, two addresses and some 8 KB of text. The admin is Django's as it comes, with one
table. Sessions are Django's, in Django's table. Nothing of the portal runs but what both sites
share by the settings: the database and the user model.
"""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path
from django.utils import timezone

from accounts.models import User

# What Django's documentation asks for where there are accounts and forms.
_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ENGINE = "bare"
_SINCE = "since"


class BareHandler(WSGIHandler):
    """Django's, which answers with the addresses of this module."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """As the portal's handler would, with other addresses."""
        request.urlconf = __name__
        return super().get_response(cast("WSGIRequest", request))


class BareAdmin(AdminSite):
    """Django's admin; its templates are Django's, too, not the desk's of the same name."""

    def index(self, request: HttpRequest, extra_context: object = None) -> TemplateResponse:
        """The start page."""
        response = super().index(request)
        response.using = ENGINE
        return response


def page(request: HttpRequest) -> HttpResponse:
    """Who is logged in, and since when, between text that is always the same."""
    since = request.session.get(_SINCE, "")
    assert request.user.is_authenticated
    return render(request, "page.html", {"since": since}, using=ENGINE)


admin = BareAdmin()
admin.register(Group)
urlpatterns = [
    path("", page, name="page"),
    path("leave/", page, name="leave"),
    path("admin/", admin.urls),
]


def handler() -> BareHandler:
    """The site, ready to answer."""
    # Middleware reads these once, when it is made.
    engine = "django.contrib.sessions.backends.db"
    with override_settings(MIDDLEWARE=_MIDDLEWARE, SESSION_ENGINE=engine):
        return BareHandler()


def browser_of(user: User) -> Client:
    """A browser in which somebody is logged in at the bare site."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[_SINCE] = timezone.now().isoformat()
    store.save()
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = str(store.session_key)
    return browser
