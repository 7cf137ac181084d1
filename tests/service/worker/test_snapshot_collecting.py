"""Snapshots of runs, from accounts in a folder, sealed under a real key."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.service.gateway_world import RUN, World

from openinspector.model.agent import AgentId
from openinspector.model.arn import target_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.asset import Tag
from openinspector.service.app.snapshot_vault import SnapshotVault
from openinspector.service.ports.cloud import CloudAccounts
from openinspector.service.stores.cloud_files import FilesCloud
from openinspector.service.worker.run_networks import RunNetworks
from openinspector.service.worker.snapshot_collecting import NO_CLOUD, SnapshotCollecting
from openinspector.testing import model_builders as builders
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.testing.network_builders import ACCOUNT, REGION, two_vpcs


class Account:
    """An account in a folder, and a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "accounts"
        self.world = World(folder=folder)
        self.vault = SnapshotVault(self.world.objects, self.world.keys)
        self.assessments = MemoryAssessmentStore()
        self.run: AssessmentRun = self.world.runs.runs[RUN]

    def write(self, network: dict[str, Any]) -> None:
        place = self.folder / ACCOUNT / REGION
        place.mkdir(parents=True, exist_ok=True)
        for operation, content in network.items():
            (place / f"{operation}.json").write_text(json.dumps(content))

    def select(self, *tags: Tag) -> None:
        """Make the run's target, with a resource group if tags are given."""
        group = builders.resource_group(tags=tags) if tags else None
        if group is not None:
            self.assessments.add_resource_group(group)
        target = builders.target(arn=target_of(self.run.arn), resource_group_arn=None if group is None else group.arn)
        self.assessments.add_target(target)

    def collecting(self, cloud: CloudAccounts | None) -> SnapshotCollecting:
        return SnapshotCollecting(assessments=self.assessments, cloud=cloud, vault=self.vault, clock=self.world.clock)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


def tagged() -> dict[str, Any]:
    network = two_vpcs()
    first, second, third = network["ec2-describe-instances"]["Reservations"][0]["Instances"]
    first["Tags"] = second["Tags"] = third["Tags"] = [{"Key": "Team", "Value": "web"}]
    second["Tags"] = [{"Key": "Team", "Value": "data"}]
    third["State"] = {"Code": 48, "Name": "terminated"}
    return network


def test_target_selects_instances_by_their_tags(account: Account) -> None:
    account.write(tagged())
    account.select(Tag(key="Team", value="web"))
    collecting = account.collecting(FilesCloud(account.folder))
    assert collecting.is_empty(account.run)
    collecting.collect(account.run)
    assert list(collecting.subjects(account.run)) == [AgentId("i-1")]
    assert not collecting.is_empty(account.run)
    assert collecting.seconds_left(account.run) == 0
    assert not collecting.interrupted(account.run)


def test_target_without_group_selects_every_instance_that_is_not_gone(account: Account) -> None:
    account.write(tagged())
    account.select()
    collecting = account.collecting(FilesCloud(account.folder))
    collecting.collect(account.run)
    assert list(collecting.subjects(account.run)) == [AgentId("i-1"), AgentId("i-2")]


def test_first_snapshot_stands(account: Account) -> None:
    account.write(tagged())
    account.select()
    collecting = account.collecting(FilesCloud(account.folder))
    collecting.collect(account.run)
    digest = account.vault.open(account.run.arn).snapshot.digest
    account.write({"ec2-describe-instances": {"Reservations": []}})
    collecting.collect(account.run)
    assert account.vault.open(account.run.arn).snapshot.digest == digest


@pytest.mark.parametrize("configured", [True, False])
def test_unreadable_account_is_a_gap_of_the_snapshot(account: Account, *, configured: bool) -> None:
    account.select()
    collecting = account.collecting(FilesCloud(account.folder) if configured else None)
    collecting.collect(account.run)
    (gap,) = account.vault.open(account.run.arn).snapshot.gaps
    assert not gap.operation
    assert (NO_CLOUD in gap.reason) is not configured
    assert not collecting.subjects(account.run)


def test_batches_of_a_run_share_one_judged_network(account: Account) -> None:
    account.write(tagged())
    account.select()
    account.collecting(FilesCloud(account.folder)).collect(account.run)
    networks = RunNetworks(account.vault)
    opened = networks.open(account.run.arn)
    assert networks.open(account.run.arn) is opened
    assert opened.network.digest == account.vault.open(account.run.arn).snapshot.digest
    assert opened.instances[AgentId("i-2")].tags == (Tag(key="Team", value="data"),)
    networks.forget(account.run.arn)
    assert networks.open(account.run.arn) is not opened


def started(account: Account, *instances: str) -> None:
    """Add the run to the store, with the instances that its target selected at its start."""
    account.select(Tag(key="Team", value="web"))
    template = builders.template(arn=account.run.template_arn, target_arn=target_of(account.run.arn))
    account.assessments.add_template(template)
    account.assessments.add_run(account.run, (), [AgentId(one) for one in instances])


def test_instances_that_were_terminated_since_the_start_are_gone(account: Account) -> None:
    """EC2 lists a terminated instance for a while, then no longer."""
    account.write(tagged())
    started(account, "i-1", "i-3", "i-4")
    collecting = account.collecting(FilesCloud(account.folder))
    collecting.collect(account.run)
    assert list(collecting.subjects(account.run)) == [AgentId("i-1")]
    assert RunNetworks(account.vault).open(account.run.arn).gone == (AgentId("i-3"), AgentId("i-4"))


def test_instance_of_the_run_stays_if_its_tags_changed(account: Account) -> None:
    account.write(tagged())
    started(account, "i-2")
    collecting = account.collecting(FilesCloud(account.folder))
    collecting.collect(account.run)
    assert list(collecting.subjects(account.run)) == [AgentId("i-1"), AgentId("i-2")]


def test_instances_that_could_not_be_listed_are_not_gone(account: Account) -> None:
    network = tagged()
    account.write(network)
    started(account, "i-1")
    place = account.folder / ACCOUNT / REGION / "ec2-describe-instances.json"
    place.write_text("An error occurred (UnauthorizedOperation) when calling the DescribeInstances operation: No.")
    account.collecting(FilesCloud(account.folder)).collect(account.run)
    opened = RunNetworks(account.vault).open(account.run.arn)
    assert opened.gone == ()
    assert [gap.operation for gap in opened.gaps] == ["ec2-describe-instances"]
