"""Asks EC2 with the service's own credentials, from the usual sources of AWS SDKs.

They need only ``ec2:DescribeInstances`` in the accounts' regions.
"""

from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from openinspector.model.agent import AgentId
from openinspector.service.ports.instance_states import InstanceStatesError

_SECONDS: Final = 5
_ABSENT: Final = ("InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed")


class Ec2InstanceStates:
    """Asks the endpoints of the regions, or ``endpoint`` in tests."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint
        self._config = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 2})

    def state(self, region: str, instance: AgentId) -> str | None:
        """Return the instance's state; None if it does not exist. InstanceStatesError."""
        try:
            # A client a question: enrolments are rare, and clients are not made for several threads at once.
            session = boto3.session.Session(region_name=region)
            client = session.client("ec2", endpoint_url=self._endpoint, config=self._config)
            found: Any = client.describe_instances(InstanceIds=[instance])
            states = [one["State"]["Name"] for held in found["Reservations"] for one in held["Instances"]]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise InstanceStatesError(f"EC2 does not tell of {instance}: {error}") from error
        except (BotoCoreError, KeyError) as error:
            raise InstanceStatesError(f"EC2 cannot be asked: {error}") from error
        return str(states[0]) if len(states) == 1 else None
