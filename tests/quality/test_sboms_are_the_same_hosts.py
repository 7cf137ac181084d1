"""A host described by an SBOM is the host that the agent describes: the same packages, and the same verdicts.

Each real host is written as three generators write it. Advisories are made of the host itself, so that every package is
matched once by its binary and once by its source: a name, version, epoch, module or release that is read otherwise
shows as a lost or an invented match.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.quality.real_hosts import MANAGERS, real_host

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.streams import general_streams
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status, Target
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, Package, PackageManager
from openinspector.sbom.document import read_sbom
from openinspector.sbom.facts import facts_of_sbom
from openinspector.testing.match_builders import version_schemes

TYPES = {PackageManager.DPKG: "deb", PackageManager.RPM: "rpm", PackageManager.APK: "apk"}
TRIVY = {"almalinux": "alma", "amzn": "amazon", "rhel": "redhat"}
SCHEMES = version_schemes()


def split(package: Package) -> tuple[str, str]:
    """Return epoch and version, as rpm's generators give them apart."""
    if package.manager is not PackageManager.RPM:
        return "", package.version
    epoch, _, version = package.version.rpartition(":")
    return epoch, version


def purl(package: Package, system: OperatingSystem, distro: str, extra: dict[str, str]) -> str:
    epoch, version = split(package)
    qualifiers = {"arch": package.architecture, "distro": distro, "epoch": epoch, **extra}
    listed = "&".join(f"{key}={quote(value, safe='')}" for key, value in sorted(qualifiers.items()) if value)
    return f"pkg:{TYPES[package.manager]}/{system.id}/{quote(package.name, safe='')}@{quote(version, safe='')}?{listed}"


def syft(facts: HostFacts) -> Any:
    system = facts.only(OperatingSystem)
    assert system is not None
    components = []
    for package in facts.all(Package):
        upstream = ""
        if package.manager is PackageManager.RPM:
            upstream = f"{package.source_name}-{package.source_version.rpartition(':')[2]}.src.rpm"
        elif (package.source_name, package.source_version) != (package.name, package.version):
            same = package.source_version == package.version
            upstream = package.source_name if same else f"{package.source_name}@{package.source_version}"
        text = purl(package, system, f"{system.id}-{system.version_id}", {"upstream": upstream})
        if package.module:
            text += f"&rpmmod={quote(package.module, safe='')}"
        components.append({"type": "library", "name": package.name, "version": package.version, "purl": text})
    distribution = {"type": "operating-system", "name": system.id, "version": system.version_id}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [*components, distribution]}


def trivy(facts: HostFacts) -> Any:
    system = facts.only(OperatingSystem)
    assert system is not None
    family = TRIVY.get(system.id, system.id)
    components = []
    for package in facts.all(Package):
        epoch, source = package.source_version.rpartition(":")[::2]
        version, _, release = source.partition("-") if package.manager is PackageManager.RPM else (source, "", "")
        properties = {
            "SrcName": package.source_name,
            "SrcVersion": version,
            "SrcRelease": release,
            "SrcEpoch": epoch,
            "Modularitylabel": package.module,
        }
        components.append(
            {
                "type": "library",
                "name": package.name,
                "version": package.version,
                "purl": purl(package, system, f"{family}-{system.version_id}", {}),
                "properties": [
                    {"name": f"aquasecurity:trivy:{key}", "value": value} for key, value in properties.items() if value
                ],
            }
        )
    distribution = {"type": "operating-system", "name": family, "version": system.version_id}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [distribution, *components]}


def spdx(facts: HostFacts) -> Any:
    packages = [
        {
            "SPDXID": f"SPDXRef-{number}",
            "name": component["name"],
            "versionInfo": component["version"],
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": component["purl"],
                }
            ],
        }
        for number, component in enumerate(syft(facts)["components"])
        if "purl" in component
    ]
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "host", "packages": packages}


GENERATORS = (syft, trivy, spdx)
Verdict = tuple[str, str, str]
"""Package name, architecture and CVE."""


def advisories(facts: HostFacts) -> Iterator[Advisory]:
    """Yield for each package a fix of its binary just newer than what is installed, and a statement of its source."""
    stream = general_streams(facts.distribution)[-1]
    for number, package in enumerate(facts.all(Package)):
        for kind, name, version in (
            (PackageKind.BINARY, package.name, package.version),
            (PackageKind.SOURCE, package.source_name, package.source_version),
        ):
            fixed = f"{version}0" if package.manager is PackageManager.APK else f"{version}.1"
            identity = f"CVE-2099-{number + 1000 * (1 + 9 * (kind is PackageKind.SOURCE)):04}"
            module = ":".join(package.module.split(":")[:2])
            target = Target(stream=stream, kind=kind, name=name, module=module)
            if package.manager is PackageManager.RPM and kind is PackageKind.SOURCE:
                # rpm's publishers name sources without versions, of vulnerabilities that have no fix
                statuses = (Status(target=target, state=FixState.OPEN),)
                yield Advisory(id=identity, feed="x", vulnerabilities=(identity,), statuses=statuses)
            else:
                fixes = (Fix(target=target, version=fixed),)
                yield Advisory(id=identity, feed="x", vulnerabilities=(identity,), fixes=fixes)


def verdicts(facts: HostFacts, index: AdvisoryIndex) -> set[Verdict]:
    return {
        (match.package.name, match.package.architecture, identity)
        for match in index.matches(facts)
        for identity in match.identities
    }


def compared(facts: HostFacts, written: Callable[[HostFacts], Any]) -> tuple[int, set[Verdict]]:
    """Return how many verdicts a host has, and those that differ if an SBOM describes it."""
    sbom = facts_of_sbom(read_sbom(json.dumps(written(facts)).encode()), "i-0")
    assert not sbom.not_assessed
    assert sbom.facts.distribution == facts.distribution
    index = AdvisoryIndex(advisories(facts), schemes=SCHEMES, fingerprints={})
    # an SBOM does not say which kernel runs
    kernels = {package.name for package in facts.all(Package) if "linux" in package.name or "kernel" in package.name}
    expected, found = ({one for one in verdicts(each, index) if one[0] not in kernels} for each in (facts, sbom.facts))
    return len(expected), expected ^ found


@pytest.mark.shared
@pytest.mark.parametrize("written", GENERATORS)
@pytest.mark.parametrize("name", MANAGERS)
def test_verdicts_do_not_depend_on_who_described_the_host(
    shared: Path, name: str, written: Callable[[HostFacts], Any]
) -> None:
    count, different = compared(real_host(shared, name), written)
    assert count > 10
    assert not different
