"""An operator at the command line, with a service and without one."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.agent.packages.rpm_database.rpm_files import bdb, header, ndb, sqlite
from tests.scap.small_stream import stream

from openinspector.cli.main import cli
from openinspector.testing.balancer_networks import alb
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.match_builders import advisory, fix
from openinspector.testing.network_builders import ACCOUNT, REGION, documents, two_vpcs
from openinspector.testing.network_generator import generated_network
from openinspector.testing.package_archive import BuiltPackage, PackageArchive
from openinspector.testing.whole_system import AFFECTED, CVE, WholeSystem, distribution_of_this_host

DATA = Path(__file__).resolve().parents[1] / "feeds" / "data"
RPM = header({1000: "bash", 1001: "5.1.8", 1002: "9.el9", 1022: "x86_64"})
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {"type": "operating-system", "name": "debian", "version": "12"},
        {"type": "library", "name": "widget", "purl": "pkg:deb/debian/widget@0.1-1?arch=amd64"},
        {"type": "library", "name": "widget-doc", "purl": "pkg:deb/debian/widget-doc@0.1-1?arch=all&upstream=widget"},
    ],
}
SSHD = "PermitRootLogin no\nMatch User root\n  PermitRootLogin yes\n"
PASSWORDS = {
    "etc/pam.d/passwd": "password requisite pam_pwquality.so\n",
    "etc/security/pwquality.conf": "minlen = 8\n",
    "etc/login.defs": "PASS_MAX_DAYS 99999\n",
}
APK = "P:musl\nV:1.2.4-r0\nA:x86_64\no:musl\n"
PACMAN = "%NAME%\nbash\n\n%VERSION%\n5.2.026-2\n\n%ARCH%\nx86_64\n\n"
STATUS = "Package: widget\nStatus: install ok installed\nVersion: 0.1-1\nArchitecture: amd64\n"
FEEDS = sorted(folder.name for folder in DATA.iterdir() if folder.name != "debian_archive")
IMAGES: Mapping[str, tuple[str, Mapping[str, bytes | str]]] = {
    "debian": (
        "debian:12",
        {"var/lib/dpkg/status": STATUS, "etc/ssh/sshd_config": SSHD, "usr/sbin/sshd": "OpenSSH_9.2p1", **PASSWORDS},
    ),
    "alpine": ("alpine:3.20", {"lib/apk/db/installed": APK}),
    "arch": ("arch:", {"var/lib/pacman/local/bash-5.2.026-2/desc": PACMAN}),
    "rpm-sqlite": ("almalinux:9.4", {"var/lib/rpm/rpmdb.sqlite": sqlite([RPM])}),
    "rpm-ndb": ("sles:15.6", {"usr/lib/sysimage/rpm/Packages.db": ndb([RPM])}),
    "rpm-bdb": ("centos:7", {"var/lib/rpm/Packages": bdb([RPM])}),
}


class Operator:
    """The command `openinspector` with these environment variables."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self._variables = dict(variables)

    def __call__(self, *arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(cli, arguments, env={"COLUMNS": "200", **self._variables})
        assert done.exit_code == status, (arguments, done.output, done.exception)
        assert isinstance(done.exception, SystemExit | None), (arguments, done.exception)
        return done.stdout.strip()

    def status_of(self, *arguments: str) -> int:
        """Return the exit status of a command that may fail."""
        return CliRunner().invoke(cli, arguments, env=self._variables).exit_code


@pytest.fixture
def offline(tmp_path: Path) -> Operator:
    return Operator(tmp_path, {})


@pytest.fixture
def operator(system: WholeSystem, tmp_path: Path) -> Operator:
    key, secret = system.processes.access_key()
    variables = {
        "AWS_ENDPOINT_URL_INSPECTOR": system.url,
        "AWS_CA_BUNDLE": str(system.processes.ca_file),
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return Operator(tmp_path, variables)


def _check_coverage(covered: dict[str, Any], agent: str) -> None:
    """Every package of the host has one conclusion, and the numbers add up."""
    packages, numbers = covered["packages"], covered["summary"]
    assert {package["agentId"] for package in packages} == {agent}
    assert any(package["name"] == AFFECTED and package["verdict"] == "AFFECTED" for package in packages)
    unassessed = sum(gap["packages"] for gap in numbers["notAssessed"])
    assert numbers["affected"] + numbers["notAffected"] + unassessed == len(packages)


def _waive(operator: Operator, template: str, finding: str) -> None:
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    operator("waivers", "create", "--finding", finding, "--owner", "ops", "--reason", "no fix", "--until", day)
    (waiver,) = json.loads(operator("waivers", "list", "--template", template, "--json"))
    assert waiver["issues"] == [CVE]
    file = operator.folder / "site.toml"
    file.write_text("[variables]\npassword_max_age_days = 90\n")
    operator("tailoring", "put", template, str(file))
    assert "90" in operator("tailoring", "show", template)
    operator("tailoring", "delete", template)
    operator("waivers", "delete", waiver["arn"])


def _explain_and_plan(operator: Operator, run: str, finding: str, data: tuple[str, str]) -> None:
    """The finding is explained and replayed from files; its update is in the plan."""
    explained = json.loads(operator("explain", finding, "--export", str(operator.folder / "replay"), "--json", *data))
    assert explained["replay"]["same"]
    (plan,) = json.loads(operator("plan", "--run", run, "--json", *data))
    assert AFFECTED in {package["name"] for step in plan["steps"] for package in step["packages"]}
    assert AFFECTED in operator("plan", "--run", run, "--shell", *data)


def test_an_operator_assesses_a_host(system: WholeSystem, operator: Operator) -> None:
    data = ("--data-dir", str(system.processes.data_dir))

    # 1. access keys, join tokens and feeds are administered through the data folder
    operator("feeds", "sync", "debian", "--from", str(DATA / "debian" / "tracker.json"), *data)
    operator("feeds", "sync", "debian_dsa", "--from", str(DATA / "debian_dsa"), *data)
    operator("feeds", "sync", "almalinux", "--from", str(DATA / "almalinux" / "upstream"), *data)
    synced = {feed["feed"] for feed in json.loads(operator("feeds", "status", "--json", *data))}
    assert {"debian", "debian_dsa", "almalinux"} <= synced
    operator("admin", *data, "tokens", "create", "--tag", "Env=prod")
    operator("admin", *data, "keys", "create", "auditor", "--policy", "read-only")
    agent = system.start_agent()
    system.store_advisory(distribution_of_this_host())
    assert agent in operator("admin", *data, "agents", "list")

    # 2. a target, a template, a run to its end
    target = operator("targets", "create", "all")
    assert agent in operator("targets", "preview", target)
    template = operator(
        "templates", "create", "weekly", "--target", target, "--package", "vulnerabilities", "--package", "CIS"
    )
    schedule = operator("schedules", "create", template, "--cron", "0 3 * * 1")
    assert schedule in operator("schedules", "list", "--json")
    run = operator("runs", "start", template, "--watch").splitlines()[0]
    assert run in operator("runs", "list", "--json")

    # 3. what it found, as a list, explained, and as a report
    found = json.loads(operator("findings", "list", "--run", run, "--rule", CVE, "--json"))
    assert [finding["id"] for finding in found] == [CVE]
    assert CVE in operator("findings", "show", found[0]["arn"])
    _waive(operator, template, found[0]["arn"])
    _explain_and_plan(operator, run, found[0]["arn"], data)
    operator("runs", "exclusions", run)
    assert agent in operator("runs", "agents", run)
    operator("runs", "benchmark", run)
    _check_coverage(json.loads(operator("runs", "coverage", run, "--json")), agent)
    for kind in ("html", "pdf"):
        report = operator.folder / f"report.{kind}"
        operator("reports", "get", run, "--format", kind, "--type", "full", "--output", str(report))
        assert report.stat().st_size > 1000

    preview = system.client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    system.client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=preview)
    system.client.describe_cross_account_access_role()

    # 4. webhooks and topics are listed, what is not needed is deleted
    operator("notifications", "list")
    operator("webhooks", "list")
    operator("schedules", "delete", schedule)
    operator("templates", "delete", template)
    operator("templates", "delete", template, status=1)  # it is gone
    operator("targets", "delete", target)


def test_agent_commands(system: WholeSystem, tmp_path: Path) -> None:
    settings = tmp_path / "agent.cfg"
    log, state = tmp_path / "log" / "agent.log", tmp_path / "state"
    settings.write_text(
        f"endpoint = {system.url}\nca_file = {system.processes.ca_file}\n"
        f"state_directory = {state}\nlog_file = {log}\nproxy =\n"
    )
    host = Operator(tmp_path, {"OPENINSPECTOR_AGENT_CONFIG": str(settings)})
    host("agent", "enrol", "--token", system.processes.join_token())
    host("agent", "check")
    host("agent", "rotate-key")
    host("agent", "status", status=1)  # it does not run yet
    assert "OperatingSystem" in host("agent", "collect", "--dry-run", "--json", "--sensor", "os_release")
    command = [sys.executable, "-m", "openinspector.agent", "--config", str(settings), "run"]
    with subprocess.Popen(command) as running:
        try:
            wait_until(lambda: log.is_file() and bool(log.read_text()))
            wait_until(lambda: host.status_of("agent", "status") == 0)
        finally:
            running.terminate()


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_assessed_and_assessed_again_from_its_facts(name: str, offline: Operator) -> None:
    system, files = IMAGES[name]
    identity, _, version = system.partition(":")
    release = f"ID={identity}\n" + (f"VERSION_ID={version}\n" if version else "")
    root = offline.folder / "root"
    for path, content in {"etc/os-release": release, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    data, facts = ("--data-dir", str(offline.folder / "data")), offline.folder / "facts.jsonl"
    if identity in FEEDS:
        origin = DATA / identity / ("tracker.json" if identity == "debian" else "upstream")
        offline("feeds", "sync", identity, "--from", str(origin), *data)
    scanned = json.loads(offline("scan", "--root", str(root), "--facts", str(facts), "--json", *data))
    again = json.loads(offline("evaluate", str(facts), "--json"))
    assert scanned["agentId"] == again["agentId"]
    if name == "debian":
        assert "TestResult" in offline("benchmark", str(facts), "--xccdf")
        stored = offline.folder / "content-ds.xml"
        stored.write_bytes(stream())
        judged = json.loads(offline("benchmark", str(facts), "--content", str(stored), "--profile", "strict", "--json"))
        assert judged["counts"]["fail"] == 1


def test_an_sbom_is_assessed_against_a_mirror(offline: Operator) -> None:
    archive = PackageArchive(offline.folder / "mirror")
    archive.add(BuiltPackage(name="widget", version="1.0-1+deb12u1"))
    archive.publish()
    data = ("--data-dir", str(offline.folder / "data"))
    offline = Operator(offline.folder, {"PATH": ""})  # no gpgv: this archive's key is not in the host's keyring
    with DocumentServer(offline.folder / "mirror") as server:
        offline("feeds", "sync", "debian_archive", "--mirror", server.url, "--suite", "bookworm-security", *data)
    sbom, advisories = offline.folder / "sbom.json", offline.folder / "advisories.jsonl"
    sbom.write_text(json.dumps(SBOM))
    advisories.write_bytes(msgspec.json.encode(advisory(CVE, fix("widget", "1.0-1"))) + b"\n")
    judged = json.loads(offline("evaluate", str(sbom), "--advisories", str(advisories), "--json"))
    assert [(found["id"], found["severity"]) for found in judged["findings"]] == [
        (CVE, "Undefined"),
        ("Outdated by-product widget-doc", "Informational"),
    ]


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_synced_from_a_folder(name: str, offline: Operator) -> None:
    folder = DATA / name
    origin = folder / "upstream" if (folder / "upstream").is_dir() else folder
    data = ("--data-dir", str(offline.folder / "data"))
    offline("feeds", "sync", name, "--from", str(origin), *data)
    (synced,) = json.loads(offline("feeds", "status", "--json", *data))
    assert (synced["feed"], synced["advisories"] > 0) == (name, True)


def test_the_reachability_of_a_network_is_asked(offline: Operator) -> None:
    write_network(offline.folder / "network", two_vpcs())
    probes = offline.folder / "probes.jsonl"
    probe = {"id": "ssh", "protocol": "tcp", "port": 22, "source": {"internet": True}}
    probes.write_text(json.dumps({**probe, "destination": {"address": "3.3.3.3"}}) + "\n")
    snapshot = str(offline.folder / "network")
    answer = json.loads(offline("reach", "check", "--snapshot", snapshot, "--probes", str(probes), "--json"))
    assert (answer["id"], answer["reachable"]) == ("ssh", True)


def test_a_change_of_the_network_is_simulated(offline: Operator) -> None:
    snapshot = str(offline.folder / "network")
    write_network(offline.folder / "network", two_vpcs() | generated_network(3))
    changed = json.loads(offline("reach", "simulate", "--snapshot", snapshot, "--remove", "sg-1/ingress/0", "--json"))
    assert changed


def test_a_snapshot_of_an_account_is_taken_and_searched(offline: Operator) -> None:
    write_network(offline.folder / "account", alb())
    settings = {"OPENINSPECTOR_CLOUD": "files", "OPENINSPECTOR_CLOUD_FOLDER": str(offline.folder / "account")}
    offline = Operator(offline.folder, settings)
    snapshot = str(offline.folder / "snapshot")
    assert "ec2:DescribeVpcs" in offline("account", "policy")
    assert ACCOUNT in offline("account", "instances", "--json")
    offline("account", "snapshot", snapshot)
    assert not (offline.folder / "snapshot" / ACCOUNT).exists()  # the account has a pseudonym
    assert offline("reach", "findings", "--snapshot", snapshot, "--json")
    answer = json.loads(offline("reach", "ask", "internet", "i-2", "--port", "8080", "--snapshot", snapshot, "--json"))
    assert "web" in {hop["resource"] for hop in answer["path"]}  # through the load balancer


def test_feeds_are_carried_to_a_site_without_a_network(offline: Operator) -> None:
    key, private, public = Ed25519PrivateKey.generate(), offline.folder / "key.pem", offline.folder / "key.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    bundle = str(offline.folder / "feeds.bundle")
    here, there = (("--data-dir", str(offline.folder / name)) for name in ("here", "there"))
    offline("feeds", "sync", "debian", "--from", str(DATA / "debian" / "tracker.json"), *here)
    offline("feeds", "export", bundle, "--key", str(private), *here)
    offline("feeds", "import", bundle, "--key", str(public), *there)
    synced, imported = (json.loads(offline("feeds", "status", "--json", *site)) for site in (here, there))
    assert [feed["advisories"] for feed in imported] == [feed["advisories"] for feed in synced]


def test_a_shell_completes_commands(offline: Operator) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "openinspector" in offline("completion", shell)


def write_network(folder: Path, network: dict[str, Any]) -> None:
    """Write a network as a snapshot's folder."""
    for document in documents(network):
        place = folder / ACCOUNT / REGION / document.operation
        path = place / quote(document.subject, safe="") if document.subject else place.with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document.content)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
