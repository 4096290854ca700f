"""The devices of the clients: cards, Temporary Codes, authenticator apps, passkeys."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from accounts.models import User
from securelogin.authenticator_app.models import AuthenticatorApp
from securelogin.lifecycle import EndReason
from securelogin.passkey.models import Passkey
from securelogin.security_card.models import SecurityCard
from securelogin.temporary_code.models import TemporaryCode
from tests import factories
from tests.growth.bulk import GROUP, LATELY, LONG_AGO, Bulk, serial
from tests.plans import bare, copy


def cards(load: Bulk, jane: User) -> list[str]:
    """Returns the answers of the active ones."""
    card, answers = factories.make_card(jane)
    code = "'temporary_code.temporarycode/' || n"
    with bare(SecurityCard._meta.db_table):

        def some(step: int, shift: int, series: int, **columns: str) -> None:
            named = {
                "public_id": f"'{series}-' || n",
                "serial": serial("OSC", series),
                "requested_with": code,
            }
            load.some(card, step, shift, **{**named, **columns})

        card.refresh_from_db()
        lately = dict.fromkeys(("created_at", "activated_at"), LATELY)
        some(GROUP, 0, 1, **lately, expires_at=f"{LATELY} + interval '21 days'")
        waits = {"activated_at": "NULL", "answered": "0", "confirmed": "false"}
        soon = "now() + interval '23 hours'"
        some(1_000, 1, 2, **waits, activate_by=soon, expires_at="NULL")
        card.end(EndReason.EXPIRED)
        ended = {
            "created_at": f"{LONG_AGO} - interval '22 days'",
            "activated_at": f"{LONG_AGO} - interval '21 days'",
            "expires_at": LONG_AGO,
            "ended_at": LONG_AGO,
        }
        some(1, 0, 3, **ended)
    return answers


def codes(load: Bulk, jane: User) -> None:
    code = TemporaryCode.objects.get(user=jane)
    other = factories.make_user("una.open")
    waiting, _digits = factories.make_code(other)
    ident = {"request_id": "gen_random_uuid()"}
    with bare(TemporaryCode._meta.db_table):
        ended = {
            "created_at": f"{LONG_AGO} - interval '23 days'",
            "activated_at": f"{LONG_AGO} - interval '23 days'",
            "limited_at": f"{LONG_AGO} - interval '21 days'",
            "expires_at": f"{LONG_AGO} - interval '11 days'",
            "ended_at": f"{LONG_AGO} - interval '21 days'",
        }
        load.some(code, 1, **ident, **ended)
        began = "now() - (3 + n % 8) * interval '1 day'"
        opened = {
            "created_at": began,
            "activated_at": began,
            "limited_at": f"{began} + interval '2 days'",
            "expires_at": f"{began} + interval '12 days'",
        }
        load.some(waiting, 200, 3, **ident, **opened)


def own_devices(load: Bulk) -> None:
    """Apps for the first eighteen of each group of clients, passkeys for the next six."""
    tom = factories.make_user("tom.device")
    began = timezone.now() - timedelta(days=300)
    known = {"user": tom, "activated_at": began, "confirmed": True}
    sealed = {"sealed_key": b"k" * 140, "key_id": "test-s", "accepted_step": 0}
    app = AuthenticatorApp.objects.create(serial="DEV-0000-0000", **known, **sealed)
    passkey = Passkey.objects.create(
        serial="DEV-0000-0001",
        **known,
        credential_id=b"c" * 32,
        credential_digest="0" * 64,
        public_key=b"p" * 77,
        user_handle=b"h" * 64,
        verified_when_added=True,
        verified_last=True,
    )

    def each(row: models.Model, shift: int, count: int, **columns: str) -> None:
        number = f"(n - 1) / {count} * {GROUP} + (n - 1) % {count} + 1 + {shift}"
        rows = load.clients // GROUP * count
        mine = {"user_id": load.client(f"({number})"), "serial": serial("DEV")}
        copy(row, rows, **mine, **columns)

    each(app, 0, 18)
    each(passkey, 18, 6, credential_digest="md5(n::text) || md5('d' || n)")
