import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from openinspector.cli.feeds import feeds
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore
from openinspector.testing.package_archive import BuiltPackage, PackageArchive

TRACKER = {
    "widget": {
        "CVE-2026-0001": {"releases": {"bookworm": {"status": "open"}}},
        "CVE-2026-0002": {"releases": {"bookworm": {"status": "?"}}},
    }
}


class CommandLine:
    """The command with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryAdvisoryStore()
        self.tracker = folder / "debian.json"
        self.tracker.write_text(json.dumps(TRACKER))

    def run(self, *words: str) -> Result:
        arguments = [*words, "--data-dir", str(self.folder / "data")]
        return CliRunner().invoke(feeds, arguments, obj=lambda _settings: self.store, env={"COLUMNS": "80"})

    def synced(self) -> Result:
        return self.run("sync", "debian", "--from", str(self.tracker))


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DocumentServer]:
    monkeypatch.setenv("PATH", "")  # no gpgv: this archive's key is not this host's
    archive = PackageArchive(tmp_path / "mirror")
    archive.add(BuiltPackage(name="widget", version="1.0-1+deb12u1"))
    archive.publish()
    with DocumentServer(tmp_path / "mirror") as server:
        yield server


def test_sync_reports_counts_and_origin(line: CommandLine) -> None:
    result = line.synced()
    assert result.exit_code == 0, result.output
    assert result.stdout == f"debian: 1 advisories, 1 entries not read from {line.tracker}, 0.0 MB fetched\n"


def test_sync_again_uses_the_previous_origin(line: CommandLine) -> None:
    line.synced()
    result = line.run("sync")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("debian: unchanged")


def test_sync_in_json(line: CommandLine) -> None:
    result = line.run("sync", "debian", "--from", line.tracker.as_uri(), "--json")
    (outcome,) = json.loads(result.stdout)
    assert (outcome["feed"], outcome["changed"], outcome["advisories"], outcome["unparsed"]) == ("debian", True, 1, 1)
    assert outcome["publishedAt"] is None


def test_sync_from_a_mirror(line: CommandLine, mirror: DocumentServer) -> None:
    result = line.run("sync", "--mirror", mirror.url, "--suite", "bookworm-security")
    assert result.exit_code == 0, result.output
    assert "signature not verified: no gpgv" in result.stdout
    assert [advisory.id for advisory in line.store.advisories(["debian:12"])] == ["widget 1.0-1+deb12u1"]


def test_failing_feed_sets_the_status_and_does_not_stop_others(line: CommandLine) -> None:
    line.synced()
    line.tracker.unlink()
    result = line.run("sync", "debian")
    assert result.exit_code == 1
    assert "openinspector: debian:" in result.stderr
    assert line.store.snapshots()[0].advisories == 1


@pytest.mark.parametrize(
    "words",
    [
        ("sync", "--from", "/x"),
        ("sync", "debian", "debian_dsa", "--from", "/x"),
        ("sync", "debian", "--mirror", "http://m.example"),
        ("sync", "debian", "--suite", "bookworm-security"),
        ("sync", "--seconds", "-1"),
    ],
)
def test_wrong_usage(line: CommandLine, words: tuple[str, ...]) -> None:
    assert line.run(*words).exit_code == 2


def test_status_fits_80_columns(line: CommandLine) -> None:
    line.synced()
    result = line.run("status")
    assert result.exit_code == 0
    head, row, *_ = result.stdout.splitlines()
    assert head.split() == ["FEED", "AGE", "STATEMENTS", "UNREAD", "SIZE", "FROM"]
    assert row.split()[0] == "debian"
    assert max(len(text) for text in result.stdout.splitlines()) <= 80


def test_status_of_nothing(line: CommandLine) -> None:
    result = line.run("status")
    assert result.exit_code == 1
    assert "feeds sync" in result.stdout


def test_list_shows_every_feed(line: CommandLine) -> None:
    line.synced()
    result = line.run("list", "--json")
    assert result.exit_code == 0
    found = {entry["feed"]: entry["advisories"] for entry in json.loads(result.stdout)}
    assert found["debian"] == 1
    assert found["debian_archive"] is None


def test_list_shows_distributions_and_licences(line: CommandLine) -> None:
    result = line.run("list")
    assert result.exit_code == 0
    assert "CC0 1.0" in result.stdout
    for name in ("redhat", "almalinux", "rocky", "oracle", "amazon", "suse", "fedora", "epel", "ubuntu", "debian"):
        assert name in result.stdout
    for name in ("alpine", "azurelinux", "photon", "arch", "updateinfo", "cve", "nvd", "epss", "kev"):
        assert name in result.stdout


def test_export_is_imported_into_another_installation(line: CommandLine, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private, public, exported = tmp_path / "key.pem", tmp_path / "key.pub", tmp_path / "feeds.bundle"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert line.run("export", str(exported), "--key", str(private)).exit_code == 1
    line.synced()
    assert line.run("export", str(exported), "--key", str(private)).exit_code == 0
    line.store = MemoryAdvisoryStore()
    result = line.run("import", str(exported), "--key", str(public))
    assert (result.exit_code, "debian" in result.stdout) == (0, True)
    assert [snapshot.feed for snapshot in line.store.snapshots()] == ["debian"]
    assert line.run("import", str(exported), "--key", str(private)).exit_code == 1


def test_a_folder_of_indices_and_changelogs_is_read(line: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    index = folder / "bookworm-security/main/binary-amd64/Packages"
    index.parent.mkdir(parents=True)
    index.write_text("Package: widget\nVersion: 1.0-1+deb12u1\nArchitecture: amd64\n")
    changelog = folder / "changelog/widget/1.0-1+deb12u1"
    changelog.parent.mkdir(parents=True)
    changelog.write_text(
        "widget (1.0-1+deb12u1) bookworm-security; urgency=high\n\n  * Fix CVE-2026-0001.\n\n"
        " -- A <a@example.com>  Sun, 01 Nov 2026 10:00:00 +0000\n"
    )
    result = line.run("sync", "debian_archive", "--from", str(folder))
    assert result.exit_code == 0, result.output
    assert [one.vulnerabilities for one in line.store.advisories(["debian:12"])] == [("CVE-2026-0001",)]


def test_status_names_the_ways_to_get_scores_if_none_are_stored(line: CommandLine, tmp_path: Path) -> None:
    line.synced()
    assert "No CVSS scores are stored" in line.run("status").stderr
    scores = tmp_path / "nvd"
    scores.mkdir()
    record = {"cve": {"id": "CVE-2026-0001", "descriptions": [], "metrics": {}}}
    (scores / "nvdcve-2.0-2026.json").write_text(json.dumps({"vulnerabilities": [record]}))
    assert line.run("sync", "nvd", "--from", str(scores)).exit_code == 0
    assert "No CVSS scores" not in line.run("status").stderr


def test_status_shows_whether_signatures_were_checked(line: CommandLine) -> None:
    line.synced()
    (entry,) = json.loads(line.run("status", "--json").stdout)
    assert entry["signature"] is None
