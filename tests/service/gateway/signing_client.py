"""A host as the gateway sees it: signs requests with its key, wrongly on demand."""

from dataclasses import dataclass, field, replace

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.service.gateway_world import AGENT, World

from openinspector.model.agent import AgentHealthCode, AgentId, HostDescription
from openinspector.service.app.enrolment import Grant, create_token
from openinspector.wire.message import (
    Challenge,
    EnrolmentRequest,
    Heartbeat,
    Problem,
    Session,
    SessionRequest,
)
from openinspector.wire.signature import Covered, content_digest, key_id, render_headers, signature_base

BEAT = Heartbeat(host=HostDescription(hostname="web-1"), health_code=AgentHealthCode.IDLE)
JSON = "application/json"
OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A signed request before it is sent, so that a test can spoil it."""

    path: str
    headers: dict[str, str]
    body: bytes

    def but(self, **headers: str | None) -> "Prepared":
        """The same with headers changed (underscores for hyphens), or taken away by None."""
        changed = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})


@dataclass(kw_only=True)
class Host:
    """One host: its key, its session, and where it sends."""

    world: World
    http: httpx.Client
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    agent_id: AgentId = AGENT
    session: str | None = None
    counter: int = 0
    instance: str = ""

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def enrolled(self) -> "Host":
        self.world.add_agent(self.key, self.agent_id)
        return self

    def nonce(self) -> str:
        return msgspec.json.decode(self.http.post("/agent/v1/challenge").content, type=Challenge).nonce

    def opening(self) -> Prepared:
        asked = SessionRequest(nonce=self.nonce(), agent_id=self.agent_id, instance=self.instance)
        return self.prepare("session", msgspec.json.encode(asked), in_session=False)

    def opened(self) -> "Host":
        response = self.send(self.opening())
        assert response.status_code == 200, response.text
        self.session = msgspec.json.decode(response.content, type=Session).session_id
        self.counter = 0
        return self

    def enrolment(self, token: str, nonce: str | None = None) -> Prepared:
        asked = EnrolmentRequest(
            nonce=nonce or self.nonce(),
            method="join_token",
            evidence={"token": token},
            public_key=self.public_key,
            host=BEAT.host,
        )
        return self.prepare("enrolment", msgspec.json.encode(asked), in_session=False)

    def beat(self, **signing: object) -> Prepared:
        return self.prepare("heartbeat", msgspec.json.encode(BEAT), **signing)  # type: ignore[arg-type]

    def upload(self, envelope: bytes) -> httpx.Response:
        return self.send(self.prepare("telemetry", envelope, media_type=OCTETS))

    def prepare(
        self,
        name: str,
        body: bytes,
        *,
        in_session: bool = True,
        counter: int | None = None,
        age: int = 0,
        key: Ed25519PrivateKey | None = None,
        media_type: str = JSON,
    ) -> Prepared:
        """Sign a request, by default as an honest agent would."""
        signer = key or self.key
        if in_session and counter is None:
            self.counter += 1
            counter = self.counter
        covered = Covered(
            method="POST",
            path=f"/agent/v1/{name}",
            content_digest=content_digest(body),
            session=self.session if in_session else None,
            counter=counter if in_session else None,
        )
        created = int(self.world.clock.now().timestamp()) - age
        own_id = key_id(self.public_key)
        headers = render_headers(covered, created, own_id, signer.sign(signature_base(covered, created, own_id)))
        return Prepared(path=covered.path, headers={**headers, "content-type": media_type}, body=body)

    def send(self, prepared: Prepared) -> httpx.Response:
        return self.http.post(prepared.path, headers=prepared.headers, content=prepared.body)


def token(world: World, uses: int = 1) -> str:
    now = world.clock.now()
    grant = Grant(tags=(), uses=uses, expires_at=now.replace(year=now.year + 1))
    return create_token(world.agents, grant, now, lambda size: b"t" * (size - 1) + bytes([uses]))


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which is always a Problem and never a trace."""
    assert response.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in response.text
    return response.status_code, msgspec.json.decode(response.content, type=Problem).code
