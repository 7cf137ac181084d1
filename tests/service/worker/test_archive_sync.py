import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.feed import Unparsed
from openinspector.feeds.debian_archive import FEED, ArchivePackage
from openinspector.model.advisory import Advisory
from openinspector.model.errors import FeedError
from openinspector.model.inventory import Package, PackageManager
from openinspector.service.worker.apt_sources import AptSource
from openinspector.service.worker.archive_sync import ArchiveRequest, InstalledVersions, gather_archive
from openinspector.service.worker.feed_storing import Gathered
from openinspector.service.worker.fetch import Fetcher, FetchError
from openinspector.service.worker.gathering import no_progress
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.package_archive import BuiltPackage, PackageArchive

SUITE = "bookworm-security"
TEXT = """\
widget (1.0-1+deb12u2) bookworm-security; urgency=high

  * CVE-2026-0002

 -- A <a@example.org>  Fri, 20 Nov 2026 10:00:00 +0000

widget (1.0-1+deb12u1) bookworm-security; urgency=high

  * CVE-2026-0001

 -- A <a@example.org>  Mon, 02 Nov 2026 10:00:00 +0000
"""


def installed(name: str, version: str, source: str = "", source_version: str = "") -> Package:
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture="amd64",
        source_name=source or name,
        source_version=source_version or version,
    )


def widget(name: str = "widget", *, changelog: str = TEXT, link: str = "", padding: int = 0) -> BuiltPackage:
    return BuiltPackage(
        name=name,
        version="1.0-1+deb12u2",
        source="" if name == "widget" else "widget",
        changelog=changelog,
        documentation_of=link,
        padding=padding,
    )


OLD_WIDGET = installed("widget", "1.0-1")


class Mirror:
    """An archive, its server, a workspace and a keyring."""

    def __init__(self, folder: Path) -> None:
        (folder / "mirror").mkdir()
        self.archive = PackageArchive(folder / "mirror")
        self.server = DocumentServer(folder / "mirror")
        self.keyring = str(self.archive.keyring(folder / "keyring.gpg"))
        self.workspace = folder / "workspace"

    def gather(self, *packages: Package, suites: tuple[str, ...] = (SUITE,), pending_only: bool = True) -> Gathered:
        sources = tuple(AptSource(uri=self.server.url, suite=suite, signed_by=(self.keyring,)) for suite in suites)
        with Fetcher(self.workspace, sleep=lambda _: None) as fetcher:
            request = ArchiveRequest(sources=sources, installed=packages, pending_only=pending_only)
            return gather_archive(fetcher, request, no_progress)

    def debs(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.server.paths() if path.endswith(".deb")]


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(tmp_path)
    with made.server:
        yield made


def advisories(gathered: Gathered) -> dict[str, tuple[str, ...]]:
    found = list(FEED.parse(gathered.documents()))
    assert not [entry for entry in found if isinstance(entry, Unparsed)]
    return {entry.id: entry.vulnerabilities for entry in found if isinstance(entry, Advisory)}


def test_a_pending_update_brings_its_changelog(mirror: Mirror) -> None:
    mirror.archive.add(widget(), BuiltPackage(name="gadget", version="2.0-1+deb12u1", changelog=TEXT))
    mirror.archive.publish()
    gathered = mirror.gather(OLD_WIDGET, installed("gadget", "2.0-1+deb12u1"))
    assert advisories(gathered) == {
        "gadget 2.0-1+deb12u1": (),
        "widget 1.0-1+deb12u1": ("CVE-2026-0001",),
        "widget 1.0-1+deb12u2": ("CVE-2026-0002",),
    }
    assert mirror.debs() == ["widget_1.0-1+deb12u2_amd64.deb"]


def test_reports_origin_age_and_verification(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish(date="Sat, 21 Nov 2026 00:53:02 UTC")
    gathered = mirror.gather()
    assert gathered.published_at is not None
    assert gathered.published_at.isoformat() == "2026-11-21T00:53:02+00:00"
    note = "signature verified" if shutil.which("gpgv") else "signature not verified: no gpgv on this host"
    assert gathered.origin == f"{mirror.server.url} {SUITE} ({note})"


def test_a_changelog_is_fetched_once_a_version(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    first = mirror.gather(OLD_WIDGET)
    second = mirror.gather(OLD_WIDGET)
    assert len(mirror.debs()) == 1
    assert second.fingerprint == first.fingerprint
    assert advisories(second) == advisories(first)
    assert mirror.gather().fingerprint == first.fingerprint


def test_a_newer_version_replaces_it(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    first = mirror.gather(OLD_WIDGET)
    newer = TEXT.replace("deb12u2", "deb12u3")
    mirror.archive.add(BuiltPackage(name="widget", version="1.0-1+deb12u3", changelog=newer))
    mirror.archive.publish()
    second = mirror.gather(OLD_WIDGET)
    assert second.fingerprint != first.fingerprint
    assert "widget 1.0-1+deb12u3" in advisories(second)
    assert [path.name for path in (mirror.workspace / "changelog").iterdir()] == ["widget%2F1.0-1%2Bdeb12u3.txt"]


def test_the_smallest_package_is_tried_first(mirror: Mirror) -> None:
    mirror.archive.add(widget("widget", padding=200_000), widget("libwidget1"), widget("widget-doc", padding=50_000))
    mirror.archive.publish()
    mirror.gather(OLD_WIDGET)
    assert mirror.debs() == ["libwidget1_1.0-1+deb12u2_amd64.deb"]


def test_a_link_is_followed_to_the_package_it_names(mirror: Mirror) -> None:
    mirror.archive.add(
        widget("libwidget-dev", changelog="", link="widget"),
        widget("libwidget1", changelog="", padding=3000),
        widget("widget", padding=5000),
    )
    mirror.archive.publish()
    assert ("CVE-2026-0002",) in advisories(mirror.gather(OLD_WIDGET)).values()
    assert mirror.debs() == ["libwidget-dev_1.0-1+deb12u2_amd64.deb", "widget_1.0-1+deb12u2_amd64.deb"]


def test_much_smaller_packages_are_tried_before_a_large_one_that_a_link_names(mirror: Mirror) -> None:
    mirror.archive.add(
        widget("libwidget-dev", changelog="", link="widget"),
        widget("libwidget1", padding=3000),
        widget("widget", padding=200_000),
    )
    mirror.archive.publish()
    mirror.gather(OLD_WIDGET)
    assert mirror.debs()[-1] == "libwidget1_1.0-1+deb12u2_amd64.deb"


def test_missing_changelog_is_reported_and_remembered(mirror: Mirror) -> None:
    mirror.archive.add(widget(changelog=""), widget("libwidget1", changelog="", link="elsewhere"))
    mirror.archive.publish()
    for _ in range(2):
        gathered = mirror.gather(OLD_WIDGET)
        assert advisories(gathered) == {"widget 1.0-1+deb12u2": ()}
        assert [entry.document for entry in gathered.unparsed] == ["changelog/widget/1.0-1+deb12u2"]
    assert len(mirror.debs()) == 2


def test_an_altered_package_is_refused_and_tried_again_next_time(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    deb = next((mirror.archive.folder / "pool/main").iterdir())
    whole = deb.read_bytes()
    deb.write_bytes(whole[:-1] + b"x")
    gathered = mirror.gather(OLD_WIDGET)
    assert advisories(gathered) == {"widget 1.0-1+deb12u2": ()}
    assert "not what its index says" in gathered.unparsed[0].reason
    deb.write_bytes(whole)
    assert mirror.gather(OLD_WIDGET).unparsed == ()


def test_an_altered_index_is_refused(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    index = mirror.archive.folder / f"dists/{SUITE}/main/binary-amd64/Packages.xz"
    index.write_bytes(index.read_bytes()[:-1] + b"x")
    with pytest.raises(FeedError, match="by-hash"):
        mirror.gather()


def test_a_mirror_caught_being_updated_is_read_by_hash(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    folder = mirror.archive.folder / f"dists/{SUITE}/main/binary-amd64"
    release = (folder / "../../InRelease").read_text()
    digest = next(line.split()[0] for line in release.splitlines() if line.endswith("Packages.xz"))
    (folder / "by-hash/SHA256").mkdir(parents=True)
    (folder / "Packages.xz").rename(folder / "by-hash/SHA256" / digest)
    assert advisories(mirror.gather()) == {"widget 1.0-1+deb12u2": ()}


@pytest.mark.skipif(shutil.which("gpgv") is None, reason="no gpgv on this host")
def test_an_altered_release_is_refused(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    path = mirror.archive.folder / f"dists/{SUITE}/InRelease"
    path.write_bytes(path.read_bytes().replace(b"Origin: Debian", b"Origin: Debiam"))
    with pytest.raises(FeedError, match="no signature trusted here"):
        mirror.gather()


def test_one_absent_suite_does_not_hide_another(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    gathered = mirror.gather(suites=("trixie-security", SUITE))
    assert advisories(gathered) == {"widget 1.0-1+deb12u2": ()}
    assert [entry.document for entry in gathered.unparsed] == ["trixie-security/InRelease"]


@pytest.mark.parametrize("suites", [(), ("trixie-security",)])
def test_no_suite_at_all_is_an_error(mirror: Mirror, suites: tuple[str, ...]) -> None:
    with pytest.raises(FetchError):
        mirror.gather(suites=suites)


def test_a_suite_of_another_distribution_is_refused(mirror: Mirror) -> None:
    mirror.archive.publish("mint-security")
    with pytest.raises(FetchError, match="not a release of Debian or Ubuntu"):
        mirror.gather(suites=("mint-security",))


def test_result_does_not_depend_on_this_host(mirror: Mirror) -> None:
    mirror.archive.add(widget(), BuiltPackage(name="gadget", version="2.0-1", changelog=TEXT))
    mirror.archive.publish()
    everywhere = advisories(mirror.gather(pending_only=False))
    assert advisories(mirror.gather(OLD_WIDGET, pending_only=False)) == everywhere
    assert everywhere["widget 1.0-1+deb12u2"] == ("CVE-2026-0002",)
    assert sorted(mirror.debs()) == ["gadget_2.0-1_amd64.deb", "widget_1.0-1+deb12u2_amd64.deb"]


def test_updates_of_a_point_release_are_read_and_the_rest_of_the_release_is_not(mirror: Mirror) -> None:
    mirror.archive.add(widget(), BuiltPackage(name="gadget", version="2.0-1", changelog=TEXT))
    mirror.archive.publish("bookworm")
    gathered = mirror.gather(suites=("bookworm",), pending_only=False)
    assert advisories(gathered) == {
        "widget 1.0-1+deb12u1": ("CVE-2026-0001",),
        "widget 1.0-1+deb12u2": ("CVE-2026-0002",),
    }
    assert mirror.debs() == ["widget_1.0-1+deb12u2_amd64.deb"]


def test_reads_a_mirror_in_a_folder(mirror: Mirror) -> None:
    mirror.archive.add(widget())
    mirror.archive.publish()
    folder = mirror.archive.folder
    source = AptSource(uri=folder.as_uri(), suite=SUITE, signed_by=(mirror.keyring,))
    with Fetcher(mirror.workspace, files_within=folder) as fetcher:
        gathered = gather_archive(fetcher, ArchiveRequest(sources=(source,), installed=(OLD_WIDGET,)), no_progress)
    assert ("CVE-2026-0002",) in advisories(gathered).values()
    assert next((folder / "pool/main").iterdir()).is_file()


@pytest.mark.parametrize(
    ("package", "pending"),
    [
        (installed("widget", "1.0-1"), True),
        (installed("widget", "1.0-1+deb12u2"), False),
        (installed("widget", "1.0-2"), False),
        (installed("widget", "1:0.9-1"), False),
        (installed("widget", "1.0-1+deb12u2~bpo11+1"), True),
        (installed("old-name", "5:1.0", "widget", "1.0-1"), True),
        (installed("gadget", "0.1"), False),
    ],
)
def test_pending_agrees_with_apt(package: Package, *, pending: bool) -> None:
    built = ArchivePackage(
        name="widget", version="1.0-1+deb12u2", architecture="amd64", source="widget", source_version="1.0-1+deb12u2"
    )
    assert InstalledVersions([package]).pending([built]) is pending


def test_a_rebuild_is_pending() -> None:
    built = ArchivePackage(
        name="widget", version="1.0-1+b2", architecture="amd64", source="widget", source_version="1.0-1"
    )
    assert InstalledVersions([installed("widget", "1.0-1+b1", "widget", "1.0-1")]).pending([built])
    assert not InstalledVersions([installed("widget", "1.0-1+b2", "widget", "1.0-1")]).pending([built])


def test_a_signed_kernel_waits_for_linux() -> None:
    built = ArchivePackage(
        name="linux-libc-dev", version="6.1.192-2", architecture="amd64", source="linux", source_version="6.1.192-2"
    )
    image = installed("linux-image-6.1.0-55-amd64", "6.1.190-1", "linux-signed-amd64", "6.1.190+1")
    assert InstalledVersions([image]).pending([built])
