"""The ceremony from keys to a published release, as its holders type it; then python-tuf's own client reads it."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from securesystemslib.signer import CryptoSigner
from tests.cli.api_answers import widest
from tests.cli.conftest import Command, Outcome
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from openinspector.release.error import ReleaseError
from openinspector.release.key_file import parse_key, parse_public_key
from openinspector.testing.simulated_releases import make_bundle, release

PASSPHRASE = "correct horse battery"


class FolderFetcher(FetcherInterface):
    """Serves ``file:`` URLs the way a web server would."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(url.removeprefix("file://"))
        if not path.is_file():
            raise DownloadHTTPError("absent", 404)
        return iter([path.read_bytes()])


class Ceremony:
    def __init__(self, command: Command, folder: Path) -> None:
        self._command = command
        self.keys = folder / "keys"
        self.keys.mkdir()
        self.drafts = folder / "drafts"
        self.published = folder / "published"
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(f"{PASSPHRASE}\n")

    def __call__(self, *arguments: str | Path, status: int = 0) -> Outcome:
        done = self._command("release", *map(str, arguments))
        assert done.status == status, done
        assert "--json" in arguments or status or widest(done.out) <= 80 or arguments[0] == "key", done.out
        return done

    def key(self, name: str) -> Path:
        path = self.keys / name
        if not path.exists():
            self("key", "create", path, "--passphrase-file", self.passphrase)
        return path

    def public(self, name: str) -> Path:
        return self.key(name).with_name(f"{name}.pub")

    def init(self, *more: str) -> Outcome:
        roots = [word for number in range(1, 6) for word in ("--root-key", self.public(f"root{number}"))]
        targets = [word for number in range(1, 4) for word in ("--targets-key", self.public(f"targets{number}"))]
        online = ("--snapshot-key", self.public("snapshot"), "--timestamp-key", self.public("timestamp"))
        return self("init", self.drafts, *roots, *targets, *online, *more)

    def sign(self, file: str, *names: str, status: int = 0) -> Outcome:
        done = Outcome(status=0, out="", err="")
        for name in names:
            arguments = ("--key", self.key(name), "--passphrase-file", self.passphrase, "--yes")
            done = self("sign", self.drafts / file, *arguments, status=status)
        return done

    def signed(self) -> None:
        self.init()
        self.sign("1.root.json", "root1", "root2", "root3")
        self.sign("targets.json", "targets1", "targets2")

    def online(self) -> tuple[str | Path, ...]:
        keys = ("--snapshot-key", self.key("snapshot"), "--timestamp-key", self.key("timestamp"))
        return (*keys, "--passphrase-file", self.passphrase)

    def publish(self, status: int = 0) -> Outcome:
        return self("publish", self.drafts, self.published, *self.online(), status=status)

    def bundle(self, version: str, number: int) -> Path:
        path = self.keys.parent / f"{version}.tar.gz"
        path.write_bytes(make_bundle(release(version, number), {}))
        return path

    def read(self, folder: Path) -> Updater:
        """Refresh python-tuf's own client from what is published."""
        folder.mkdir(exist_ok=True)
        url = f"file://{self.published}"
        client = Updater(
            str(folder),
            f"{url}/metadata/",
            str(folder),
            f"{url}/targets/",
            fetcher=FolderFetcher(),
            bootstrap=(self.drafts / "1.root.json").read_bytes(),
        )
        client.refresh()
        return client


@pytest.fixture
def ceremony(command: Command, tmp_path: Path) -> Ceremony:
    return Ceremony(command, tmp_path)


def test_from_keys_to_a_release_that_a_client_takes(ceremony: Ceremony, tmp_path: Path) -> None:
    shown = ceremony.init()
    assert "0 of 3" in shown.out
    ceremony.sign("1.root.json", "root1", "root2", "root3")
    bundle = ceremony.bundle("1.0", 1)
    added = ceremony("add", ceremony.drafts, bundle, "--min-release", "1")
    assert "to be signed" in added.out
    ceremony.sign("targets.json", "targets3", "targets1")
    states = json.loads(ceremony("status", ceremony.drafts, "--json").out)
    assert [(one["role"], one["complete"]) for one in states] == [("root", True), ("targets", True)]
    written = ceremony.publish().out.splitlines()
    assert written[0].startswith("wrote targets/")
    assert written[-1] == "wrote metadata/timestamp.json"
    client = ceremony.read(tmp_path / "client")
    target = client.get_targetinfo("openinspector-agent-1.0-linux-x86_64-python3.tar.gz")
    assert target is not None
    assert Path(client.download_target(target)).read_bytes() == bundle.read_bytes()
    assert target.custom["min_release"] == 1


def test_private_key_is_encrypted_and_private_to_its_owner(ceremony: Ceremony) -> None:
    path = ceremony.key("root1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    again = ceremony("key", "create", path, "--passphrase-file", ceremony.passphrase, status=1)
    assert "never overwritten" in again.err
    ceremony.passphrase.write_text("short")
    assert (
        "shorter than"
        in ceremony("key", "create", path.with_name("x"), "--passphrase-file", ceremony.passphrase, status=1).err
    )


def test_passphrase_is_never_an_argument(ceremony: Ceremony) -> None:
    assert "passphrase" in ceremony("sign", "--help").out
    ceremony("sign", ceremony.key("root1"), "--key", ceremony.key("root1"), "--passphrase", "x", status=2)


def test_a_wrong_passphrase_signs_nothing(ceremony: Ceremony) -> None:
    ceremony.init()
    key = ceremony.key("root1")
    ceremony.passphrase.write_text("another passphrase")
    assert "does not open" in ceremony.sign("1.root.json", "root1", status=1).err
    assert key.exists()
    assert "0 of 3" in ceremony("status", ceremony.drafts).out


def test_content_is_shown_before_signing(ceremony: Ceremony) -> None:
    ceremony.init()
    shown = ceremony.sign("1.root.json", "root1").out
    assert shown.startswith("root 1, expires ")
    assert "targets: 2 of\n" in shown


def test_a_key_of_another_role_does_not_sign(ceremony: Ceremony) -> None:
    ceremony.init()
    assert "is not a root key" in ceremony.sign("1.root.json", "targets1", status=1).err


@pytest.mark.parametrize("signers", [(), ("targets1",)])
def test_unsigned_metadata_is_not_published(ceremony: Ceremony, signers: tuple[str, ...]) -> None:
    ceremony.init()
    ceremony.sign("1.root.json", "root1", "root2", "root3")
    ceremony.sign("targets.json", *signers)
    refused = ceremony.publish(status=1)
    assert "not its threshold" in refused.err
    assert not (ceremony.published / "metadata").exists()


def test_changing_a_list_removes_its_signatures(ceremony: Ceremony) -> None:
    ceremony.signed()
    ceremony("add", ceremony.drafts, ceremony.bundle("1.0", 1), "--min-release", "1")
    assert "not its threshold" in ceremony.publish(status=1).err


def test_an_edited_draft_loses_its_signatures(ceremony: Ceremony) -> None:
    ceremony.signed()
    path = ceremony.drafts / "targets.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    assert "0 of 2" in ceremony("status", ceremony.drafts).out
    assert "not its threshold" in ceremony.publish(status=1).err


def test_releases_only_go_forward(ceremony: Ceremony) -> None:
    ceremony.init()
    ceremony("add", ceremony.drafts, ceremony.bundle("2.0", 2), "--min-release", "2")
    for version, number, least, message in [
        ("1.0", 1, "1", "only grow"),
        ("2.0", 2, "2", "in the list already"),
        ("3.0", 3, "1", "goes back"),
        ("3.0", 3, "4", "above the release itself"),
    ]:
        refused = ceremony("add", ceremony.drafts, ceremony.bundle(version, number), "--min-release", least, status=1)
        assert message in refused.err


def test_only_bundles_are_added(ceremony: Ceremony, tmp_path: Path) -> None:
    ceremony.init()
    (tmp_path / "garbage").write_bytes(b"garbage")
    assert "not a tar.gz" in ceremony("add", ceremony.drafts, tmp_path / "garbage", "--min-release", "1", status=1).err


def test_the_timestamp_is_refreshed_and_lasts_two_days_at_most(ceremony: Ceremony, tmp_path: Path) -> None:
    ceremony.signed()
    ceremony.publish()
    ceremony.read(tmp_path / "client")
    ceremony("refresh-timestamp", ceremony.published, *ceremony.online(), "--json")
    ceremony("refresh-timestamp", ceremony.published, *ceremony.online(), "--hours", "49", status=2)
    timestamp = json.loads((ceremony.published / "metadata" / "timestamp.json").read_bytes())["signed"]
    assert timestamp["version"] == 2
    left = datetime.fromisoformat(timestamp["expires"]) - datetime.now(UTC)
    assert left.total_seconds() <= 48 * 3600
    ceremony.read(tmp_path / "client")


def test_a_root_key_is_replaced(ceremony: Ceremony, tmp_path: Path) -> None:
    ceremony.signed()
    ceremony.publish()
    lost = json.loads(ceremony("status", ceremony.drafts, "--json").out)[0]["signed"][0]
    ceremony("rotate-root", ceremony.drafts, "--add", "root", ceremony.public("root6"), "--remove", "root", lost[:12])
    assert "not its threshold" in ceremony.publish(status=1).err
    ceremony.sign("2.root.json", "root6", "root1", "root2", "root3", "root4")
    ceremony.publish()
    ceremony("rotate-root", ceremony.drafts, "--threshold", "root", "2")
    ceremony.sign("3.root.json", "root4", "root5", "root6")
    ceremony.publish()
    client = ceremony.read(tmp_path / "client")
    assert client._trusted_set.root.version == 3
    assert client._trusted_set.root.roles["root"].threshold == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--threshold", "root", "6"), "threshold of 6"),
        (("--threshold", "targets", "0"), "threshold of 0"),
        (("--remove", "root", "zz"), "0 root keys"),
    ],
)
def test_invalid_root_is_not_drafted(ceremony: Ceremony, arguments: tuple[str, ...], message: str) -> None:
    ceremony.signed()
    assert message in ceremony("rotate-root", ceremony.drafts, *arguments, status=1).err
    assert not (ceremony.drafts / "2.root.json").exists()


def test_online_key_cannot_be_an_offline_key(ceremony: Ceremony) -> None:
    ceremony.signed()
    refused = ceremony("rotate-root", ceremony.drafts, "--add", "root", ceremony.public("timestamp"), status=1)
    assert "both an offline and an online one" in refused.err


def test_a_first_root_is_not_drafted_over_another(ceremony: Ceremony) -> None:
    ceremony.signed()
    with pytest.raises(AssertionError, match="is not empty"):
        ceremony.init()


def test_the_destination_is_not_taken_back(ceremony: Ceremony, tmp_path: Path) -> None:
    ceremony.signed()
    old = {path.name: path.read_bytes() for path in ceremony.drafts.glob("*.json")}
    ceremony("add", ceremony.drafts, ceremony.bundle("1.0", 1), "--min-release", "1")
    ceremony.sign("targets.json", "targets1", "targets2")
    ceremony.publish()
    (ceremony.drafts / "targets.json").write_bytes(old["targets.json"])
    assert "newer than 1" in ceremony.publish(status=1).err
    ceremony.read(tmp_path / "client")


def test_invalid_destination_is_refused(ceremony: Ceremony) -> None:
    ceremony.signed()
    for place in ("https://example.test/releases", "s3://user@host"):
        assert "Name a folder" in ceremony("publish", ceremony.drafts, place, *ceremony.online(), status=1).err
    assert "nothing is published" in ceremony("refresh-timestamp", ceremony.published, *ceremony.online(), status=1).err


def test_other_key_formats_are_refused() -> None:
    rsa = CryptoSigner.generate_rsa()._private_key
    encrypted = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    with pytest.raises(ReleaseError, match="not Ed25519"):
        parse_key(encrypted, b"pass")
    plain = CryptoSigner.generate_ed25519().private_bytes
    with pytest.raises(ReleaseError, match="not encrypted"):
        parse_key(plain, b"pass")
    with pytest.raises(ReleaseError, match="not a public key"):
        parse_public_key(b"garbage")
