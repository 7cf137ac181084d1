"""Real hosts' packages, written as their package manager keeps them, are read back to the last one.

For the hosts of rpm in all three back ends: one set, three files, the same packages.
"""

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.agent.packages.rpm_database import rpm_files

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors import apk, dpkg, pacman, rpm
from openinspector.model.inventory import Package, SensorState
from openinspector.testing.conformance.sensor import Files, run
from openinspector.testing.fake_host import FakeHost

Inventory = Mapping[str, Mapping[str, Any]]
Facts = set[tuple[str, str, str]]
"""Name, whole version and architecture."""


def inventory(shared: Path, name: str) -> Inventory:
    content = lzma.decompress((shared / "data" / "inventories" / f"{name}.json.xz").read_bytes())
    packages: Inventory = json.loads(content)["packages"]
    return packages


def expected(packages: Inventory) -> Facts:
    return {
        (each["name"], "-".join(filter(None, (each["version"], each["release"]))), each["arch"])
        for each in packages.values()
        if each["name"] != "gpg-pubkey"  # a signing key, which rpm keeps among the packages
    }


def found(sensor: Sensor, files: Files) -> Facts:
    records, status = run(sensor, FakeHost(files))
    assert status.state is SensorState.OK, status.details
    return {(p.name, p.version, p.architecture) for p in records if isinstance(p, Package)}


def header(each: Mapping[str, Any]) -> bytes:
    epoch, colon, version = each["version"].rpartition(":")
    tags: dict[int, str | int | list[str] | list[int]] = {
        1000: each["name"],
        1001: version,
        1002: each["release"],
        1022: each["arch"],
        5096: each.get("modularitylabel", ""),
    }
    return rpm_files.header({**tags, 1003: [int(epoch)]} if colon else tags)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["alma_9", "amazon_2023", "rhel_90", "rocky_9", "sles15"])
def test_rpm_in_every_back_end(shared: Path, name: str) -> None:
    packages = inventory(shared, name)
    headers = [header(each) for each in packages.values()]
    assert len(headers) > 400
    for path, content in (
        ("/var/lib/rpm/rpmdb.sqlite", rpm_files.sqlite(headers)),
        ("/var/lib/rpm/Packages.db", rpm_files.ndb(headers)),
        ("/var/lib/rpm/Packages", rpm_files.bdb(headers, page_size=4096)),
    ):
        assert found(rpm.SENSOR, {path: content}) == expected(packages)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["debian_12", "debian_13", "ubuntu_2204", "ubuntu_2404"])
def test_dpkg(shared: Path, name: str) -> None:
    packages = inventory(shared, name)
    stanzas = [
        f"Package: {package}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: {version}\n"
        for package, version, arch in sorted(expected(packages))
    ]
    assert len(stanzas) > 400
    assert found(dpkg.SENSOR, {dpkg.STATUS: "\n".join(stanzas)}) == expected(packages)


@pytest.mark.shared
def test_apk_and_pacman(shared: Path) -> None:
    facts = expected(inventory(shared, "alpine_319"))
    stanzas = [f"P:{name}\nV:{version}\nA:{arch}\n" for name, version, arch in sorted(facts)]
    folders = {
        f"{pacman.DATABASE}/{name}-{version}/desc": f"%NAME%\n{name}\n\n%VERSION%\n{version}\n\n%ARCH%\n{arch}\n"
        for name, version, arch in facts
    }
    assert found(apk.SENSOR, {apk.DATABASES[0]: "\n".join(stanzas)}) == facts
    assert found(pacman.SENSOR, folders) == facts
