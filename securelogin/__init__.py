"""What a client has: the second factor, its shared rules and its device types."""
