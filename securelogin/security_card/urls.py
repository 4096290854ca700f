"""Routes of the card. The public id in them is worthless without the session cookie."""

from __future__ import annotations

from django.urls import path

from securelogin.security_card.views import activating, files, requesting

app_name = "security_card"

urlpatterns = [
    path("", requesting.request_card, name="request"),
    path("<str:card_id>/", requesting.show, name="show"),
    path("<str:card_id>/image.png", files.image, name="image"),
    path("<str:card_id>/download.png", files.png, name="png"),
    path("<str:card_id>/card.pdf", files.pdf, name="pdf"),
    path("<str:card_id>/text/", files.text, name="text"),
    path("<str:card_id>/continue/", activating.proceed, name="proceed"),
    path("<str:card_id>/have-you-kept-it/", activating.keep_check, name="keep_check"),
    path("<str:card_id>/activate/", activating.activate, name="activate"),
    path("<str:card_id>/active/", activating.activated, name="activated"),
    path("<str:card_id>/discard/", activating.discard, name="discard"),
]
