"""Who the client is: the first factor, the session, the settings page."""
