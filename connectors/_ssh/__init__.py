"""SSH: reaching a server, proving who is who, and the bytes of a channel."""
