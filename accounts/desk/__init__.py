"""What the desk sees of a client: the search, and the client's page."""
