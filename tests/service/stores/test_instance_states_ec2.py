"""EC2 as moto's server plays it."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from openinspector.model.agent import AgentId
from openinspector.service.ports.instance_states import InstanceStatesError
from openinspector.service.stores.instance_states_ec2 import Ec2InstanceStates


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_states_are_ec2s(endpoint: str) -> None:
    ec2 = boto3.client("ec2", region_name="eu-west-1", endpoint_url=endpoint)
    images = ec2.describe_images()["Images"]
    made = ec2.run_instances(ImageId=images[0]["ImageId"], MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    states = Ec2InstanceStates(endpoint)
    assert states.state("eu-west-1", AgentId(made)) == "running"
    ec2.stop_instances(InstanceIds=[made])
    assert states.state("eu-west-1", AgentId(made)) == "stopped"
    ec2.terminate_instances(InstanceIds=[made])
    assert states.state("eu-west-1", AgentId(made)) in ("terminated", "shutting-down")
    assert states.state("us-east-1", AgentId(made)) is None


def test_missing_instance_has_no_state(endpoint: str) -> None:
    assert Ec2InstanceStates(endpoint).state("eu-west-1", AgentId("i-0123456789abcdef0")) is None


def test_unreachable_ec2_is_an_error() -> None:
    with pytest.raises(InstanceStatesError, match="cannot be asked"):
        Ec2InstanceStates("http://127.0.0.1:1").state("eu-west-1", AgentId("i-0123456789abcdef0"))
