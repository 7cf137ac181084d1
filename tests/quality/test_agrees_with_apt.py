"""The security updates that await this host, compared with those that apt would install from its lists on disk.

The label is apt's own simulation. Only the lists are shared: our sensor reads the dpkg database, our feed reads the
index, our version scheme compares. Both sides read a copy of the database and of the lists, which other programs may
change meanwhile. The test needs no network; it is skipped on a host without apt or without security lists.
"""

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from openinspector.agent.collection.collection import collect
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.engine.match import AdvisoryIndex
from openinspector.feed import Document, Source
from openinspector.feeds.debian_archive import FEED, ArchivePackage, parse_index
from openinspector.model.advisory import Advisory
from openinspector.model.facts import HostFacts
from openinspector.testing.match_builders import version_schemes
from openinspector.versions.dpkg import SCHEME
from openinspector.wire.codec import encode_record
from openinspector.wire.facts import build_facts

APT_HELPER = "/usr/lib/apt/apt-helper"
INST = re.compile(r"^Inst (\S+) \[(\S+)\] \((\S+)", re.MULTILINE)


class Snapshot:
    """A copy of this host's package database and of apt's lists, and apt reading it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        lists, status = root / "var/lib/apt/lists", root / "var/lib/dpkg/status"
        status.parent.mkdir(parents=True)
        shutil.copy("/var/lib/dpkg/status", status)
        shutil.copytree("/var/lib/apt/lists", lists, ignore=shutil.ignore_patterns("lock", "partial"))
        (lists / "partial").mkdir()
        (root / "etc").mkdir()
        shutil.copy("/etc/os-release", root / "etc/os-release")
        self._options = [f"-oDir::State::lists={lists}", f"-oDir::State::status={status}", "-oDir::Cache="]

    def apt_get(self, *arguments: str) -> str:
        return run("apt-get", *self._options, *arguments)


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    if shutil.which("apt-get") is None:
        pytest.skip("this host has no apt")
    return Snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def indices(snapshot: Snapshot) -> list[Document]:
    wanted = ("--format", "$(CODENAME) $(COMPONENT) $(FILENAME)", "Created-By: Packages")
    listed = snapshot.apt_get("indextargets", *wanted).splitlines()
    found = [line.split(maxsplit=2) for line in listed if line.split(maxsplit=1)[0].endswith("-security")]
    documents = []
    for codename, component, path in found:
        name = f"{codename}/{component}/binary-amd64/Packages"
        content = run(APT_HELPER, "cat-file", path).encode()
        documents.append(Document(source=Source(name=name, url=f"file://{path}"), content=content))
    if not any(document.content for document in documents):
        pytest.skip("apt has no lists of a security suite; apt-get update makes them")
    return documents


def facts_of(root: Path) -> HostFacts:
    chosen = [sensors()[name] for name in ("os_release", "dpkg")]
    found = collect(chosen, LocalHost(str(root)), time.monotonic, agent_version="test")
    return build_facts("host-00000000000000001", (encode_record(sensor, record) for sensor, record in found))


def newest_versions(documents: list[Document]) -> dict[str, str]:
    found = [package for document in documents for package in parse_index(document.content)]
    packages = [package for package in found if isinstance(package, ArchivePackage)]
    return {package.name: package.version for package in sorted(packages, key=lambda p: SCHEME.key(p.version))}


def test_the_same_packages_await_a_security_update(snapshot: Snapshot, indices: list[Document]) -> None:
    advisories = [found for found in FEED.parse(indices) if isinstance(found, Advisory)]
    index = AdvisoryIndex(advisories, schemes=version_schemes(), fingerprints={})
    ours = {match.package.name for match in index.matches(facts_of(snapshot.root))}

    security = newest_versions(indices)
    theirs = {
        name
        for name, installed, candidate in INST.findall(snapshot.apt_get("-s", "dist-upgrade"))
        if name in security and SCHEME.key(installed) < SCHEME.key(security[name]) <= SCHEME.key(candidate)
    }
    assert ours & security.keys() == theirs
