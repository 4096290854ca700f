"""Routes of the shared pages, then those of each device type that is switched on."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from securelogin import views
from securelogin.registry import device_types

app_name = "securelogin"
LIST = "settings/user/secure-login/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/verify/", views.challenge, name="challenge"),
    path("login/start-over/", views.start_over, name="start_over"),
    path(LIST, views.device_list, name="device_list"),
    path(f"{LIST}cancel/<slug:slug>/<int:pk>/", views.cancel_device, name="cancel_device"),
]
urlpatterns += [
    path(f"{LIST}{config.url_part}/", include(f"{config.name}.urls"))
    for config in device_types()
    if module_has_submodule(config.module, "urls")
]
