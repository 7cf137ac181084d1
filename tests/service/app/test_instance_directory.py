"""Instances are listed when they are needed, not more often."""

from datetime import timedelta

import pytest

from openinspector.service.app.errors import InvalidRole
from openinspector.service.app.instance_directory import FRESH, KNOWN, InstanceDirectory
from openinspector.service.ports.cloud import CloudError, RoleProblem
from openinspector.testing.fake_clock import EPOCH, FakeClock
from openinspector.testing.memory_cloud import MemoryCloud, instances_document

_ID = "i-0123456789abcdef0"
_SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(EPOCH)


@pytest.fixture
def cloud() -> MemoryCloud:
    return MemoryCloud(documents=[instances_document({"InstanceId": _ID, "State": {"Name": "running"}})])


@pytest.fixture
def directory(cloud: MemoryCloud, clock: FakeClock) -> InstanceDirectory:
    return InstanceDirectory(cloud, clock)


def test_one_listing_serves_a_burst(directory: InstanceDirectory, cloud: MemoryCloud, clock: FakeClock) -> None:
    for _ in range(3):
        assert [one.id for one in directory.selectable().instances] == [_ID]
    assert cloud.listings == 1
    clock.advance((FRESH + _SECOND).total_seconds())
    directory.known()
    assert cloud.listings == 1
    directory.selectable()
    assert cloud.listings == 2
    clock.advance((KNOWN + _SECOND).total_seconds())
    directory.known()
    assert cloud.listings == 3
    directory.forget()
    directory.known()
    assert cloud.listings == 4


def test_a_role_that_cannot_be_used_is_refused(directory: InstanceDirectory, cloud: MemoryCloud) -> None:
    cloud.error = CloudError("the role cannot be assumed", problem=RoleProblem.NO_TRUST)
    with pytest.raises(InvalidRole) as refused:
        directory.selectable()
    assert refused.value.code == "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
    assert [gap.reason for gap in directory.known().gaps] == ["the role cannot be assumed"]


def test_an_outage_leaves_the_last_listing_and_a_gap(
    directory: InstanceDirectory, cloud: MemoryCloud, clock: FakeClock
) -> None:
    directory.selectable()
    clock.advance((KNOWN + _SECOND).total_seconds())
    cloud.error = CloudError("no route to host")
    for listing in (directory.selectable(), directory.known()):
        assert [one.id for one in listing.instances] == [_ID]
        assert [gap.reason for gap in listing.gaps] == ["no route to host"]
    cloud.error = None
    clock.advance((FRESH + _SECOND).total_seconds())
    assert directory.selectable().gaps == ()


def test_all_who_wait_for_a_listing_that_fails_get_its_error(
    directory: InstanceDirectory, cloud: MemoryCloud, clock: FakeClock
) -> None:
    cloud.error = CloudError("no route to host")
    for _ in range(5):
        directory.selectable()
    assert cloud.listings == 1
    directory.forget()
    directory.selectable()
    assert cloud.listings == 2
    clock.advance((FRESH + _SECOND).total_seconds())
    directory.selectable()
    assert cloud.listings == 3


def test_instances_that_have_gone_are_not_found_by_id(directory: InstanceDirectory, cloud: MemoryCloud) -> None:
    gone = "i-0123456789abcdef1"
    cloud.documents.append(
        instances_document({"InstanceId": gone, "State": {"Name": "terminated"}}, region="eu-west-2")
    )
    assert [one.id for one in directory.known().instances] == [_ID, gone]
    assert list(directory.by_id()) == [_ID]


def test_an_installation_without_accounts_has_no_instances(clock: FakeClock) -> None:
    directory = InstanceDirectory(None, clock)
    assert directory.selectable().instances == ()
    assert directory.known().gaps == ()
