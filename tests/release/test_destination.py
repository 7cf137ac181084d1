"""Publishing to a folder and to a bucket: the same files, in an order that never shows half of a release."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from openinspector.release.destination import Destination
from openinspector.release.error import ReleaseError
from openinspector.release.metadata_file import render_metadata
from openinspector.release.publication import PublishedRelease, Upload, plan_publication
from openinspector.testing.simulated_releases import SimulatedReleases, release


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "of-a-test",
        "AWS_SECRET_ACCESS_KEY": "of a test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="releases")
    yield client
    server.stop()


def plan(releases: SimulatedReleases, published: PublishedRelease) -> Sequence[Upload]:
    drafts = ([render_metadata(root) for root in releases.roots], render_metadata(releases.targets))
    return plan_publication(published, drafts, releases.bundles, releases.online, releases.now)


def test_bucket_and_folder_have_the_same_content(bucket: Any, tmp_path: Path) -> None:
    releases = SimulatedReleases(tmp_path / "folder")
    for number in (1, 2):
        releases.add(release(f"{number}.0", number), {})
        releases.publish()
        place = Destination("s3://releases/agent")
        place.write(plan(releases, place.read()))
    listed = {found["Key"]: found["Key"] for found in bucket.list_objects_v2(Bucket="releases")["Contents"]}
    files = {str(path.relative_to(releases.folder)) for path in releases.folder.rglob("*") if path.is_file()}
    assert {key.removeprefix("agent/") for key in listed} == files
    assert Destination("s3://releases/agent").read().targets == Destination(str(releases.folder)).read().targets


def test_missing_bucket_is_reported(bucket: Any) -> None:
    assert bucket
    with pytest.raises(ReleaseError, match="s3://absent"):
        Destination("s3://absent/agent").write([Upload(name="metadata/1.root.json", content=b"{}")])


@pytest.mark.parametrize("place", ["https://x/y", "ftp://x", "s3://key:secret@x/y"])
def test_rejects_invalid_destinations(place: str) -> None:
    with pytest.raises(ReleaseError, match="is not a place"):
        Destination(place)


def test_reader_between_two_writes_sees_a_consistent_state(tmp_path: Path) -> None:
    releases = SimulatedReleases(tmp_path / "folder")
    releases.add(release("1.0", 1), {})
    releases.publish()
    place = Destination(str(releases.folder))
    before = place.read()
    releases.add(release("2.0", 2), {})
    signers = releases.targets_keys[:2]
    for key in signers:
        releases.targets.sign(key, append=True)
    uploads = plan(releases, before)
    assert uploads[0].name.startswith("targets/")
    for upload in uploads[:-1]:
        place.write([upload])
        assert place.read() == before
    place.write(uploads[-1:])
    assert place.read().targets == render_metadata(releases.targets)


def test_failed_write_changes_nothing_visible(tmp_path: Path) -> None:
    releases = SimulatedReleases(tmp_path / "folder")
    releases.publish()
    place = Destination(str(releases.folder))
    before = place.read()
    (releases.folder / "metadata" / "9.root.json").mkdir()
    with pytest.raises(ReleaseError, match="cannot be written"):
        place.write([Upload(name="metadata/9.root.json", content=b"{}")])
    (releases.folder / "metadata" / "9.root.json").rmdir()
    assert place.read() == before
