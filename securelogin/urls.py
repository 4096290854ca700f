"""Routes of the shared pages, then those of each device type that is switched on."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from securelogin import device_views, views
from securelogin.registry import device_types

app_name = "securelogin"
LIST = "settings/user/secure-login/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/verify/", views.challenge, name="challenge"),
    path("login/start-over/", views.start_over, name="start_over"),
    path("login/first-device/", views.first_device, name="first_device"),
    path(LIST, device_views.device_list, name="device_list"),
    path(f"{LIST}cancel/<slug:slug>/<int:pk>/", device_views.cancel_device, name="cancel_device"),
    path(f"{LIST}rename/<slug:slug>/<int:pk>/", device_views.rename_device, name="rename_device"),
    path(f"{LIST}added/<slug:slug>/<int:pk>/", device_views.device_added, name="device_added"),
    path(f"{LIST}reactivate/<slug:slug>/<int:pk>/", device_views.reactivate, name="reactivate"),
    path(
        f"{LIST}in-use-again/<slug:slug>/<int:pk>/",
        device_views.device_added,
        {"back": True},
        name="device_back",
    ),
]
urlpatterns += [
    path(f"{LIST}{config.url_part}/", include(f"{config.name}.urls"))
    for config in device_types()
    if module_has_submodule(config.module, "urls")
]
