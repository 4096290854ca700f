"""Who lives in the demo: everybody is invented, every number leads nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from portal.demo import histories
from securelogin.desk.roles import Role


@dataclass(frozen=True, slots=True)
class Person:
    """One demo person.

    Attributes:
        role: of staff; None for a client.
        with_code: whether a Temporary Code is issued at the start.
        authenticator_key: of the authenticator app of this client, as an app takes it; empty:
            there is none. SECURITY: invented, as the passwords are.
        history: what happened to this client before the demo began, told once, with the agent
            and the supervisor who took part. It returns the digits of a code that still
            works, or nothing.
    """

    heading: str
    username: str
    first_name: str
    last_name: str
    password: str
    phone: str
    role: Role | None = None
    with_code: bool = True
    authenticator_key: str = ""
    history: Callable[[User, User, User], str] | None = None


AGENT = Person(
    "Support agent",
    "sam.support",
    "Sam",
    "Support",
    "quiet-harbour-52",
    "+00 000 000 102",
    role=Role.AGENT,
)
SUPERVISOR = Person(
    "Supervisor, to approve what the agent asks for",
    "susan.supervisor",
    "Susan",
    "Supervisor",
    "copper-meadow-68",
    "+00 000 000 104",
    role=Role.SUPERVISOR,
)
PEOPLE = (
    Person(
        "Demo client",
        "jane.sample",
        "Jane",
        "Sample",
        "paper-lantern-87",
        "+00 000 000 101",
    ),
    AGENT,
    Person(
        "Second client, to issue a Temporary Code for",
        "max.muster",
        "Max",
        "Muster",
        "winter-orchard-31",
        "+00 000 000 103",
        with_code=False,
    ),
    SUPERVISOR,
    Person(
        "Auditor",
        "arno.auditor",
        "Arno",
        "Auditor",
        "silent-compass-19",
        "+00 000 000 105",
        role=Role.AUDITOR,
    ),
    Person(
        "Client with an active card",
        "erika.beispiel",
        "Erika",
        "Beispiel",
        "yellow-bicycle-44",
        "+00 000 000 106",
        with_code=False,
        history=histories.of_an_active_card,
    ),
    Person(
        "Client whose login is locked, to unlock",
        "otto.normal",
        "Otto",
        "Normal",
        "gentle-thunder-73",
        "+00 000 000 107",
        with_code=False,
        history=histories.of_a_locked_login,
    ),
    Person(
        "Client with a new phone number, to ask for approval",
        "zoe.vzorova",
        "Zoë",
        "Vzorová",
        "marble-lighthouse-26",
        "+00 000 000 108",
        with_code=False,
        history=histories.of_a_new_phone_number,
    ),
    Person(
        "Client with an authenticator app, to lose it or to leave it at home",
        "lena.daheim",
        "Lena",
        "Daheim",
        "purple-umbrella-57",
        "+00 000 000 110",
        with_code=False,
        authenticator_key="NVQWIZJAMZXXEIDUNBSSAZDFNVXSAMJS",
    ),
)
