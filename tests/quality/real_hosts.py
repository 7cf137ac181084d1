"""The hosts of shared data as facts: what an agent on them would have sent."""

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import host

MANAGERS: Final[Mapping[str, PackageManager]] = {
    "alma_9": PackageManager.RPM,
    "alpine_319": PackageManager.APK,
    "amazon_2023": PackageManager.RPM,
    "debian_12": PackageManager.DPKG,
    "debian_13": PackageManager.DPKG,
    "rhel_90": PackageManager.RPM,
    "rocky_9": PackageManager.RPM,
    "sles15": PackageManager.RPM,
    "ubuntu_2204": PackageManager.DPKG,
    "ubuntu_2404": PackageManager.DPKG,
}
"""Every Linux host by the name of its file."""
IDS: Final[Mapping[str, str]] = {
    "alma": "almalinux",
    "amazon": "amzn",
    "redhat": "rhel",
    "suse.linux.enterprise.server": "sles",
}
"""os-release ``ID`` by the collector's name of the distribution, where they differ."""


def read_inventory(shared: Path, name: str) -> Any:
    return json.loads(lzma.decompress((shared / "data" / "inventories" / f"{name}.json.xz").read_bytes()))


def real_host(shared: Path, name: str) -> HostFacts:
    """Return a host with its packages, their sources, its release and its kernel."""
    inventory, manager = read_inventory(shared, name), MANAGERS[name]
    sources = {
        binary: (source["name"], source["version"])
        for source in (inventory.get("SrcPackages") or {}).values()
        for binary in source["binaryNames"]
    }
    packages = []
    for each in inventory["packages"].values():
        version = "-".join(filter(None, (each["version"], each["release"])))
        source = sources.get(each["name"], (each["name"], version))
        if source[1].rpartition(":")[2] == version.rpartition(":")[2]:  # as the agent's rpm sensor reads it
            source = source[0], version
        packages.append(
            Package(
                manager=manager,
                name=each["name"],
                version=version,
                architecture=each["arch"],
                source_name=source[0],
                source_version=source[1] or version,
                module=each.get("modularitylabel", ""),
                repository=each.get("repository", "") if manager is PackageManager.RPM else "",
            )
        )
    family = inventory["family"]
    distribution = f"{IDS.get(family, family)}:{inventory['release']}"
    kernel = inventory["runningKernel"]
    return host(packages, distribution=distribution, kernel=(kernel["release"], ""))
