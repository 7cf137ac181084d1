"""The checker of outputs notices what is wrong."""

from typing import Any

import pytest
from tests.service.api.operations.modelled import check_output

AGENT = {"agentId": "i-1"}


def test_modelled_output_passes() -> None:
    check_output("PreviewAgents", {"agentPreviews": [{**AGENT, "agentHealth": "HEALTHY"}]})
    check_output("DeleteAssessmentRun", {})


@pytest.mark.parametrize(
    ("operation", "output"),
    [
        ("DeleteAssessmentRun", {"arn": "arn"}),
        ("PreviewAgents", {}),
        ("PreviewAgents", {"agentPreviews": [{}]}),
        ("PreviewAgents", {"agentPreviews": [{**AGENT, "hostName": "web"}]}),
        ("PreviewAgents", {"agentPreviews": [{**AGENT, "agentHealth": "FINE"}]}),
        ("PreviewAgents", {"agentPreviews": [{**AGENT, "ipv4Address": ""}]}),
        ("PreviewAgents", {"agentPreviews": [{**AGENT, "hostname": None}]}),
        ("PreviewAgents", {"agentPreviews": [AGENT] * 101}),
        ("GetTelemetryMetadata", {"telemetryMetadata": [{"messageType": "Total", "count": True}]}),
        ("DescribeFindings", {"findings": [], "failedItems": {"arn": {"failureCode": "LOST", "retryable": False}}}),
    ],
)
def test_other_output_fails(operation: str, output: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_output(operation, output)
