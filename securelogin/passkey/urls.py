"""Routes of the passkey: the one page that adds it."""

from __future__ import annotations

from django.urls import path

from securelogin.passkey import views

app_name = "passkey"

urlpatterns = [path("", views.add, name="add")]
