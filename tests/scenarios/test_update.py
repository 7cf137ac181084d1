"""A real service offers and serves a release; a host in slots takes it, through the update script and a trial."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.agent.update.installed_host import InstalledHost, Service, wait_for
from tests.agent.update.version_bundle import LACKS_A_SENSOR, version_files

from openinspector.testing.simulated_releases import SimulatedReleases, release
from openinspector.testing.whole_system import WholeSystem


class Site:
    """A service with a folder of releases, and a host of it."""

    def __init__(self, folder: Path) -> None:
        self.releases = SimulatedReleases(folder / "releases")
        self.releases.publish()
        (folder / "secret").write_text("not a release")
        (self.releases.folder / "link").symlink_to(folder / "secret")
        self.system = WholeSystem(folder, {"OPENINSPECTOR_RELEASES_DIR": str(self.releases.folder)})
        processes, port = self.system.processes, urlsplit(self.system.url).port
        assert port is not None
        self.host = InstalledHost(
            folder=folder / "host",
            at=Service(port=port, ca_file=processes.ca_file),
            releases=self.releases,
            token=processes.join_token(),
        )
        self.host.install("1.0", 1)

    def admin(self, *arguments: str) -> str:
        command = [
            sys.executable,
            "-m",
            "openinspector.cli",
            "admin",
            "--data-dir",
            str(self.system.processes.data_dir),
            *arguments,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def rings(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.admin("rollouts", "list", "--json"))
        return found

    def close(self) -> None:
        self.host.close()
        self.system.processes.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.close()


def test_a_release_goes_from_the_publisher_to_the_host(site: Site) -> None:
    host = site.host
    host.start()
    host.offer("2.0", 2)
    assert host.driver().stdout.splitlines()[-1] == "UP_TO_DATE"
    site.admin("rollouts", "set", "all", "--version", "2.0")
    done = host.driver()
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: host.running_version() == "2.0" and host.is_running)
    (ring,) = site.rings()
    assert (ring["updated"], ring["failed"]) == (1, 0)


def test_a_bad_release_pauses_its_ring(site: Site) -> None:
    host = site.host
    host.start()
    host.offer("2.0", 2, LACKS_A_SENSOR)
    site.admin("rollouts", "set", "all", "--version", "2.0", "--max-failures", "0")
    assert host.driver().returncode != 0
    wait_for(lambda: host.running_version() == "1.0" and host.is_running)
    (ring,) = site.rings()
    assert "1 of 1 agents could not update" in str(ring["pausedBecause"])
    assert host.driver().stdout.splitlines()[-1] == "UP_TO_DATE"


def test_published_files_are_served_and_nothing_else(site: Site) -> None:
    site.releases.add(release("2.0", 2), version_files())
    site.releases.publish()
    trusted = ssl.create_default_context(cafile=str(site.system.processes.ca_file))
    with httpx.Client(base_url=site.system.url, verify=trusted, trust_env=False) as http:
        served = http.get("/releases/metadata/timestamp.json")
        assert served.content == (site.releases.folder / "metadata" / "timestamp.json").read_bytes()
        for path in ("", "metadata", "metadata/", "absent", "link", "..%2fsecret", "%2e%2e/secret", "//etc/passwd"):
            assert http.get(f"/releases/{path}").status_code in (307, 404), path
        assert http.post("/releases/metadata/timestamp.json").status_code == 405
