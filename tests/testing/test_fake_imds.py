import pytest

from openinspector.agent.cloud.metadata_client import ask
from openinspector.testing.fake_imds import TOKEN_HEADER, TOKEN_PATH, TTL_HEADER, FakeImds, Speaks

ID = "/latest/meta-data/instance-id"


def status(service: FakeImds, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    return ask(service.address, method, path, headers or {}).status


def token(service: FakeImds, ttl: str = "60") -> str:
    return ask(service.address, "PUT", TOKEN_PATH, {TTL_HEADER: ttl}).body.decode()


def test_version_2_gives_nothing_without_a_token() -> None:
    with FakeImds() as service:
        assert status(service, "GET", ID) == 401
        assert status(service, "GET", ID, {TOKEN_HEADER: "made up"}) == 401
        assert status(service, "GET", ID, {TOKEN_HEADER: token(service)}) == 200
        assert status(service, "GET", "/latest/meta-data/none", {TOKEN_HEADER: token(service)}) == 404


@pytest.mark.parametrize("ttl", ["", "0", "-1", "21601", "x", "1.5"])
def test_a_token_needs_a_lifetime(ttl: str) -> None:
    with FakeImds() as service:
        assert status(service, "PUT", TOKEN_PATH, {TTL_HEADER: ttl}) == 400
        assert status(service, "PUT", TOKEN_PATH) == 400
        assert service.tokens == {}


def test_a_token_ends_with_its_lifetime() -> None:
    now = [100.0]
    with FakeImds(clock=lambda: now[0]) as service:
        headers = {TOKEN_HEADER: token(service, "60")}
        now[0] = 159.9
        assert status(service, "GET", ID, headers) == 200
        now[0] = 160.0
        assert status(service, "GET", ID, headers) == 401


def test_proxied_request_gets_no_token() -> None:
    with FakeImds() as service:
        assert status(service, "PUT", TOKEN_PATH, {TTL_HEADER: "60", "X-Forwarded-For": "10.0.0.1"}) == 403


def test_version_1() -> None:
    with FakeImds(speaks=Speaks.V1_ONLY) as service:
        assert status(service, "PUT", TOKEN_PATH, {TTL_HEADER: "60"}) == 405
        assert status(service, "GET", ID) == 200


def test_both() -> None:
    with FakeImds(speaks=Speaks.V1_AND_V2) as service:
        assert status(service, "GET", ID) == 200
        assert status(service, "GET", ID, {TOKEN_HEADER: "made up"}) == 401
        assert status(service, "GET", ID, {TOKEN_HEADER: token(service)}) == 200


def test_records_requests() -> None:
    with FakeImds() as service:
        status(service, "GET", ID)
        assert service.requests == [("GET", ID)]
