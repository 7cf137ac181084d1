from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from openinspector.testing.simulated_inspector import InspectorError, SimulatedInspector


def test_real_client_gets_prepared_answers_in_order(tmp_path: Path) -> None:
    with SimulatedInspector(tmp_path) as inspector:
        client = boto3.client(
            "inspector",
            endpoint_url=inspector.url,
            verify=str(inspector.ca_file),
            region_name="us-east-1",
            aws_access_key_id="AKIATEST",
            aws_secret_access_key="of a test",
        )
        inspector.prepare("ListFindings", {"findingArns": ["a"]}, InspectorError("AccessDeniedException", "no"))
        assert client.list_findings(maxResults=1)["findingArns"] == ["a"]
        for _ in range(2):
            with pytest.raises(ClientError, match="AccessDeniedException"):
                client.list_findings()
        with pytest.raises(ClientError, match="nothing is prepared for ListRulesPackages"):
            client.list_rules_packages()
    assert inspector.inputs("ListFindings") == [{"maxResults": 1}, {}, {}]
