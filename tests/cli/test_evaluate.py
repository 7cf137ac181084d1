import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from openinspector.cli.evaluate import evaluate
from openinspector.cli.facts_file import UNKNOWN_AGENT, FactsFileError
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import InstanceMetadata, KernelParameters, SensorState, SensorStatus
from openinspector.testing.fact_builders import (
    SENSORS,
    directory,
    host,
    operating_system,
    package,
    sshd,
    troubled,
)
from openinspector.wire.codec import encode_record
from openinspector.wire.telemetry import TelemetryMessage

FACTS = host(
    operating_system(),
    package("bash", "5.2-1"),
    sshd({"permitrootlogin": "yes"}, sources={"permitrootlogin": "/etc/ssh/sshd_config:33"}),
    KernelParameters(values={"kernel.randomize_va_space": "2"}),
    directory("/etc/[bold]x", 0o777),
)


def messages(facts: HostFacts) -> Iterable[TelemetryMessage]:
    for sensor, status in facts.sensors.items():
        records = [record for kind in SENSORS.get(sensor, ()) for record in facts.all(kind)]
        yield from (encode_record(sensor, record) for record in records)
        yield encode_record(sensor, replace(status, records=len(records)))


def lines(facts: HostFacts) -> bytes:
    return b"".join(msgspec.json.encode(message) + b"\n" for message in messages(facts))


def run(tmp_path: Path, content: bytes, *options: str) -> Result:
    path = tmp_path / "facts.json"
    path.write_bytes(content)
    return CliRunner().invoke(evaluate, [str(path), *options])


def test_findings_fit_80_columns(tmp_path: Path) -> None:
    result = run(tmp_path, lines(FACTS))
    assert result.exit_code == 0, result.output
    assert "Disable root login over SSH" in " ".join(result.output.split())
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "detected" in result.output
    assert "No vulnerabilities are looked for" in result.stderr


def test_why_shows_evidence_and_remedy_without_interpreting_markup(tmp_path: Path) -> None:
    text = " ".join(run(tmp_path, lines(FACTS), "--why").stdout.split())
    assert "PermitRootLogin is yes [/etc/ssh/sshd_config:33]" in text
    assert "Change line 33 of /etc/ssh/sshd_config to `PermitRootLogin no`." in text
    assert "/etc/[bold]x may be changed by everybody" in text


def test_exclusions_are_shown(tmp_path: Path) -> None:
    facts = troubled(FACTS, "processor_features", "/proc/cpuinfo: denied")
    text = " ".join(run(tmp_path, lines(facts)).stdout.split())
    assert "Not completed: Rules evaluation error for single instance" in text
    assert "Enable DEP: The sensor processor_features did not see everything. /proc/cpuinfo: denied" in text


def test_json_is_the_same_bytes_every_time_for_lines_and_arrays(tmp_path: Path) -> None:
    first = run(tmp_path, lines(FACTS), "--json").stdout
    array = msgspec.json.encode(list(messages(FACTS)))
    assert run(tmp_path, array, "--json").stdout == first
    shown = json.loads(first)
    assert shown["agentId"] == UNKNOWN_AGENT
    assert (shown["hostname"], shown["distribution"]) == ("web-1", "debian:12")
    assert "Disable root login over SSH" in [finding["id"] for finding in shown["findings"]]
    assert {rule["rulesPackage"] for rule in shown["rules"]} == {"cis_benchmarks", "security_best_practices"}


def test_host_name_comes_from_metadata_or_option(tmp_path: Path) -> None:
    metadata = encode_record("instance_metadata", InstanceMetadata(instance_id="i-0aa"))
    status = SensorStatus(sensor="instance_metadata", state=SensorState.OK, records=1)
    ended = encode_record("instance_metadata", status)
    content = lines(FACTS) + b"\n".join(msgspec.json.encode(message) for message in (metadata, ended))
    assert json.loads(run(tmp_path, content, "--json").stdout)["agentId"] == "i-0aa"
    assert json.loads(run(tmp_path, content, "--json", "--agent-id", "web").stdout)["agentId"] == "web"


ADVISORY = Advisory(
    id="DSA-1",
    feed="debian",
    vulnerabilities=("CVE-2026-1",),
    fixes=(Fix(target=Target(stream="debian:12", kind=PackageKind.SOURCE, name="bash"), version="5.2-2"),),
)


def test_advisories_bring_vulnerabilities(tmp_path: Path) -> None:
    path = tmp_path / "advisories.json"
    path.write_bytes(msgspec.json.encode([ADVISORY]))
    result = run(tmp_path, lines(FACTS), "--advisories", str(path), "--package", "common_vulnerabilities", "--json")
    assert [finding["id"] for finding in json.loads(result.stdout)["findings"]] == ["CVE-2026-1"]


def test_single_package(tmp_path: Path) -> None:
    assert run(tmp_path, lines(FACTS), "--package", "common_vulnerabilities").exit_code == 2
    assert run(tmp_path, lines(FACTS), "--package", "network_reachability").exit_code == 2
    assert run(tmp_path, lines(FACTS), "--package", "security_best_practices").stderr == ""


def test_standard_input() -> None:
    result = CliRunner().invoke(evaluate, ["-", "--json"], input=lines(FACTS))
    assert result.exception is None, result.exception
    assert json.loads(result.stdout)["findings"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"\xff\xfe", b'{"sensor":1}', b"[" * 100_000, lines(FACTS)[:-40], b"[]"],
)
def test_a_bad_file_is_refused_with_advice(tmp_path: Path, content: bytes) -> None:
    result = run(tmp_path, content)
    assert isinstance(result.exception, FactsFileError)
    assert "collect --dry-run" in result.exception.advice


def test_a_missing_file_is_named() -> None:
    result = CliRunner().invoke(evaluate, ["/nowhere/facts.json"])
    assert isinstance(result.exception, FactsFileError)
    assert "/nowhere/facts.json cannot be read: No such file or directory" in str(result.exception)


def test_messages_that_are_not_understood_are_counted(tmp_path: Path) -> None:
    unknown = b'{"sensor":"dpkg","kind":"Nonsense","payload":{}}\n'
    assert "Messages that could not be decoded: 1." in " ".join(run(tmp_path, unknown + lines(FACTS)).stdout.split())


SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {"type": "operating-system", "name": "debian", "version": "12"},
        {"type": "library", "name": "bash", "purl": "pkg:deb/debian/bash@5.2-1?arch=amd64"},
        {"type": "library", "name": "left", "purl": "pkg:cargo/left@1"},
    ],
}


def test_an_sbom_is_judged_by_its_packages(tmp_path: Path) -> None:
    advisories = tmp_path / "advisories"
    advisories.mkdir()
    (advisories / "one.json").write_bytes(msgspec.json.encode([ADVISORY]))
    (advisories / "notes.txt").write_text("not read")
    result = run(tmp_path, json.dumps(SBOM).encode(), "--advisories", str(advisories), "--json")
    assert result.exit_code == 0, result.output
    judged = json.loads(result.stdout)
    assert [finding["id"] for finding in judged["findings"]] == list(ADVISORY.vulnerabilities)
    assert judged["notAssessed"] == [
        {"name": "left", "version": "", "purl": "pkg:cargo/left@1", "reason": "UNSUPPORTED_TYPE"}
    ]


def test_unassessed_components_of_an_sbom_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "advisories.json"
    path.write_bytes(msgspec.json.encode([ADVISORY]))
    result = run(tmp_path, json.dumps(SBOM).encode(), "--advisories", str(path))
    assert "Not assessed: 1 components, unsupported type." in result.stdout


def test_a_folder_without_advisories_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run(tmp_path, lines(FACTS), "--advisories", str(tmp_path / "empty"))
    assert isinstance(result.exception, FactsFileError)
    assert "holds no .json or .jsonl file" in str(result.exception)


def test_json_has_a_conclusion_for_each_package(tmp_path: Path) -> None:
    path = tmp_path / "advisories.json"
    path.write_bytes(msgspec.json.encode([ADVISORY]))
    shown = json.loads(run(tmp_path, lines(FACTS), "--advisories", str(path), "--json").stdout)
    assert shown["coverage"]["counts"] == {"AFFECTED": 1}
    (package,) = shown["coverage"]["packages"]
    assert package["name"] == "bash"
    assert (package["advisory"], package["statement"], package["withVersion"]) == ("DSA-1", "FIXED", "5.2-2")
    assert "coverage" not in json.loads(run(tmp_path, lines(FACTS), "--json").stdout)
