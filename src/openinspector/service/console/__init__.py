"""The web console: sign-in, the built pages, and the API for a browser with a session cookie.

- `browser`: what every answer to a browser carries, and which requests are the console's own.
- `sign_in`: sign-in, one-time links and sign-out, as plain pages without script.
- `door`: ``POST /console/api/<Operation>``, the same operations as with signatures.
- `routes`: all of them with the built files of `static`, which `make console` makes from ``console/``.
"""
