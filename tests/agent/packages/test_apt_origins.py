import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.host import MAX_FILE_BYTES
from openinspector.agent.packages.apt_origins import LISTS, read_apt_origins
from openinspector.agent.sensors import dpkg
from openinspector.engine.streams import Unjudged, release_of, unjudged
from openinspector.model.inventory import Package, SensorState
from openinspector.testing.conformance.sensor import run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.match_builders import host

DEBIAN = f"{LISTS}/mirror.example_debian_dists_bookworm"
NGINX = f"{LISTS}/nginx.org_packages_debian_dists_bookworm"
FLAT = f"{LISTS}/pkg.example_deb_stable_."
STOCK = ("nginx", "1.22.1-9+deb12u1", "amd64")
FOREIGN = ("nginx", "1.24.0-1~bookworm", "amd64")


def release(origin: str, suite: str) -> str:
    return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: {origin}\nSuite: {suite}\nLabel: x\n"


def index(*packages: tuple[str, str]) -> str:
    return "\n".join(
        f"Package: {name}\nArchitecture: amd64\nVersion: {version}\nSize: 1\n" for name, version in packages
    )


def lists(own: str, foreign: str) -> dict[str, str | bytes]:
    return {
        f"{DEBIAN}_InRelease": release("Debian", "stable"),
        f"{DEBIAN}_main_binary-amd64_Packages": own,
        f"{NGINX}_InRelease": release("nginx", "stable"),
        f"{NGINX}_nginx_binary-amd64_Packages": foreign,
    }


def test_a_version_that_only_another_archive_lists_is_from_there() -> None:
    files = lists(index(("nginx", "1.22.1-9+deb12u1"), ("bash", "5.2.15-2")), index(("nginx", "1.24.0-1~bookworm")))
    assert read_apt_origins(FakeHost(files), [FOREIGN]) == {FOREIGN: "nginx/stable"}
    assert read_apt_origins(FakeHost(files), [STOCK, ("bash", "5.2.15-2", "amd64")]) == {}


def test_a_version_that_both_list_is_the_distributions() -> None:
    both = index(("nginx", "1.22.1-9+deb12u1"))
    assert read_apt_origins(FakeHost(lists(both, both)), [STOCK]) == {}


def test_a_version_that_neither_lists_is_of_the_archive_whose_mark_it_has() -> None:
    """Archives drop old versions, so the installed one need not be listed any more."""
    files = lists(index(("nginx", "1.22.1-9+deb12u1")), index(("nginx", "1.26.2-1~bookworm")))
    assert read_apt_origins(FakeHost(files), [FOREIGN]) == {FOREIGN: "nginx/stable"}
    for unmarked in ("1.22.1-9", "1.22.1-9+deb12u1", "1.22.1-9~bpo11+1"):
        assert read_apt_origins(FakeHost(files), [("nginx", unmarked, "amd64")]) == {}


def test_nothing_is_sent_where_no_archive_of_the_distribution_is_configured() -> None:
    files = lists(index(("nginx", "1.22.1-9+deb12u1")), index(("nginx", "1.24.0-1~bookworm")))
    files[f"{DEBIAN}_InRelease"] = release("Example Corp mirror", "stable")
    assert read_apt_origins(FakeHost(files), [FOREIGN]) == {}


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_compressed_indices_and_flat_archives(ending: str, pack: object) -> None:
    assert callable(pack)
    files = lists(index(("bash", "5.2.15-2")), index(("bash", "5.2.15-2")))
    files[f"{FLAT}_Release"] = "Suite: stable\n"
    files[f"{FLAT}_Packages{ending}"] = pack(index(("tool", "9-1")).encode())
    assert read_apt_origins(FakeHost(files), [("tool", "9-1", "amd64")]) == {
        ("tool", "9-1", "amd64"): "pkg.example/stable"
    }


def test_a_damaged_index_and_absent_lists_tell_nothing() -> None:
    files = lists(index(("nginx", "1.22.1-9")), "")
    files[f"{NGINX}_nginx_binary-amd64_Packages.gz"] = b"\x1f\x8b\x08 no gzip"
    assert read_apt_origins(FakeHost(files), [FOREIGN]) == {}
    assert read_apt_origins(FakeHost({}), [FOREIGN]) == {}


def test_the_sensor_sends_it_and_no_advisory_of_debian_judges_the_package() -> None:
    files = lists(index(("nginx", "1.22.1-9+deb12u1")), index(("nginx", "1.24.0-1~bookworm")))
    files[dpkg.STATUS] = (
        "Package: nginx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.24.0-1~bookworm\n\n"
        "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2\n"
    )
    records, status = run(dpkg.SENSOR, FakeHost(files))
    assert status.state is SensorState.OK
    packages = [one for one in records if isinstance(one, Package)]
    assert [one.repository for one in packages] == ["nginx/stable", ""]
    of_debian = release_of(host(packages))
    assert [unjudged(of_debian, one) for one in packages] == [Unjudged.FOREIGN_REPOSITORY, None]


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_lists_of_any_bytes_raise_nothing(own: bytes, foreign: bytes) -> None:
    files: dict[str, str | bytes] = {**lists("", ""), f"{DEBIAN}_main_binary-amd64_Packages": own}
    files[f"{NGINX}_nginx_binary-amd64_Packages"] = b"Package: nginx\nVersion: " + foreign
    read_apt_origins(FakeHost(files), [FOREIGN])


class Short(FakeHost):
    """A host whose large files do not fit the collection's memory."""

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        if path.endswith("binary-amd64_Packages"):
            raise MemoryError
        return super().read(path, max_bytes)


def test_an_index_that_does_not_fit_into_memory_costs_no_package() -> None:
    files = lists(index(("nginx", "1.22.1-9")), index(("nginx", "1.24.0-1~bookworm")))
    files[dpkg.STATUS] = (
        "Package: nginx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.24.0-1~bookworm\n"
    )
    records, status = run(dpkg.SENSOR, Short(files))
    assert status.state is SensorState.OK
    assert [one.repository for one in records if isinstance(one, Package)] == [""]
