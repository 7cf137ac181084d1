"""`openinspector account` on a simulated AWS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openinspector.cli.main import cli
from openinspector.network.aws.read_call import actions
from openinspector.service.snapshot_folder import load_snapshot
from openinspector.testing.simulated_aws import ACCOUNT, AwsFault, SimulatedAws, simulated_aws


@pytest.fixture(scope="module")
def aws() -> Iterator[SimulatedAws]:
    with simulated_aws() as running:
        running.instance("web", "eu-west-1", role="web")
        yield running


def call(aws: SimulatedAws, *arguments: str, **settings: str) -> Result:
    environment = {
        **aws.environment,
        "OPENINSPECTOR_CLOUD_ENDPOINT": aws.url,
        "OPENINSPECTOR_CLOUD_REGIONS": "eu-west-1",
        **settings,
    }
    return CliRunner().invoke(cli, ["account", *arguments], env=environment)


@pytest.mark.parametrize("extra", [False, True])
def test_the_policy_allows_what_is_read_and_nothing_else(*, extra: bool) -> None:
    result = CliRunner().invoke(cli, ["account", "policy", *(["--extra-reads"] if extra else [])])
    (statement,) = json.loads(result.stdout)["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == list(actions(extra_reads=extra))
    assert all(one.partition(":")[2].startswith(("Describe", "Get", "Search")) for one in statement["Action"])


def test_the_trust_policy_demands_the_external_id() -> None:
    principal = "arn:aws:iam::444455556666:role/service"
    result = CliRunner().invoke(cli, ["account", "policy", "--trust", principal, "--external-id", "only-us"])
    (statement,) = json.loads(result.stdout)["Statement"]
    assert statement["Principal"] == {"AWS": principal}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "only-us"}}
    alone = CliRunner().invoke(cli, ["account", "policy", "--external-id", "only-us"])
    assert alone.exit_code == 2


def test_instances_are_listed_with_what_could_not_be_read(aws: SimulatedAws) -> None:
    aws.faults[:] = [AwsFault(code="UnauthorizedOperation", region="eu-west-2")]
    result = call(aws, "instances", "--json", OPENINSPECTOR_CLOUD_REGIONS="eu-west-1,eu-west-2")
    aws.faults.clear()
    listed = json.loads(result.stdout)
    assert result.exit_code == 1, "a part is missing"
    assert [(one["region"], one["tags"]) for one in listed["instances"]] == [
        ("eu-west-1", {"Name": "web", "role": "web"})
    ]
    assert [(one["account"], one["region"]) for one in listed["gaps"]] == [(ACCOUNT, "eu-west-2")]


def test_a_snapshot_for_a_bug_report_has_no_id(aws: SimulatedAws, tmp_path: Path) -> None:
    result = call(aws, "snapshot", str(tmp_path / "net"), "--json")
    assert result.exit_code == 0, result.output
    assert f"Read eu-west-1 of {ACCOUNT} (1 of 1)." in result.stderr
    written = load_snapshot(tmp_path / "net")
    assert json.loads(result.stdout)["digest"] == written.digest
    assert {one.account for one in written.documents} == {"000000000001"}
    assert not [path for path in (tmp_path / "net").rglob("*.json") if ACCOUNT.encode() in path.read_bytes()]


def test_reach_reads_the_snapshot(aws: SimulatedAws, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    assert call(aws, "snapshot", str(folder), "--keep-ids").exit_code == 0
    assert (folder / ACCOUNT / "eu-west-1" / "ec2-describe-vpcs.json").is_file()
    found = CliRunner().invoke(cli, ["reach", "findings", "--snapshot", str(folder), "--json"])
    assert found.exit_code in (0, 1), found.output
    assert "Traceback" not in found.output


def test_nothing_readable_is_an_error_with_a_remedy(aws: SimulatedAws, tmp_path: Path) -> None:
    aws.faults[:] = [AwsFault(code="UnauthorizedOperation")]
    result = call(aws, "snapshot", str(tmp_path / "net"))
    aws.faults.clear()
    assert result.exit_code == 1
    assert "no account could be read" in str(result.exception)
    assert not (tmp_path / "net").exists()
