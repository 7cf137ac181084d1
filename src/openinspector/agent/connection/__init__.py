"""The TLS connection to the gateway, and its requests as calls."""
