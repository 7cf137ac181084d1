"""The TLS listener: admits connections, bounds their time and size, and hands requests to the application.

- `connections` counts open connections and refuses those above a limit.
- `tls_server` admits a TCP connection before TLS begins, and ends a handshake that takes too long.
- `http_protocol` is uvicorn's HTTP protocol with limits on time and size.
"""
