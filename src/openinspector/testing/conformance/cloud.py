"""Contract tests for every adapter of the port `cloud`.

Subclass, and provide the fixtures ``cloud``, which reads the accounts of ``placed``, ``poorer``, which may not call
``ec2 describe-vpcs`` in the region of the first instance, and ``empty``, which can read no account.
"""

from dataclasses import dataclass

import pytest

from openinspector.model.asset import Tag
from openinspector.network.snapshot import ReadGap
from openinspector.network.topology import Topology
from openinspector.service.ports.cloud import CloudAccounts, CloudError, SnapshotProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedInstance:
    """An instance that exists in the accounts."""

    id: str
    account: str
    region: str
    tag: Tag


class CloudAccountsSuite:
    """The contract of `CloudAccounts`."""

    def test_instances_of_all_accounts_are_listed_by_id(
        self, cloud: CloudAccounts, placed: tuple[PlacedInstance, ...]
    ) -> None:
        listing = cloud.instances()
        assert [one.id for one in listing.instances] == sorted(one.id for one in placed)
        assert listing.gaps == ()
        by_id = {one.id: one for one in placed}
        for found in listing.instances:
            wanted = by_id[found.id]
            assert (found.account, found.region) == (wanted.account, wanted.region)
            assert wanted.tag in found.tags
            assert found.ipv4_addresses
            assert found.interfaces[0].interface_id.startswith("eni-")

    def test_a_snapshot_is_what_the_model_reads(self, cloud: CloudAccounts, placed: tuple[PlacedInstance, ...]) -> None:
        """No call fails, no item is lost, and nothing changes when it is read again."""
        snapshot = cloud.snapshot(_ignore)
        topology = Topology(snapshot.documents)
        assert snapshot.gaps == ()
        assert topology.defects == []
        assert topology.places == {(one.account, one.region) for one in placed}
        assert cloud.snapshot(_ignore).digest == snapshot.digest

    def test_every_region_is_reported(self, cloud: CloudAccounts, placed: tuple[PlacedInstance, ...]) -> None:
        """The number of regions that are done only grows, to the number of all."""
        seen: list[SnapshotProgress] = []
        cloud.snapshot(seen.append)
        places = {(one.account, one.region) for one in placed}
        assert {(one.account, one.region) for one in seen} == places
        assert [one.regions_done for one in seen] == list(range(1, len(places) + 1))
        assert {one.regions for one in seen} == {len(places)}

    def test_a_call_that_fails_is_a_gap_and_the_rest_is_read(
        self, poorer: CloudAccounts, placed: tuple[PlacedInstance, ...]
    ) -> None:
        """The gap names account, region and call. Instances need another call."""
        snapshot = poorer.snapshot(_ignore)
        first = placed[0]
        assert [_place(gap) for gap in snapshot.gaps] == [(first.account, first.region, "ec2-describe-vpcs", "")]
        assert "UnauthorizedOperation" in snapshot.gaps[0].reason
        missing = Topology(snapshot.documents).missing("ec2-describe-vpcs")
        assert missing == "" or first.region in missing
        assert len(poorer.instances().instances) == len(placed)
        assert poorer.instances().gaps == ()

    def test_accounts_that_cannot_be_read_at_all_are_an_error(self, empty: CloudAccounts) -> None:
        """An empty snapshot would say that nothing is reachable."""
        with pytest.raises(CloudError):
            empty.snapshot(_ignore)
        with pytest.raises(CloudError):
            empty.instances()


def _ignore(_progress: SnapshotProgress) -> None:
    """Drop the progress."""


def _place(gap: ReadGap) -> tuple[str, str, str, str]:
    return gap.account, gap.region, gap.operation, gap.subject
