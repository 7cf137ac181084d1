from collections.abc import Iterator

import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.instance_metadata import SENSOR
from openinspector.model.inventory import InstanceMetadata, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.fake_imds import DOCUMENTS, TOKEN_PATH, FakeImds, Speaks

INSTANCE = InstanceMetadata(
    instance_id="i-0123456789abcdef0",
    ami_id="ami-0123456789abcdef0",
    instance_type="t3.micro",
    region="eu-west-1",
    availability_zone="eu-west-1a",
    account_id="123456789012",
    local_ipv4="10.0.0.5",
    public_ipv4="198.51.100.7",
)


def host(service: FakeImds) -> FakeHost:
    return FakeHost({}, FakeSystem(metadata_address=service.address))


class TestInstanceMetadata(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {}

    @pytest.fixture
    def system(self) -> Iterator[FakeSystem]:
        with FakeImds() as service:
            yield FakeSystem(metadata_address=service.address)


def test_version_2_with_a_token() -> None:
    with FakeImds(speaks=Speaks.V2_ONLY) as service:
        assert run(SENSOR, host(service))[0] == [INSTANCE]
        assert service.requests[0] == ("PUT", TOKEN_PATH)
        assert len(service.tokens) == 1


def test_falls_back_to_version_1() -> None:
    with FakeImds(speaks=Speaks.V1_ONLY) as service:
        (record,) = run(SENSOR, host(service))[0]
    assert isinstance(record, InstanceMetadata)
    assert (record.instance_id, record.service_version) == (INSTANCE.instance_id, "v1")


def test_version_2_is_preferred() -> None:
    with FakeImds(speaks=Speaks.V1_AND_V2) as service:
        assert run(SENSOR, host(service))[0] == [INSTANCE]


def test_an_old_service_names_only_the_zone() -> None:
    documents = {path: body for path, body in DOCUMENTS.items() if "region" not in path and "identity" not in path}
    with FakeImds(documents) as service:
        (record,) = run(SENSOR, host(service))[0]
    assert isinstance(record, InstanceMetadata)
    assert (record.region, record.account_id) == ("eu-west-1", "")


def test_no_requests_outside_ec2() -> None:
    records, status = run(SENSOR, FakeHost({}))
    assert (records, status.state) == ([], SensorState.NOT_APPLICABLE)
    assert "not an EC2 instance" in status.details[0]


def test_stopped_service_is_not_applicable() -> None:
    with FakeImds() as service:
        gone = host(service)
    assert run(SENSOR, gone)[1].state is SensorState.NOT_APPLICABLE


@pytest.mark.parametrize("path", ["/latest/meta-data/instance-id", "/latest/dynamic/instance-identity/document"])
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 5000, b"a" * 100_000, b"{}"])
def test_strange_answers_do_not_crash(path: str, body: bytes) -> None:
    with FakeImds({**DOCUMENTS, path: body}) as service:
        _, status = run(SENSOR, host(service))
    assert status.state is not SensorState.FAILED, status.details


def test_expired_token_is_reported() -> None:
    times = iter([0.0])
    with FakeImds(clock=lambda: next(times, 1e6)) as service:
        records, status = run(SENSOR, host(service))
    assert (records, status.state) == ([], SensorState.PARTIAL)
    assert "HTTP status 401" in status.details[0]
