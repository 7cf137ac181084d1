"""setup.exe: silent installation, upgrade over itself, its options, removal, and its signature."""

import shutil
from pathlib import Path

import pytest
from scripts.packages.tree import BuildError
from scripts.windows.installer import build_setup, sign_setup, throwaway_signer, verify_setup
from scripts.windows.wine import WinePrefix, windows_path

KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\openinspector-agent"
UPDATER = KEY + "-updater"
PROXY = r"HKLM\SOFTWARE\openinspector\Agent Updater"
PROGRAM = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\openinspector-agent"


@pytest.fixture(scope="module")
def setups(agent_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("makensis") is None:
        pytest.skip("not installed: nsis (make windows)")
    folder = tmp_path_factory.mktemp("setup")
    small = folder / "small"
    # The upgrade is the same agent under another version.
    shutil.copytree(
        agent_folder, small, ignore=shutil.ignore_patterns("hypothesis*", "pygments*", "*.lib", "pythonwin")
    )
    return tuple(
        build_setup(small, folder / f"setup-{version}.exe", version, compress=False) for version in ("0.1.0", "0.1.1")
    )  # type: ignore[return-value]  # two


def value(windows: WinePrefix, key: str, name: str) -> str:
    """Return a value of the registry; empty if it is absent."""
    lines = windows.run("reg", "query", key, "/v", name, check=False).stdout.splitlines()
    return next((line.split("REG_")[1].partition("    ")[2].strip() for line in lines if "REG_" in line), "")


def test_install_upgrade_and_uninstall(windows: WinePrefix, setups: tuple[Path, Path]) -> None:
    installed = windows.drive / "Program Files" / "openinspector" / "Agent"
    data = windows.drive / "ProgramData" / "openinspector" / "Agent"

    windows.run(windows_path(setups[0]), "/S", "AUTOUPDATE=No")
    assert (installed / "versions" / "0.1.0" / "python.exe").is_file()
    assert value(windows, PROGRAM, "DisplayVersion") == "0.1.0"
    assert r"\versions\0.1.0\python.exe" in value(windows, KEY, "ImagePath")
    assert " -I -B -m " in value(windows, KEY, "ImagePath")
    assert value(windows, KEY, "Start") == "0x2"
    assert value(windows, UPDATER, "Start") == "0x3"
    assert value(windows, PROXY, "UseProxy") == ""
    (data / "agent.cfg").write_text("endpoint = https://inspector.example\n")

    windows.run(windows_path(setups[1]), "/S", "USEPROXY=1")
    assert [path.name for path in (installed / "versions").iterdir()] == ["0.1.1"]
    assert r"\versions\0.1.1\python.exe" in value(windows, KEY, "ImagePath")
    assert value(windows, UPDATER, "Start") == "0x2"
    assert value(windows, PROXY, "UseProxy") == "0x1"
    assert (data / "agent.cfg").read_text() == "endpoint = https://inspector.example\n"

    # The status program asks the version that the service runs; this agent has not been started with a service.
    status = windows.run(windows_path(installed / "openinspector-agent-status.exe"), check=False)
    assert status.returncode == 1
    assert "Agent version : " in status.stdout or "status" in status.stderr, (status.stdout, status.stderr)

    windows.run(windows_path(installed / "uninstall.exe"), "/S", f"_?={windows_path(installed)}")
    assert not (installed / "versions").exists()
    assert not data.exists()
    for key, name in ((PROGRAM, "DisplayName"), (KEY, "ImagePath"), (UPDATER, "ImagePath"), (PROXY, "UseProxy")):
        assert value(windows, key, name) == ""


def test_a_flipped_byte_is_refused(setups: tuple[Path, Path], tmp_path: Path) -> None:
    if shutil.which("osslsigncode") is None:
        pytest.skip("not installed: osslsigncode (make windows)")
    signer = throwaway_signer(tmp_path)
    setup = tmp_path / "setup.exe"
    shutil.copy(setups[0], setup)
    with pytest.raises(BuildError):
        verify_setup(setup, signer.certificate)
    sign_setup(setup, signer)
    verify_setup(setup, signer.certificate)
    content = bytearray(setup.read_bytes())
    content[len(content) // 2] ^= 1
    setup.write_bytes(content)
    with pytest.raises(BuildError):
        verify_setup(setup, signer.certificate)
