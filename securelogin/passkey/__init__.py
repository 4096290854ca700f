"""The passkey: a key in a phone, a computer or a security key that answers to this site alone."""
