"""Routes of the public pages, the password step and the account."""

from __future__ import annotations

from django.urls import path

from accounts import reset_views, settings_views, views

app_name = "accounts"

urlpatterns = [
    path("", views.start, name="start"),
    path("help/", views.help_page, name="help"),
    path("privacy/", views.privacy, name="privacy"),
    path("login/", views.login, name="login"),
    path("login/confirm/", views.confirm, name="confirm"),
    path("login/forgotten/", reset_views.forgotten, name="forgotten"),
    path("login/forgotten/number/", reset_views.number, name="reset_number"),
    path("login/forgotten/device/", reset_views.device, name="reset_device"),
    path("login/forgotten/password/", reset_views.password, name="reset_password"),
    path("logout/", views.logout, name="logout"),
    path("logged-out/", views.logged_out, name="logged_out"),
    path("session/keep-alive/", views.keep_alive, name="keep_alive"),
    path("home/", views.home, name="home"),
    path("settings/user/", views.user_settings, name="user_settings"),
    path("settings/user/layout/", views.layout, name="layout"),
    path("settings/user/password/", settings_views.password, name="password"),
    path("settings/user/contact/", settings_views.contact, name="contact"),
    path("settings/user/contact/<str:which>/", settings_views.new_address, name="new_address"),
    path(
        "settings/user/contact/<str:which>/send/",
        settings_views.send_new_address,
        name="send_new_address",
    ),
    path(
        "settings/user/contact/<str:which>/withdraw/",
        settings_views.withdraw_new_address,
        name="withdraw_new_address",
    ),
    path("settings/user/sessions/", settings_views.sessions, name="sessions"),
    path(
        "settings/user/sessions/end-others/",
        settings_views.end_other_sessions,
        name="end_other_sessions",
    ),
    path(
        "settings/user/sessions/<str:public_id>/end/",
        settings_views.end_session,
        name="end_session",
    ),
]
