"""Routes of the card. The public id in them is worthless without the session cookie."""

from __future__ import annotations

from django.urls import path

from securelogin.security_card import views

app_name = "security_card"

urlpatterns = [
    path("", views.request_card, name="request"),
    path("<str:card_id>/", views.show, name="show"),
    path("<str:card_id>/image.png", views.image, name="image"),
    path("<str:card_id>/download.png", views.png, name="png"),
    path("<str:card_id>/card.pdf", views.pdf, name="pdf"),
    path("<str:card_id>/text/", views.text, name="text"),
    path("<str:card_id>/continue/", views.proceed, name="proceed"),
    path("<str:card_id>/have-you-kept-it/", views.keep_check, name="keep_check"),
    path("<str:card_id>/activate/", views.activate, name="activate"),
    path("<str:card_id>/active/", views.activated, name="activated"),
    path("<str:card_id>/discard/", views.discard, name="discard"),
]
