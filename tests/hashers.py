"""Passwords hashed at no cost, in the form in which the portal hashes them."""

from __future__ import annotations

from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.hashers import NormalisedPasswords


class QuickHasher(NormalisedPasswords, MD5PasswordHasher):
    """The real cost is benchmarked; here hundreds of people log in."""
