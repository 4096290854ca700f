"""`make load`: an outage hour against two gunicorn masters on this machine's loopback."""
