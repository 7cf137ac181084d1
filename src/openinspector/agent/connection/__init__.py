"""One TLS connection to the gateway, and the requests over it as calls."""
