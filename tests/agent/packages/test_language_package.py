from collections.abc import Iterator

import pytest

from openinspector.agent.packages import language_package
from openinspector.agent.packages.language_package import MAX_NAME, PackageInstallation, packages
from openinspector.agent.sensor import Absent, Incomplete
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.fake_host import FakeHost

SITE = "/usr/lib/python3/dist-packages"


def installation(name: str) -> PackageInstallation:
    return PackageInstallation(name=name, version="1.0", folder=SITE, record=f"{SITE}/{name}.dist-info/METADATA")


def test_owner_package_is_named() -> None:
    host = FakeHost({"/var/lib/dpkg/info/python3-x.list": f"/.\n{SITE}\n{SITE}/x.dist-info/METADATA\n"})
    found = [p for p in packages(host, PackageManager.PYPI, map(installation, "xy")) if isinstance(p, Package)]
    assert [(package.name, package.owner, package.location) for package in found] == [
        ("x", "python3-x", SITE),
        ("y", "", SITE),
    ]
    assert not found[0].manager.of_distribution


def test_no_packages_means_not_applicable_unless_something_was_unreadable() -> None:
    gap = Incomplete(reason="a gap")
    assert list(packages(FakeHost(), PackageManager.GEM, [])) == [
        Absent(reason="No package of gem in the searched folders.")
    ]
    assert list(packages(FakeHost(), PackageManager.GEM, [gap])) == [gap]


def test_endless_search_is_stopped_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_package, "MAX_PACKAGES", 3)

    def endless() -> Iterator[PackageInstallation]:
        while True:
            yield installation("x")

    gap, *found = packages(FakeHost(), PackageManager.NPM, endless())
    assert gap == Incomplete(reason="Stopped after 3 packages; the host may have more.")
    assert len(found) == 3


def test_invalid_names_and_versions_are_omitted_and_counted() -> None:
    most = "n" * MAX_NAME
    long = [
        PackageInstallation(name=name, version=version, folder=SITE, record=f"{SITE}/x")
        for name, version in ((most, "1"), ("n", most), (most + "n", "1"), ("n", most + "n"))
    ]
    gap, *found = packages(FakeHost(), PackageManager.NPM, long)
    assert gap == Incomplete(reason="Packages whose name or version is longer than 255 characters were left out: 2.")
    assert [(p.name, p.version) for p in found if isinstance(p, Package)] == [(most, "1"), ("n", most)]
    assert list(packages(FakeHost(), PackageManager.NPM, long[2:])) == [gap]
