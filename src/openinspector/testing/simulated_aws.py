"""AWS on loopback: moto's server behind a proxy that knows the action and region of each request.

The proxy answers actions that moto lacks, and makes calls fail as AWS does: denied, throttled, or with an HTML page.
All other answers are moto's.
"""

import http.client
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs

import boto3

from openinspector.testing.background_server import BackgroundServer

ACCOUNT: Final = "123456789012"
"""The account of moto's own credentials."""
REGION: Final = "us-east-1"
IMAGE: Final = "ami-12c6146b"
"""An image that moto has in every region."""
_KEYS: Final = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_ENVIRONMENT: Final = {
    **_KEYS,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}
_SCOPE: Final = re.compile(r"Credential=([^/]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_EC2_EMPTY: Final = '<{0}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><{1}/></{0}Response>'
_NOT_IN_MOTO: Final[Mapping[str, tuple[str, str]]] = {
    "DescribeDirectConnectGateways": (
        "application/x-amz-json-1.1",
        '{"directConnectGateways": [{"directConnectGatewayId": "7b2c4f8a-0000-4abc-9def-000000000001"}]}',
    ),
    "DescribeDirectConnectGatewayAssociations": (
        "application/x-amz-json-1.1",
        '{"directConnectGatewayAssociations": []}',
    ),
    "DescribeVirtualInterfaces": ("application/x-amz-json-1.1", '{"virtualInterfaces": []}'),
    "DescribeVpcBlockPublicAccessOptions": (
        "text/xml",
        _EC2_EMPTY.format("DescribeVpcBlockPublicAccessOptions", "vpcBlockPublicAccessOptions"),
    ),
    "DescribeVpcBlockPublicAccessExclusions": (
        "text/xml",
        _EC2_EMPTY.format("DescribeVpcBlockPublicAccessExclusions", "vpcBlockPublicAccessExclusionSet"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCall:
    """One request, as its signature and body name it."""

    service: str
    region: str
    action: str
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsFault:
    """The answer to calls of an action; an empty field matches every call."""

    code: str
    """Error code of AWS; empty: a page of HTML, as of a proxy."""
    action: str = ""
    region: str = ""
    status: int = 403
    times: int | None = None
    """Number of calls that fail; None: all."""

    def matches(self, call: ReceivedCall) -> bool:
        """Return True if the call fails."""
        return self.action in {"", call.action} and self.region in {"", call.region}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAws:
    """A running server. Add to ``faults`` at any time."""

    url: str
    faults: list[AwsFault] = field(default_factory=list)
    received: list[ReceivedCall] = field(default_factory=list)

    def fault(self, call: ReceivedCall) -> AwsFault | None:
        """Return the fault of a call; None if it is answered."""
        for number, fault in enumerate(self.faults):
            if fault.matches(call):
                if fault.times is not None:
                    self.faults[number : number + 1] = (
                        [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    )
                return fault
        return None

    @property
    def environment(self) -> Mapping[str, str]:
        """Fake credentials, and no settings of the user who runs the tests."""
        return _ENVIRONMENT

    def client(self, service: str, region: str = REGION, account: str = ACCOUNT) -> Any:
        """Return a client of an account, to create resources."""
        keys = {name.lower(): value for name, value in _KEYS.items()}
        session = boto3.Session(region_name=region, **keys)
        if account != ACCOUNT:
            role = f"arn:aws:iam::{account}:role/builder"
            sts = session.client("sts", endpoint_url=self.url)
            given = sts.assume_role(RoleArn=role, RoleSessionName="builder")["Credentials"]
            session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region)
        return session.client(service, endpoint_url=self.url)

    def instance(self, name: str, region: str = REGION, account: str = ACCOUNT, **tags: str) -> str:
        """Start an instance in the default VPC and return its id."""
        ec2 = self.client("ec2", region, account)
        marks = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
        made = ec2.run_instances(
            ImageId=IMAGE, MinCount=1, MaxCount=1, TagSpecifications=[{"ResourceType": "instance", "Tags": marks}]
        )
        return str(made["Instances"][0]["InstanceId"])


@contextmanager
def simulated_aws() -> Iterator[SimulatedAws]:
    """Run an empty AWS on free ports of loopback."""
    import logging  # noqa: PLC0415 - only tests have moto

    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only tests have it

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    aws = SimulatedAws(url=f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(aws, f"{host}:{port}")
    _reset(f"{host}:{port}")
    try:
        with BackgroundServer(server):
            yield aws
    finally:
        moto.stop()


def _reset(address: str) -> None:
    """Reset moto's state, which tests of one process share."""
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("POST", "/moto-api/reset")
    connection.getresponse().read()
    connection.close()


def _handler(aws: SimulatedAws, moto: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            call = _call(self.headers, body)
            aws.received.append(call)
            fault = aws.fault(call)
            if fault is not None:
                self._answer(fault.status, *_error(call, fault))
            elif call.action in _NOT_IN_MOTO:
                kind, text = _NOT_IN_MOTO[call.action]
                self._answer(200, kind, text.encode())
            else:
                self._forward(body)

        def _forward(self, body: bytes) -> None:
            connection = http.client.HTTPConnection(moto, timeout=60)
            connection.request("POST", self.path, body, dict(self.headers))
            reply = connection.getresponse()
            self._answer(reply.status, reply.headers.get("Content-Type", "text/xml"), reply.read())
            connection.close()

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            """Print nothing."""

    return Handler


def _call(headers: Any, body: bytes) -> ReceivedCall:
    scope = _SCOPE.search(headers.get("Authorization", ""))
    target = headers.get("X-Amz-Target", "").rpartition(".")[2]
    action = target or parse_qs(body.decode()).get("Action", [""])[0]
    return ReceivedCall(
        service=scope.group(3) if scope else "",
        region=scope.group(2) if scope else "",
        action=action,
        body=body.decode(),
    )


def _error(call: ReceivedCall, fault: AwsFault) -> tuple[str, bytes]:
    message = f"You may not call {call.action}."
    if not fault.code:
        return "text/html", b"<!doctype html><title>Proxy</title><p>Not today."
    if call.service == "directconnect":
        return "application/x-amz-json-1.1", f'{{"__type": "{fault.code}", "message": "{message}"}}'.encode()
    error = f"<Error><Code>{fault.code}</Code><Message>{message}</Message></Error>"
    if call.service == "ec2":
        return "text/xml", f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>".encode()
    return "text/xml", f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()
