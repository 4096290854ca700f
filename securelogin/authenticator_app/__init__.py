"""The authenticator app: an app on the client's phone that shows a new code every 30 seconds."""
