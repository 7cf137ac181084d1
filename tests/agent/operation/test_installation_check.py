import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from openinspector.agent.operation.installation_check import CheckContext, CheckResult, CheckVerdict, check_installation
from openinspector.agent.runtime import enrol_host
from openinspector.agent.settings.settings import load_settings
from openinspector.testing.simulated_gateway import TOKEN, Fault, SimulatedGateway


@pytest.fixture
def file(gateway: SimulatedGateway, tmp_path: Path) -> Path:
    """The settings of an enrolled host."""
    path = tmp_path / "agent.cfg"
    path.write_text(f"endpoint = {gateway.url}\nca_file = {gateway.ca_file}\nstate_directory = {tmp_path / 'state'}\n")
    enrol_host(load_settings(path, {}), TOKEN)
    return path


def check(file: Path, now: datetime | None = None, *, connect: bool = False) -> Mapping[str, CheckResult]:
    now = now or datetime.now(UTC)
    place = CheckContext(settings_file=file, environment={}, now=now, connect=connect)
    return {result.name: result for result in check_installation(place)}


def with_line(file: Path, line: str) -> Path:
    file.write_text(f"{file.read_text()}{line}\n")
    return file


def expect(result: CheckResult, verdict: CheckVerdict, message: str) -> None:
    assert result.verdict is verdict
    assert message in result.found
    assert bool(result.advice) is (verdict is not CheckVerdict.OK)


def test_enrolled_host_passes(file: Path, gateway: SimulatedGateway, tmp_path: Path) -> None:
    found = check(with_line(file, f"log_file = {tmp_path / 'log' / 'agent.log'}"), connect=True)
    assert {name: result.verdict for name, result in found.items() if result.verdict is not CheckVerdict.OK} == {
        "agent": CheckVerdict.WARNING
    }
    expect(found["service"], CheckVerdict.OK, gateway.url)


def test_invalid_settings_end_the_check(file: Path) -> None:
    found = check(with_line(file, "colour = green"))
    assert list(found) == ["settings"]
    expect(found["settings"], CheckVerdict.FAILED, "agent.cfg:4")


def test_a_lost_settings_file_is_reported(file: Path) -> None:
    file.rename(file.with_name("agent.cfg.orig"))
    expect(check(file)["settings"], CheckVerdict.WARNING, "agent.cfg.orig is read instead")


def test_a_world_readable_proxy_password_is_reported(file: Path) -> None:
    variables = file.with_name("agent.env")
    variables.write_text("https_proxy=http://a:b@proxy:1\n")
    variables.chmod(0o644)
    expect(check(file)["proxy"], CheckVerdict.WARNING, "everyone may read")
    variables.chmod(0o600)
    expect(check(file)["proxy"], CheckVerdict.OK, "proxy:1, with a password")


def test_a_state_directory_open_to_others_is_reported(file: Path, tmp_path: Path) -> None:
    (tmp_path / "state").chmod(0o755)
    expect(check(file)["state directory"], CheckVerdict.WARNING, "others may look")


def test_shared_state_directory_must_not_become_private(file: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "state").chmod(0o755)
    for name in ("host.key", "enrolment.json"):
        (tmp_path / "state" / name).unlink()
    found = check(file)["state directory"]
    expect(found, CheckVerdict.FAILED, "others may use")
    assert "chmod" not in found.advice


def test_a_state_directory_that_the_installed_service_does_not_use_is_reported(file: Path, tmp_path: Path) -> None:
    def found(service_file: Path, environment: Mapping[str, str]) -> Mapping[str, CheckResult]:
        variables = {"OPENINSPECTOR_AGENT_CONFIG": str(file), **environment}
        place = CheckContext(
            settings_file=None, environment=variables, now=datetime.now(UTC), connect=False, service_file=service_file
        )
        return {result.name: result for result in check_installation(place)}

    expect(found(file, {})["state_directory"], CheckVerdict.FAILED, "the installed service uses /var/lib/openinspector")
    # Neither check concerns the service's own settings.
    assert "state_directory" not in found(tmp_path / "other.cfg", {})
    assert "state_directory" not in found(file, {"OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(tmp_path / "state")})


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make what is another user's")
def test_state_directory_of_another_user_is_not_read(file: Path, tmp_path: Path) -> None:
    os.chown(tmp_path / "state", 65534, 65534)
    found = check(file)
    expect(found["state directory"], CheckVerdict.FAILED, "belongs to another user")
    assert found.keys().isdisjoint({"enrolment", "spool", "agent"})


def test_unenrolled_host_can_check_the_connection(file: Path, tmp_path: Path) -> None:
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    found = check(file, connect=True)
    expect(found["state directory"], CheckVerdict.FAILED, "No such file")
    assert found["service"].verdict is CheckVerdict.OK


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("host.key", None, "no key"),
        ("host.key", b"short", "32 bytes"),
        ("enrolment.json", None, "not enrolled"),
        ("enrolment.json", b"{}", "cannot be read"),
    ],
)
def test_a_broken_enrolment_is_reported_and_not_repaired(
    file: Path, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / "state" / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    expect(check(file)["enrolment"], CheckVerdict.FAILED, message)
    assert (path.read_bytes() if path.exists() else None) == content


def test_another_service_than_the_enrolled_one_is_reported(file: Path) -> None:
    file.write_text(file.read_text().replace("127.0.0.1", "other.example"))
    expect(check(file)["enrolment"], CheckVerdict.FAILED, "but the settings name")


def test_authorities_are_read_and_their_expiry_reported(file: Path, gateway: SimulatedGateway) -> None:
    years = timedelta(days=365 * 200)
    expect(check(file, datetime.now(UTC) + years)["authorities"], CheckVerdict.FAILED, "expired on")
    (end,) = (text for text in check(file)["authorities"].found.split() if text[:2] == "20")
    eve = datetime.fromisoformat(end).replace(tzinfo=UTC) - timedelta(days=1)
    expect(check(file, eve)["authorities"], CheckVerdict.WARNING, "ends on")
    gateway.ca_file.write_text("none")
    expect(check(file)["authorities"], CheckVerdict.FAILED, "cannot be read")


def test_one_expired_authority_in_a_bundle_is_a_warning(file: Path, gateway: SimulatedGateway) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    ended = ended_authority(yesterday)
    gateway.ca_file.write_bytes(ended + gateway.ca_file.read_bytes())
    expect(check(file)["authorities"], CheckVerdict.WARNING, "1 of 2 certificates")
    assert check(file, connect=True)["service"].verdict is CheckVerdict.OK
    gateway.ca_file.write_bytes(ended * 2)
    expect(check(file)["authorities"], CheckVerdict.FAILED, f"the last one expired on {yesterday:%Y-%m-%d}")


def ended_authority(end: datetime) -> bytes:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old root")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(end - timedelta(days=365)).not_valid_after(end)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.sign(key, None).public_bytes(Encoding.PEM)


def test_a_spool_larger_than_the_disk_is_reported(file: Path) -> None:
    found = check(with_line(file, "spool_bytes = 16 GiB"))["spool"]
    assert found.verdict in (CheckVerdict.OK, CheckVerdict.WARNING)
    assert "16384 MiB wanted" in found.found


def test_a_log_that_cannot_be_written_is_reported(file: Path, tmp_path: Path) -> None:
    (tmp_path / "agent.log").symlink_to("elsewhere")
    expect(check(with_line(file, f"log_file = {tmp_path / 'agent.log'}"))["log"], CheckVerdict.FAILED, "cannot be used")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(endpoint="challenge", status=503), "a fault of the simulator"),
        (Fault(endpoint="challenge", body=b"<html>Please log in</html>"), "not as the service does"),
        (Fault(endpoint="challenge"), "closed the connection"),
    ],
)
def test_a_service_with_invalid_replies_is_reported(
    file: Path, gateway: SimulatedGateway, fault: Fault, message: str
) -> None:
    gateway.faults.append(fault)
    expect(check(file, connect=True)["service"], CheckVerdict.FAILED, message)


@pytest.mark.parametrize("off", [timedelta(hours=2), timedelta(hours=-2)])
def test_a_wrong_clock_is_reported(file: Path, off: timedelta) -> None:
    found = check(file, datetime.now(UTC) + off, connect=True)["service"]
    expect(found, CheckVerdict.FAILED, "clock")


def test_service_is_contacted_only_with_connect(file: Path, gateway: SimulatedGateway) -> None:
    before = len(gateway.requests)
    assert "service" not in check(file)
    assert len(gateway.requests) == before
