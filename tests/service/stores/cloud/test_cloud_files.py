"""A folder in the layout of the AWS CLI: written by us from AWS as moto plays it, or by a user."""

import shutil
from pathlib import Path

import pytest
from tests.service.stores.cloud.conftest import aws_cloud

from openinspector.model.errors import StoreError
from openinspector.service.ports.cloud import CloudAccounts, CloudError
from openinspector.service.snapshot_folder import load_snapshot, write_snapshot
from openinspector.service.stores.cloud_files import FilesCloud
from openinspector.testing.conformance.cloud import CloudAccountsSuite, PlacedInstance
from openinspector.testing.simulated_aws import SimulatedAws


@pytest.fixture(scope="module")
def written(
    running_aws: SimulatedAws,
    placed: tuple[PlacedInstance, ...],
    balanced: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("snapshot") / "net"
    write_snapshot(folder, aws_cloud(running_aws).snapshot(lambda _progress: None))
    assert placed
    assert balanced is None
    return folder


class TestFiles(CloudAccountsSuite):
    @pytest.fixture
    def cloud(self, written: Path) -> CloudAccounts:
        return FilesCloud(written)

    @pytest.fixture
    def poorer(self, written: Path, placed: tuple[PlacedInstance, ...], tmp_path: Path) -> CloudAccounts:
        folder = tmp_path / "poorer"
        shutil.copytree(written, folder)
        vpcs = folder / placed[0].account / placed[0].region / "ec2-describe-vpcs.json"
        vpcs.write_text("\nAn error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: No.\n")
        return FilesCloud(folder)

    @pytest.fixture
    def empty(self, tmp_path: Path) -> CloudAccounts:
        return FilesCloud(tmp_path / "nothing")


def test_file_round_trip(running_aws: SimulatedAws, written: Path) -> None:
    read, there = load_snapshot(written), aws_cloud(running_aws).snapshot(lambda _progress: None)
    assert read.documents == there.documents
    assert read.digest == there.digest


def test_files_are_the_owners_alone(written: Path) -> None:
    modes = {path.stat().st_mode & 0o077 for path in written.rglob("*") if path.is_file()}
    assert modes == {0}


def test_nothing_is_written_over(written: Path) -> None:
    with pytest.raises(StoreError, match="not empty"):
        write_snapshot(written, load_snapshot(written))


def test_a_folder_without_documents_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="no account"):
        FilesCloud(tmp_path).instances()


def test_links_are_not_followed(written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "net" / "123456789012" / "eu-west-1"
    folder.mkdir(parents=True)
    source = next(written.rglob("ec2-describe-vpcs.json"))
    (folder / "ec2-describe-vpcs.json").symlink_to(source)
    assert load_snapshot(tmp_path / "net").documents == ()


def test_a_role_is_not_needed(written: Path) -> None:
    trial = FilesCloud(written).try_role("arn:aws:iam::123456789012:role/any")
    assert trial.problem is None
    assert "not used" in trial.detail
