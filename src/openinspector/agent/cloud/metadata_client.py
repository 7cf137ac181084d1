"""One bounded HTTP exchange with the EC2 instance metadata service: never through a proxy, never redirected."""

import http.client
from typing import Final

from openinspector.agent.host import HttpReply

EC2_ADDRESS: Final = "169.254.169.254:80"
CONNECT_SECONDS: Final = 0.3
ANSWER_SECONDS: Final = 1.0
MAX_REPLY_BYTES: Final = 64 * 1024


def ask(address: str, method: str, path: str, headers: dict[str, str]) -> HttpReply:
    """Send one request to ``address`` (``host:port``) and return the answer.

    The service is one hop away: a connection that takes longer than 0.3 s will not succeed. Raises OSError if no
    answer comes in time, or if the answer is not HTTP or longer than 64 KiB.
    """
    connection = http.client.HTTPConnection(address, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
        connection.sock.settimeout(ANSWER_SECONDS)
        connection.request(method, path, headers=headers)
        reply = connection.getresponse()
        body = reply.read(MAX_REPLY_BYTES + 1)
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError(f"{address} did not answer in HTTP: {error!r}") from error
    finally:
        connection.close()
    if len(body) > MAX_REPLY_BYTES:
        raise ConnectionError(f"{address} answered {path} with more than {MAX_REPLY_BYTES} bytes")
    if reply.length:
        raise ConnectionError(f"{address} ended its answer to {path} early")
    return HttpReply(status=reply.status, body=body)
