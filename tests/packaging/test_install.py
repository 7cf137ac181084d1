"""The installer as an administrator runs it, on a host of its own, against real signatures, dpkg, rpm and TLS."""

import hashlib
import re
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.packaging.conftest import ROOT, SignedRelease
from tests.packaging.scratch_host import ScratchHost, needs

from openinspector.testing.document_server import DocumentServer
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.testing.throwaway_authority import ThrowawayAuthority

RELEASE = "/tmp/release"
CODES = dict(
    line.split()
    for line in re.findall(
        r"^result_codes='(.*?)'", (ROOT / "packaging" / "install").read_text(), re.MULTILINE | re.DOTALL
    )[0].split("\n")
)


class Installer:
    """The signed installer, and its release in a folder on the host."""

    def __init__(self, host: ScratchHost, release: SignedRelease) -> None:
        self.host = host
        for path in release.folder.iterdir():
            if path.is_file() and not path.name.endswith(".tar.gz"):
                host.write(f"{RELEASE}/{path.name}", path.read_bytes())

    def __call__(self, *options: str, given: str = "", source: tuple[str, ...] = ("--package", RELEASE)) -> str:
        """Run it; return its result code, whose exit status must be the code's own."""
        done = self.host.run("sh", f"{RELEASE}/install", *source, *options, given=given)
        code = done.stdout.splitlines()[-1]
        assert str(done.returncode) == CODES[code], done.stdout + done.stderr
        self.messages = done.stderr
        return code


@pytest.fixture
def installer(host: ScratchHost, release: SignedRelease) -> Installer:
    return Installer(host, release)


def is_installed(host: ScratchHost) -> bool:
    return any(name.startswith("opt/openinspector-agent") for name in host.changed())


def fingerprint(ca: Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ca.read_text())).hexdigest()


def test_each_code_has_a_distinct_exit_status() -> None:
    assert CODES["SUCCESS"] == "0"
    assert len(set(CODES.values())) == len(CODES) > 15
    text = (ROOT / "packaging" / "install").read_text()
    assert set(re.findall(r"\bend ([A-Z_]+)", text)) | {"INTERNAL_ERROR"} == set(CODES)
    described = (ROOT / "docs" / "howto" / "install-the-agent.md").read_text()
    assert {code for code, status in CODES.items() if f"| `{code}` | {status} |" in described} == set(CODES)


def test_one_call_installs_enrols_and_starts_and_another_changes_nothing(
    installer: Installer, gateway: SimulatedGateway
) -> None:
    host = installer.host
    host.write("/tmp/authority.pem", gateway.ca_file.read_bytes())
    authority = ("--ca", "/tmp/authority.pem", "--ca-pin", f"sha256:{fingerprint(gateway.ca_file)}")
    options = ("--endpoint", gateway.url, *authority, "--token-file", "-", "-u", "false")
    assert installer(*options, given=TOKEN + "\n") == "SUCCESS"
    gateway.wait_for(lambda: gateway.heartbeats)
    settings = host.must("cat", "/etc/openinspector/agent.cfg")
    assert f"endpoint = {gateway.url}\n" in settings
    assert "auto_update = false\n" in settings
    assert "ca_file = /etc/openinspector/ca.pem\n" in settings
    assert "auto_update = false\nruntime = python3\n" in host.must("cat", "/etc/openinspector/install.cfg")
    assert len(gateway.agents) == 1
    assert TOKEN not in str(host.changed())
    host.must("/etc/init.d/openinspector-agent", "stop")
    before, agents = host.changed(), dict(gateway.agents)
    # The token is used up by now: it is not even looked at.
    assert installer(*options, given="used-up\n") == "SUCCESS"
    assert host.changed() == before
    assert gateway.agents == agents
    # Nor does it start what was stopped on purpose; and what it chose is remembered.
    assert host.run("/etc/init.d/openinspector-agent", "status").returncode == 3
    assert installer() == "SUCCESS"
    assert host.changed() == before


def test_install_and_purge_leave_no_trace(installer: Installer) -> None:
    host = installer.host
    assert installer() == "SUCCESS"
    host.must("openinspector-agent", "uninstall", "--purge", "--yes")
    assert host.changed() == {}
    assert host.must("sh", "-c", "ls /tmp") == "release\n"


def alter(path: str, text: str) -> Callable[[ScratchHost], None]:
    return lambda host: host.write(f"{RELEASE}/{path}", text)


def append(pattern: str) -> Callable[[ScratchHost], None]:
    return lambda host: _append(host, pattern)


def _append(host: ScratchHost, pattern: str) -> None:
    host.must("sh", "-c", f'for file in {RELEASE}/{pattern}; do printf x >>"$file"; done')


def remove(pattern: str) -> Callable[[ScratchHost], None]:
    return lambda host: _remove(host, pattern)


def _remove(host: ScratchHost, pattern: str) -> None:
    host.must("sh", "-c", f"rm {RELEASE}/{pattern}")


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        pytest.param(append("SHA256SUMS"), "SIGNATURE_MISMATCH", id="altered sums"),
        pytest.param(append("*.deb"), "HASH_MISMATCH", id="altered package"),
        pytest.param(alter("SHA256SUMS.sig", ""), "SIGNATURE_MISMATCH", id="empty signature"),
        pytest.param(alter("SHA256SUMS.sig", "garbage"), "SIGNATURE_MISMATCH", id="no signature"),
        pytest.param(remove("SHA256SUMS.sig"), "FILE_DOWNLOAD_ERROR", id="missing signature"),
        pytest.param(remove("*.deb"), "FILE_DOWNLOAD_ERROR", id="missing package"),
    ],
)
def test_tampered_release_is_not_installed(
    installer: Installer, attack: Callable[[ScratchHost], None], code: str
) -> None:
    attack(installer.host)
    assert installer() == code
    assert not is_installed(installer.host)


def test_signature_of_a_bundled_key_is_refused(installer: Installer, release: SignedRelease, tmp_path: Path) -> None:
    """The weakness of the original (F1.67)."""
    public = signed_by_a_stranger(installer.host, release, tmp_path)
    assert installer() == "SIGNATURE_MISMATCH"
    assert not is_installed(installer.host)
    # Only who says so trusts it.
    assert installer("--key", public) == "SUCCESS"


def signed_by_a_stranger(host: ScratchHost, release: SignedRelease, tmp_path: Path) -> str:
    """Sign the release on the host with another key. Returns the path of its public key there."""
    environment = {"GNUPGHOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    run: list[str | Path] = ["gpg", "--batch", "--no-tty", "--passphrase", ""]
    make = [*run, "--quick-generate-key", "stranger", "rsa2048", "sign", "never"]
    subprocess.run(make, env=environment, capture_output=True, check=True)
    signed = [*run, "--armor", "--detach-sign", "--output", "-", release.folder / "SHA256SUMS"]
    forged = subprocess.run(signed, env=environment, capture_output=True, check=True).stdout
    public = subprocess.run([*run, "--armor", "--export"], env=environment, capture_output=True, check=True).stdout
    subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)
    host.write(f"{RELEASE}/SHA256SUMS.sig", forged)
    host.write(f"{RELEASE}/openinspector.gpg", public)
    return f"{RELEASE}/openinspector.gpg"


def test_script_without_a_key_refuses_every_release(installer: Installer) -> None:
    installer.host.write(f"{RELEASE}/install", (ROOT / "packaging" / "install").read_bytes())
    assert installer() == "MISSING_TRUSTED_KEY"


def test_truncated_script_does_nothing(installer: Installer) -> None:
    host = installer.host
    host.must("sh", "-c", f"head -n -1 {RELEASE}/install >{RELEASE}/half")
    assert host.must("sh", f"{RELEASE}/half", "--package", RELEASE) == ""
    assert host.changed() == {}


def test_only_root_installs(installer: Installer) -> None:
    host = installer.host
    host.must("chmod", "-R", "a+rX", RELEASE)
    done = host.run("chroot", "--userspec=nobody", "/", "sh", f"{RELEASE}/install", "--package", RELEASE)
    assert (done.stdout, str(done.returncode)) == ("NOT_ROOT\n", CODES["NOT_ROOT"])


@pytest.mark.parametrize(
    ("os_release", "code", "word"),
    [
        ("ID=alpine\n", "MISSING_AGENT_PLATFORM", "alpine"),
        ("", "MISSING_AGENT_PLATFORM", "no package"),
        ("ID=debian\nVERSION=$(touch /tmp/run)\n", "SUCCESS", ""),
    ],
)
def test_platform_comes_from_os_release(installer: Installer, os_release: str, code: str, word: str) -> None:
    host = installer.host
    host.must("rm", "/etc/os-release")
    host.write("/etc/os-release", os_release)
    assert installer() == code
    assert word in installer.messages
    assert is_installed(host) == (code == "SUCCESS")
    assert host.run("test", "-e", "/tmp/run").returncode == 1


def test_a_missing_package_manager_and_a_missing_verifier_are_named(installer: Installer) -> None:
    installer.host.must("rm", "-f", "/usr/bin/gpgv", "/usr/bin/sqv", "/usr/bin/gpg")
    assert installer() == "MISSING_TOOL"
    assert "gpgv, sqv or gpg is needed" in installer.messages
    installer.host.must("rm", "/usr/bin/dpkg")
    assert installer() == "MISSING_PACKAGE_MANAGER"


def leave_one_verifier(host: ScratchHost, kept: str) -> None:
    for path in host.run("sh", "-c", "ls /usr/bin/gpgv /usr/bin/sqv /usr/bin/gpg 2>/dev/null").stdout.split():
        if path != f"/usr/bin/{kept}":
            host.must("rm", path)


@pytest.mark.parametrize("verifier", ["gpg", "sqv"])
def test_host_without_gpgv_uses_another_verifier(installer: Installer, verifier: str) -> None:
    if installer.host.run("which", verifier).returncode != 0:
        pytest.skip(f"needs {verifier}")
    leave_one_verifier(installer.host, verifier)
    append("SHA256SUMS")(installer.host)
    assert installer() == "SIGNATURE_MISMATCH"
    installer.host.must("sed", "-i", "s/x$//", f"{RELEASE}/SHA256SUMS")
    assert installer() == "SUCCESS", installer.messages


def test_gpg_accepts_a_signature_of_the_trusted_key_only(
    installer: Installer, release: SignedRelease, tmp_path: Path
) -> None:
    leave_one_verifier(installer.host, "gpg")
    stranger = signed_by_a_stranger(installer.host, release, tmp_path)
    installer.host.must("gpg", "--batch", "--import", stranger)
    assert installer() == "SIGNATURE_MISMATCH"


def test_reinstalled_agent_runs_again(installer: Installer, gateway: SimulatedGateway) -> None:
    host = installer.host
    host.write("/tmp/authority.pem", gateway.ca_file.read_bytes())
    options = ("--endpoint", gateway.url, "--ca", "/tmp/authority.pem")
    assert installer(*options, "--token-file", "-", given=TOKEN + "\n") == "SUCCESS"
    gateway.wait_for(lambda: gateway.heartbeats)
    host.must("openinspector-agent", "uninstall", "--yes")
    assert host.run("sh", "-c", "ls /etc/rc?.d/S??openinspector-agent").stdout == ""
    gateway.heartbeats.clear()
    assert installer(*options) == "SUCCESS"
    gateway.wait_for(lambda: gateway.heartbeats)
    assert host.must("/etc/init.d/openinspector-agent", "status").startswith("openinspector-agent: running")
    assert host.must("sh", "-c", "ls /etc/rc?.d/S??openinspector-agent") != ""
    assert len(gateway.agents) == 1
    host.must("openinspector-agent", "uninstall", "--yes", "--purge")


HOLD_LOCK = """
import fcntl, sys, time
lock = open("/var/lib/dpkg/lock-frontend", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(float(sys.argv[1]))
"""


def hold_dpkg_lock(host: ScratchHost, seconds: float) -> None:
    """Hold dpkg's lock as apt does, in the background."""
    host.write("/tmp/hold.py", HOLD_LOCK)
    script = f"python3 /tmp/hold.py {seconds} >/tmp/held 2>&1 & until grep -q held /tmp/held; do sleep 0.1; done"
    host.must("sh", "-c", script)


def test_a_held_dpkg_lock_is_waited_for(installer: Installer) -> None:
    hold_dpkg_lock(installer.host, 3)
    assert installer() == "SUCCESS"
    assert "waiting up to 300 s for another program that uses dpkg" in installer.messages
    hold_dpkg_lock(installer.host, 3)
    done = installer.host.must("openinspector-agent", "uninstall", "--yes", "--purge")
    assert "waiting up to 300 s" in done


def test_a_dpkg_lock_that_is_never_released_ends_the_installation(installer: Installer) -> None:
    hold_dpkg_lock(installer.host, 60)
    installer.host.must("sed", "-i", "s/^lock_seconds=300$/lock_seconds=2/", f"{RELEASE}/install")
    assert installer() == "PACKAGE_INSTALLATION_ERROR"
    assert "locked by another process" in installer.messages


def test_a_host_without_python_needs_the_standalone_build(installer: Installer) -> None:
    for path in installer.host.must("sh", "-c", "ls /usr/bin/python3*").split():
        installer.host.must("rm", path)
    assert installer() == "MISSING_AGENT_PLATFORM"
    assert "no standalone .deb" in installer.messages


def test_old_glibc_is_reported_before_unpacking(installer: Installer) -> None:
    installer.host.write("/usr/local/sbin/getconf", "#!/bin/sh\necho glibc 2.12\n")
    installer.host.must("chmod", "+x", "/usr/local/sbin/getconf")
    assert installer() == "MISSING_AGENT_PLATFORM"
    assert "needs glibc 2.17, this host has 2.12" in installer.messages
    assert not is_installed(installer.host)


def test_an_rpm_host_gets_the_rpm(installer: Installer, tmp_path: Path) -> None:
    host = installer.host
    host.must("rm", "/etc/os-release")
    host.write("/etc/os-release", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n')
    assert installer() == "PACKAGE_INSTALLATION_ERROR"
    assert "libc.so.6" in installer.messages
    # The machine's C library and Python are .deb packages; an empty RPM declares them to rpm.
    spec = (
        "Name: here\nVersion: 1\nRelease: 1\nSummary: s\nLicense: none\nBuildArch: noarch\n"
        "Provides: libc.so.6(GLIBC_2.17)(64bit)\nProvides: python3 = 3.11\nProvides: /bin/sh\n%description\nd\n%files\n"
    )
    (tmp_path / "here.spec").write_text(spec)
    subprocess.run(
        ["rpmbuild", "-bb", "--define", f"_topdir {tmp_path}", tmp_path / "here.spec"], capture_output=True, check=True
    )
    host.write("/tmp/here.rpm", next(tmp_path.rglob("*.rpm")).read_bytes())
    host.must("rpm", "--install", "/tmp/here.rpm")
    assert installer() == "SUCCESS"
    assert host.must("rpm", "-q", "--queryformat", "%{NAME}", "openinspector-agent") == "openinspector-agent"
    before = host.changed()
    assert installer() == "SUCCESS"
    assert host.changed() == before


@pytest.mark.parametrize(
    "options",
    [
        ("--nonsense", "x"),
        ("--url",),
        ("nonsense",),
        ("-u", "maybe"),
        ("--endpoint", "http://plain"),
        ("--endpoint", "https://host/path"),
        ("--endpoint", "https://host\nca_file = /x"),
        ("--proxy", "nonsense"),
        ("--proxy", "host:1\nx=y"),
        ("--proxy", "host:0"),
        ("--proxy", "host:65536"),
        ("--proxy", "::1:3128"),
        *(("--proxy", f"http://u:p{character}1@host:3128") for character in "$!'\" `\\#~?ä"),
        ("--ca-pin", "sha256:12"),
        ("--ca-pin", "sha256:" + "0" * 64),
        ("--ca", "/nowhere"),
        ("--token", "a", "--token-file", "-"),
        ("--url", "https://example.invalid"),
        ("--runtime", "python2"),
        ("--token", "word"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_named(installer: Installer, options: tuple[str, ...]) -> None:
    assert installer(*options) == "WRONG_USAGE"
    assert installer.messages.startswith("install: ")


def test_a_state_directory_that_the_service_does_not_know_is_refused(installer: Installer) -> None:
    installer.host.write("/etc/openinspector/agent.cfg", "state_directory = /srv/elsewhere\n")
    assert installer() == "WRONG_USAGE"
    assert "names state_directory /srv/elsewhere, but the service uses" in installer.messages
    assert not is_installed(installer.host)
    installer.host.write("/etc/openinspector/agent.cfg", "state_directory = /var/lib/openinspector-agent/\n")
    assert installer() == "SUCCESS"


def test_an_authority_that_is_not_the_pinned_one_is_refused(installer: Installer, tmp_path: Path) -> None:
    real, other = (ThrowawayAuthority(tmp_path, name).ca_file for name in ("real", "other"))
    both = other.read_bytes() + real.read_bytes()
    for content in (other.read_bytes(), both, b"no certificate"):
        installer.host.write("/tmp/ca.pem", content)
        assert installer("--ca", "/tmp/ca.pem", "--ca-pin", f"sha256:{fingerprint(real)}") == "CA_PIN_MISMATCH"
    assert not is_installed(installer.host)
    installer.host.write("/tmp/ca.pem", real.read_bytes())
    pin = ":".join(re.findall("..", fingerprint(real).upper()))
    assert installer("--ca", "/tmp/ca.pem", "--ca-pin", f"sha256:{pin}") == "SUCCESS"


def test_a_token_that_is_refused_is_an_enrolment_error(installer: Installer, gateway: SimulatedGateway) -> None:
    installer.host.write("/tmp/authority.pem", gateway.ca_file.read_bytes())
    options = ("--endpoint", gateway.url, "--ca", "/tmp/authority.pem", "--token", "a-token-nobody-made-01")
    assert installer(*options) == "ENROLMENT_ERROR"
    assert "enrolment-refused" in installer.messages


def test_the_proxy_is_written_for_agent_and_updater_and_metadata_stay_direct(installer: Installer) -> None:
    assert installer("--proxy", "proxy.example.invalid:3128") == "SUCCESS"
    assert installer.host.must("cat", "/etc/openinspector/agent.env") == (
        "https_proxy=proxy.example.invalid:3128\nhttp_proxy=proxy.example.invalid:3128\nno_proxy=169.254.169.254\n"
    )


@pytest.mark.parametrize(
    "last", ["log_level = info", "# a comment", "log_level = info\nendpoint = https://old.example"]
)
def test_settings_without_a_final_newline_are_kept(installer: Installer, last: str) -> None:
    installer.host.write("/etc/openinspector/agent.cfg", f"log_files = 3\n{last}")
    assert installer("--endpoint", "https://host.example", "-u", "false") == "SUCCESS"
    kept = last.partition("\nendpoint")[0]
    assert installer.host.must("cat", "/etc/openinspector/agent.cfg") == (
        f"log_files = 3\n{kept}\nendpoint = https://host.example\nauto_update = false\n"
    )


def test_accepted_proxy_is_readable_by_the_agent(installer: Installer) -> None:
    assert installer("--proxy", "http://u%24er:p%21%7E=+,^*w@proxy.example.invalid:3128/") == "SUCCESS"
    assert "u%24er" in installer.host.must("cat", "/etc/openinspector/agent.env")
    assert "proxy.example.invalid:3128, with a password" in installer.host.run("openinspector-agent", "check").stdout


def test_an_agent_in_a_run_is_not_replaced_and_an_older_version_not_installed(installer: Installer) -> None:
    host = installer.host
    host.write("/opt/openinspector-agent/stable/openinspector-agent", "#!/bin/sh\necho 'Collecting    : true'\n")
    host.must("chmod", "+x", "/opt/openinspector-agent/stable/openinspector-agent")
    assert installer() == "AGENT_RUNNING_ASSESSMENT"
    host.must("rm", "-r", "/opt/openinspector-agent")
    assert installer() == "SUCCESS"
    host.must(
        "sed", "-i", "/^Package: openinspector-agent$/,/^$/s/^Version: .*/Version: 900.0.0/", "/var/lib/dpkg/status"
    )
    assert installer() == "NEWER_VERSION_INSTALLED"


def test_one_at_a_time(installer: Installer) -> None:
    command = f"exec 8>/run/openinspector-install.lock; flock 8; sh {RELEASE}/install --package {RELEASE} 8>&-"
    assert installer.host.run("sh", "-c", command).stdout == "ALREADY_INSTALLING\n"


@pytest.mark.parametrize("client", ["curl", "wget"])
def test_fetches_only_over_verified_tls(
    installer: Installer, release: SignedRelease, tmp_path: Path, client: str
) -> None:
    needs(client)
    host = installer.host
    authority = ThrowawayAuthority(tmp_path)
    host.write("/tmp/authority.pem", authority.ca_file.read_bytes())
    if client == "wget":
        host.must("rm", "/usr/bin/curl")
    with DocumentServer(release.folder, authority.server_context()) as server:
        url = server.url.rstrip("/")
        assert installer(source=("--url", f"{url}/")) == "FILE_DOWNLOAD_ERROR"
        assert not is_installed(host)
        served = ("--url", f"{url}/", "--endpoint", url, "--ca", "/tmp/authority.pem")
        assert installer(source=served) == "SUCCESS"
    assert f"url = {url}\n" in host.must("cat", "/etc/openinspector/install.cfg")
