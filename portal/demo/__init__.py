"""Invented people to try the portal with. Installed only where INSECURE_HTTP is set."""
