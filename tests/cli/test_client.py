"""Failures between command line and service, and their messages."""

import pytest
from tests.cli.api_answers import TARGET
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector


def test_options_override_the_environment(
    command: Command, inspector: SimulatedInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector.prepare("ListAssessmentTargets", {"assessmentTargetArns": []})
    url, ca_file = inspector.url, str(inspector.ca_file)
    monkeypatch.setenv("AWS_ENDPOINT_URL_INSPECTOR", "https://127.0.0.1:9")
    monkeypatch.delenv("AWS_CA_BUNDLE")
    assert command("targets", "list", "--endpoint-url", url, "--ca-bundle", ca_file).status == 0


def test_a_service_of_another_authority_is_not_trusted(
    command: Command, inspector: SimulatedInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    done = command("targets", "list")
    assert done.status == 3
    assert "certificate" in done.err.lower()
    assert "--ca-bundle" in done.err
    assert inspector.requests == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--ca-bundle", "/nowhere/ca.pem"), 2, "/nowhere/ca.pem"),
        (("--endpoint-url", "not a url"), 2, "not a url"),
        (("--endpoint-url", "ftp://127.0.0.1"), 2, "ftp://127.0.0.1"),
        (("--endpoint-url", "http://127.0.0.1:9"), 2, "https://"),
        (("--profile", "nobody"), 2, "nobody"),
    ],
)
def test_wrong_options_are_explained(
    command: Command, inspector: SimulatedInspector, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = command("targets", "list", *arguments)
    assert done.status == status, done
    assert message in done.err
    assert inspector.requests == []


def test_missing_key_names_the_variables(
    command: Command, inspector: SimulatedInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = command("targets", "list")
    assert done.status == 2, done
    assert "AWS_ACCESS_KEY_ID" in done.err
    assert inspector.requests == []


def test_invalid_argument_is_a_usage_error(command: Command, inspector: SimulatedInspector) -> None:
    done = command("targets", "create", "")
    assert done.status == 2, done
    assert "assessmentTargetName" in done.err
    assert inspector.requests == []


def test_lists_are_read_page_after_page_and_described_ten_at_a_time(
    command: Command, inspector: SimulatedInspector
) -> None:
    pages = [[f"{TARGET}{page}{item}" for item in range(8)] for page in range(2)]
    inspector.prepare(
        "ListAssessmentTargets",
        {"assessmentTargetArns": pages[0], "nextToken": "more"},
        {"assessmentTargetArns": pages[1]},
    )
    inspector.prepare("DescribeAssessmentTargets", {"assessmentTargets": [], "failedItems": {}})
    assert command("targets", "list", "--json").out == "[]\n"
    assert [given.get("nextToken") for given in inspector.inputs("ListAssessmentTargets")] == [None, "more"]
    asked = [given["assessmentTargetArns"] for given in inspector.inputs("DescribeAssessmentTargets")]
    assert [len(part) for part in asked] == [10, 6]
    assert [arn for part in asked for arn in part] == [arn for page in pages for arn in page]
