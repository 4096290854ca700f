"""Numbers that go out by e-mail and come back from whoever reads the mailbox.

The rules that they share: drawn like every code, stored only as a keyed slow hash, written down
nowhere else, a few tries. So they are sent past the outbox, whose rows could be read.
"""

from __future__ import annotations

import random

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.db.models import Q
from django.template.loader import render_to_string
from django.views.decorators.debug import sensitive_variables

from securelogin import codes, keys
from securelogin.conf import policy
from securelogin.fields import KeyIdField


def draw() -> str:
    """A fresh number."""
    return codes.draw(policy().check_number_digits, random.SystemRandom())


@sensitive_variables()
def letter(kind: str, number: str, address: str, **context: str) -> EmailMessage:
    """The mail with a number, not sent yet.

    Args:
        kind: names the template ``emails/<kind>.txt``; its first line is the subject.
        number: what `draw` made.
        address: the one mailbox it goes to; empty for none.
        context: more words for the template.
    """
    words = {"groups": codes.groups(number), "brand": settings.BRAND, "policy": policy()}
    text = render_to_string(f"emails/{kind}.txt", {**words, **context})
    subject, _, body = text.partition("\n")
    to = [address] if address else []
    return EmailMessage(subject.removeprefix("Subject:").strip(), body.strip() + "\n", to=to)


class MailedNumber(models.Model):
    """A row that waits for the number that was sent for it.

    SECURITY: the number is stored only as a keyed slow hash, like every other answer.
    """

    failures = models.PositiveSmallIntegerField(default=0)
    salt = models.BinaryField()
    # Empty: no number may be entered any more, or none was sent yet.
    digest = models.BinaryField()
    key_id = KeyIdField("ANSWER_KEYS", needed=~Q(digest=b""))
    hash_cost = models.CharField(max_length=24)

    class Meta:
        abstract = True

    @property
    def is_spent(self) -> bool:
        """Whether too many wrong numbers were entered. SECURITY: a new number changes nothing
        about that (NIST SP 800-63B-4 3.1.3.2)."""
        return self.failures >= policy().check_number_attempts

    @sensitive_variables()
    def fits(self, entered: str) -> bool:
        """Whether this is the number that was sent last.

        Args:
            entered: digits, cleaned.
        """
        if not self.digest:
            return False
        sealed = keys.Sealed(bytes(self.salt), bytes(self.digest), self.key_id, self.hash_cost)
        try:
            return sealed.fits(entered, settings.ANSWER_KEYS)
        except keys.KeyMissingError:
            return False
