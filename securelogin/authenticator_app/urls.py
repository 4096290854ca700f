"""Routes of adding an app. The key that is being added is named by the session alone."""

from __future__ import annotations

from django.urls import path

from securelogin.authenticator_app import views

app_name = "authenticator_app"

urlpatterns = [
    path("", views.start, name="start"),
    path("scan/", views.scan, name="scan"),
]
