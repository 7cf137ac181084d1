"""One line for each call, in the format of CloudTrail (F10.19 to F10.21).

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

A read-only call is logged with its input, any other call with its output as well. A call without a valid signature is
logged with the key that it claims and ``"type": "Unknown"``, up to a number a minute. Secrets are not logged: a
report's link is in the output of a read-only call, a webhook's secret is hidden, and of a webhook's address, which may
itself be a secret, only scheme and host are logged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from openinspector.model.arn import ArnRealm
from openinspector.model.foreign_text import escape_json
from openinspector.service.api.errors import ApiError
from openinspector.service.api.model import api_model
from openinspector.service.api.principal import Principal
from openinspector.service.api.shapes import Json, wire_value

_VERSION: Final = "1.03"
_SOURCE: Final = "inspector.amazonaws.com"
_API: Final = "v20160216"
READ_ONLY: Final = ("Describe", "Get", "List", "Preview", "Search", "Export")
_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""Version of the CloudTrail format."""
_MAX_HEADER: Final = 512
"""Longest text of a client that is logged, in characters."""
_MAX_MEMBER: Final = 1024
"""Largest member of an invalid input, in bytes; a larger one is logged as the beginning of its JSON."""
_MAX_DEPTH: Final = 8


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """A request; fields are set as its processing goes on."""

    request_id: str
    at: datetime
    source: str
    """Address of the client."""
    user_agent: str
    claimed_key: str = ""
    """The key id that the request claims, verified or not."""
    temporary: bool = False
    """True for temporary credentials, which derive from ``key``."""
    key: Principal | None = None
    """Set once the signature is verified, or the session is found."""
    operation: str = ""
    denied: ApiError | None = None
    """Set if the user is not authorized, whether or not the answer is an error."""
    arguments: Json | None = None
    """The validated input, or the result of `refused_input` for an invalid one."""

    @property
    def user(self) -> str:
        """Name of the authenticated user; empty before authentication."""
        return self.key.user if self.key is not None else ""

    @property
    def read_only(self) -> bool:
        """True if the operation changes nothing."""
        return self.operation.startswith(READ_ONLY)

    def failure(self, answer: bytes | ApiError) -> ApiError | None:
        """Return the error of the call; None for a success."""
        return answer if isinstance(answer, ApiError) else self.denied


class Strangers:
    """Limits the lines about unauthenticated calls, so that they cannot fill the disk. Thread-safe."""

    def __init__(self, a_minute: int = 600) -> None:
        self._a_minute = a_minute
        self._lock = Lock()
        self._minute = -1
        self._admitted = 0

    def admit(self, at: datetime) -> bool:
        """Return True if a line about a call may be written now."""
        minute = int(at.timestamp()) // 60
        with self._lock:
            if minute != self._minute:
                self._minute, self._admitted = minute, 0
            self._admitted += 1
            return self._admitted <= self._a_minute


def refused_input(operation: str, body: bytes) -> Json | None:
    """Return the loggable part of an invalid input: known members, cut to bounds; None if it is not an object."""
    try:
        decoded = msgspec.json.decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    shape = api_model().operations[operation].input
    if not isinstance(decoded, dict) or shape is None:
        return None
    return {name: _bounded(decoded[name]) for name in api_model().shapes[shape].members if name in decoded}


def render_event(call: ApiCall, answer: bytes | ApiError, realm: ArnRealm, event_id: str) -> bytes:
    """Return the line of a call and its answer, without the line feed."""
    failure = call.failure(answer)
    event: dict[str, Any] = {
        "eventVersion": _VERSION,
        "userIdentity": _identity(call, realm),
        "eventTime": f"{call.at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z",
        "eventSource": _SOURCE,
        "eventName": call.operation,
        "awsRegion": realm.region,
        "sourceIPAddress": call.source,
        "userAgent": call.user_agent[:_MAX_HEADER],
    }
    if failure is not None:
        event |= {"errorCode": failure.exception, "errorMessage": str(failure)}
    event |= {
        "requestParameters": _without_secrets(call, wire_value(call.arguments)),
        "responseElements": _elements(call, answer),
        "requestID": call.request_id,
        "eventID": event_id,
        "readOnly": call.read_only,
        "eventType": "AwsApiCall",
        "apiVersion": _API,
        "recipientAccountId": realm.account,
    }
    return escape_json(msgspec.json.encode(event))


def _bounded(value: object) -> object:
    """Return a decoded value; a large or deep one as the beginning of its JSON text."""
    text = msgspec.json.encode(value)
    if len(text) <= _MAX_MEMBER and _is_shallow(value, _MAX_DEPTH):
        return value
    return text[:_MAX_MEMBER].decode("utf-8", "ignore")


def _is_shallow(value: object, depth: int) -> bool:
    inside = list(value.values()) if isinstance(value, dict) else value
    return not isinstance(inside, list) or (depth > 0 and all(_is_shallow(item, depth - 1) for item in inside))


def _identity(call: ApiCall, realm: ArnRealm) -> Mapping[str, object]:
    if call.key is None:
        return {"type": "Unknown", "accessKeyId": call.claimed_key[:_MAX_HEADER]}
    user: dict[str, object] = {
        "type": "IAMUser",
        "principalId": call.key.id,
        "arn": f"arn:{realm.partition}:iam::{realm.account}:user/{call.key.user}",
        "accountId": realm.account,
        "accessKeyId": call.claimed_key or call.key.id,
        "userName": call.key.user,
    }
    if call.temporary:
        user["sessionContext"] = {"attributes": {"mfaAuthenticated": "false"}}
    return user


def _elements(call: ApiCall, answer: bytes | ApiError) -> msgspec.Raw | None:
    if call.read_only or isinstance(answer, ApiError) or not answer:
        return None
    if call.operation in _SECRETS:
        return msgspec.Raw(msgspec.json.encode(_without_secrets(call, msgspec.json.decode(answer))))
    return msgspec.Raw(answer)


def _without_secrets(call: ApiCall, value: Any) -> Any:
    """Return an input or output with its secrets hidden, at any depth."""
    secrets = _SECRETS.get(call.operation)
    if secrets is None or not isinstance(value, dict):
        return value
    return {
        name: secrets[name](item) if name in secrets else _without_secrets(call, item) for name, item in value.items()
    }


def _hidden(_value: object) -> str:
    return _HIDDEN


def _origin(value: object) -> str:
    """Return scheme and host of a URL; empty if it is malformed."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return _HIDDEN
    if not parts.scheme or not host:
        return _HIDDEN
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}/{_HIDDEN}"


_SECRETS: Final[Mapping[str, Mapping[str, Callable[[object], str]]]] = MappingProxyType(
    {"CreateWebhook": {"secret": _hidden, "url": _origin}}
)
"""Operations with a secret in their input or output: the member, and its replacement."""
