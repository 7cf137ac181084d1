"""Scans of folders made here: of a Debian, an Alpine and an rpm distribution, of hostile ones, and of none."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from tests.agent.packages.rpm_database.rpm_files import header, sqlite
from tests.cli.conftest import Command

from openinspector.cli.scan import scan
from openinspector.feeds.microsoft import FEED as MICROSOFT
from openinspector.model.advisory import Advisory, PackageKind
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.testing.golden_feed import documents_in
from openinspector.testing.match_builders import advisory, fix
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore
from openinspector.testing.windows_documents import recorded_windows

STATUS = """Package: openssl
Status: install ok installed
Version: 3.0.15-1
Architecture: amd64

Package: gone
Status: deinstall ok config-files
Version: 1
"""
DEBIAN: Mapping[str, str | bytes] = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n',
    "etc/hostname": "image-1\n",
    "var/lib/dpkg/status": STATUS,
    "etc/ssh/sshd_config": "PermitRootLogin yes\n",
    "usr/sbin/sshd": "OpenSSH_9.2p1",
    "opt/app/site-packages/requests-2.31.0.dist-info/METADATA": "Name: requests\nVersion: 2.31.0\n",
    "proc/sys/kernel/randomize_va_space": "0",
}
APK = "P:musl\nV:1.2.4-r0\nA:x86_64\no:musl\n"
RPM = sqlite([header({1000: "bash", 1001: "5.1.8", 1002: "9.el9", 1022: "x86_64"})])
FIX = advisory("CVE-2026-0001", fix("openssl", "3.0.16-1"))
OUTSIDE = "Package: outside\nStatus: install ok installed\nVersion: 6.6.6\nArchitecture: amd64\n"


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return written(tmp_path / "image", DEBIAN)


@pytest.fixture
def advisories(tmp_path: Path) -> str:
    path = tmp_path / "advisories.json"
    path.write_bytes(msgspec.json.encode([FIX]))
    return str(path)


def packages(outcome_json: str) -> object:
    return json.loads(outcome_json)["packages"]


def test_output_fits_80_columns(command: Command, image: Path, advisories: str) -> None:
    outcome = command("scan", "--root", str(image), "--advisories", advisories)
    assert (outcome.status, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines()[:-1])) <= 80
    assert "CVE-2026-0001" in outcome.words
    assert "openssl 3.0.15-1 → 3.0.16-1" in outcome.words
    assert "Disable root login over SSH" in outcome.words
    assert "Not completed: Packages from language registries not assessed" in outcome.words
    assert "1 PyPI package not installed by the distribution" in outcome.words
    assert "Debian 12; packages: 1 dpkg, 1 pypi." in outcome.words
    assert "processor_features" in outcome.words.partition("Nothing there for the sensors ")[2]
    assert outcome.words.endswith("does not run: what only a running system can tell was not assessed.")


def test_nothing_of_this_machine_leaks_into_the_result(command: Command, image: Path) -> None:
    """Not even through what is mounted at its /proc: this image's says that ASLR is off."""
    shown = json.loads(command("scan", "--root", str(image), "--json").out)
    states = {sensor["name"]: sensor["state"] for sensor in shown["sensors"]}
    for sensor in ("kernel_parameters", "listening_ports", "network_interfaces", "processor_features"):
        assert states[sensor] == "NOT_APPLICABLE"
    aslr = next(rule for rule in shown["rules"] if rule["rule"] == "address_space_layout_randomization")
    assert aslr["outcome"] == "UNABLE"
    assert shown["hostname"] == "image-1"


def test_json_has_everything_and_is_the_same_bytes_again(command: Command, image: Path, advisories: str) -> None:
    first = command("scan", "--root", str(image), "--advisories", advisories, "--json").out
    assert command("scan", "--root", str(image), "--advisories", advisories, "--json").out == first
    shown = json.loads(first)
    assert shown["root"] == str(image)
    assert shown["distribution"] == "debian:12"
    assert shown["packages"] == {"dpkg": 1, "pypi": 1}
    assert sum(shown["severities"].values()) == len(shown["findings"])
    assert shown["exclusions"]


def test_the_facts_written_give_the_same_evaluation(
    command: Command, image: Path, advisories: str, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.json"
    scanned = command("scan", "--root", str(image), "--advisories", advisories, "--facts", str(facts), "--json").out
    replayed = command("evaluate", str(facts), "--advisories", advisories, "--json").out
    assert facts.stat().st_mode & 0o777 == 0o600
    shown = json.loads(scanned)
    assert json.loads(replayed) == {key: shown[key] for key in json.loads(replayed)}


@pytest.mark.parametrize(("severity", "status"), [("High", 0), ("medium", 5), ("Undefined", 5)])
def test_fails_on_the_given_severity(command: Command, image: Path, severity: str, status: int) -> None:
    assert command("scan", "--root", str(image), "--fail-on", severity).status == status


def test_the_installations_advisories_are_used(image: Path, tmp_path: Path) -> None:
    store = MemoryAdvisoryStore()
    snapshot = FeedSnapshot(
        feed="debian",
        fingerprint="1",
        validators={},
        advisories=1,
        unparsed=0,
        origin="here",
        published_at=None,
        fetched_at=datetime(2026, 11, 25, tzinfo=UTC),
    )
    store.replace(snapshot, [FIX], [])
    arguments = ["--root", str(image), "--data-dir", str(tmp_path / "data"), "--json"]
    result = CliRunner().invoke(scan, arguments, obj=lambda _settings: store)
    assert "CVE-2026-0001" in {finding["id"] for finding in json.loads(result.stdout)["findings"]}


def test_missing_installation_is_not_created_and_is_reported(command: Command, image: Path, tmp_path: Path) -> None:
    outcome = command("scan", "--root", str(image), "--data-dir", str(tmp_path / "none"))
    assert outcome.status == 0
    assert "No advisories are loaded." in outcome.words
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"etc/os-release": "ID=alpine\nVERSION_ID=3.19.0\n", "lib/apk/db/installed": APK}, {"apk": 1}),
        ({"etc/os-release": "ID=almalinux\nVERSION_ID=9.4\n", "var/lib/rpm/rpmdb.sqlite": RPM}, {"rpm": 1}),
        ({"var/lib/pacman/local/a-1-1/desc": "%NAME%\na\n\n%VERSION%\n1-1\n"}, {"pacman": 1}),
        ({"usr/lib/os-release": "ID=distroless\n"}, {}),
    ],
)
def test_other_distributions(command: Command, tmp_path: Path, files: Mapping[str, bytes], found: object) -> None:
    outcome = command("scan", "--root", str(written(tmp_path / "image", files)), "--json")
    assert (outcome.status, packages(outcome.out)) == (0, found)


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize(
    "name",
    ["etc/os-release", "var/lib/dpkg/status", "var/lib/dpkg", "var/lib/rpm/rpmdb.sqlite", "var/lib/rpm", "opt/app"],
)
def test_no_link_leads_out_of_the_folder(
    command: Command, image: Path, tmp_path: Path, name: str, *, absolute: bool
) -> None:
    """A file or folder of the image replaced by a link to one of this machine that looks right."""
    same: dict[str, str | bytes] = {
        "etc/os-release": "ID=outside\n",
        "var/lib/dpkg/status": OUTSIDE,
        "var/lib/rpm/rpmdb.sqlite": RPM,
    }
    outside = written(
        tmp_path / "outside",
        {**same, "opt/app/site-packages/outside-6.dist-info/METADATA": "Name: outside\nVersion: 6"},
    )
    place = image / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    target = outside / name
    place.symlink_to(target if absolute else Path("../" * 20) / target.relative_to("/"))
    outcome = command("scan", "--root", str(image), "--json")
    assert outcome.status == 0
    shown = json.loads(outcome.out)
    assert shown["distribution"] in ("debian:12", "")
    assert "rpm" not in shown["packages"]
    assert "outside" not in json.dumps(shown["rules"]) + json.dumps(shown["findings"])
    assert sum(shown["packages"].values()) <= 2


@pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
def test_journal_of_an_rpm_database_is_neither_followed_nor_changed(
    command: Command, tmp_path: Path, suffix: str
) -> None:
    image = written(tmp_path / "image", {"var/lib/rpm/rpmdb.sqlite": RPM})
    secret = tmp_path / "secret"
    secret.write_bytes(os.urandom(5000))
    before = secret.read_bytes()
    (image / f"var/lib/rpm/rpmdb.sqlite{suffix}").symlink_to(secret)
    outcome = command("scan", "--root", str(image), "--json")
    assert packages(outcome.out) == {"rpm": 1}
    assert secret.read_bytes() == before
    assert {path.name for path in (image / "var/lib/rpm").iterdir()} == {"rpmdb.sqlite", f"rpmdb.sqlite{suffix}"}


@pytest.mark.parametrize("kind", ["file", "nothing", "empty", "no system"])
def test_rejects_folders_without_a_system(command: Command, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "file":
        path.write_bytes(bytes(1024))
    elif kind != "nothing":
        path.mkdir()
        written(path, {"holiday.jpg": b"\xff"} if kind == "no system" else {})
    outcome = command("scan", "--root", str(path))
    assert (outcome.status, outcome.out) == (1, "")
    assert str(path) in outcome.err
    assert "Mount a disk image first" in outcome.err


def test_wrong_usage(command: Command, image: Path) -> None:
    assert command("scan").status == 2
    assert command("scan", "--root", str(image), "--fail-on", "worse").status == 2
    outcome = command("scan", "--root", str(image), "--facts", "/no/such/folder/facts.json")
    assert (outcome.status, outcome.out) == (1, "")
    assert "/no/such/folder/facts.json cannot be written" in outcome.err


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("dpkg-deb") is None, reason="needs root and dpkg")
def test_a_tree_made_by_dpkg_itself(command: Command, tmp_path: Path) -> None:
    """The oracle is dpkg-query over the same tree."""
    root = written(tmp_path / "root", {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": ""})
    for folder in ("info", "updates", "triggers"):
        (root / "var/lib/dpkg" / folder).mkdir()
    run(["dpkg", f"--root={root}", "--force-not-root", "-i", *map(str, built(tmp_path))])
    listed = run(["dpkg-query", f"--root={root}", "-W", "-f=${Package} ${Version}\n"]).splitlines()
    facts = tmp_path / "facts.json"
    shown = json.loads(command("scan", "--root", str(root), "--facts", str(facts), "--json").out)
    records = [json.loads(line) for line in facts.read_text().splitlines()]
    found = [each["payload"] for each in records if each["kind"] == "Package"]
    assert sorted(f"{each['name']} {each['version']}" for each in found if each["manager"] == "dpkg") == sorted(listed)
    assert [(each["name"], each["owner"]) for each in found if each["manager"] == "pypi"] == [("one", "one")]
    assert shown["packages"] == {"dpkg": 2, "pypi": 1}


def built(folder: Path) -> Iterable[Path]:
    for name, version in (("one", "1:1.0-1"), ("two", "2~rc1")):
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: a <a@a>\nDescription: x\n"
        site = "usr/lib/python3/dist-packages"
        own = {f"{site}/one-1.0.dist-info/METADATA": "Name: one\nVersion: 1.0\n"} if name == "one" else {}
        tree = written(folder / name, {"DEBIAN/control": control, **own})
        run(["dpkg-deb", "--root-owner-group", "-b", str(tree), str(folder / f"{name}.deb")])
        yield folder / f"{name}.deb"


def run(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_binary_packages_of_an_rpm_tree_meet_their_advisories(command: Command, tmp_path: Path) -> None:
    image = written(
        tmp_path / "image",
        {"etc/os-release": "ID=almalinux\nVERSION_ID=9.4\n", "usr/lib/sysimage/rpm/rpmdb.sqlite": RPM},
    )
    statement = fix("bash", "5.1.8-10.el9", stream="almalinux:9", kind=PackageKind.BINARY)
    path = tmp_path / "advisories.json"
    path.write_bytes(msgspec.json.encode([advisory("CVE-2026-0002", statement)]))
    outcome = command("scan", "--root", str(image), "--advisories", str(path))
    assert "bash 5.1.8-9.el9 → 5.1.8-10.el9" in outcome.words


def test_a_windows_disk_is_judged_by_its_build(tmp_path: Path) -> None:
    """From the registry of a disk to a finding, through the commands that people use."""
    disk = {path.removeprefix("C:/"): content for path, content in recorded_windows({}).items()}
    root = written(tmp_path / "disk", disk)
    documents = documents_in(Path(__file__).parents[1] / "feeds" / "data" / "microsoft")
    known = [found for found in MICROSOFT.parse(documents) if isinstance(found, Advisory)]
    advisories = tmp_path / "advisories.json"
    advisories.write_bytes(msgspec.json.encode(known))
    options = ["--root", str(root), "--advisories", str(advisories), "--package", "common_vulnerabilities", "--json"]
    result = CliRunner().invoke(scan, options)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [finding["id"] for finding in found["findings"]] == ["CVE-2026-0001", "CVE-2026-0002"]
    values = {one["key"]: one["value"] for one in found["findings"][0]["attributes"]}
    assert (values["package_version"], values["fixed_version"]) == ("10.0.20348.2031", "10.0.20348.2458")
    assert values["KB"] == "KB5039227, KB5039330"
