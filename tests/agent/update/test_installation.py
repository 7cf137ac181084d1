from pathlib import Path

import pytest
from tests.agent.update.installed_host import InstalledHost

from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.update.installation import VERSION_FOLDER, find_installation, read_release
from openinspector.testing.simulated_releases import release


def test_version_resolves_its_folder_through_its_link(installed: InstalledHost) -> None:
    found = find_installation({VERSION_FOLDER: str(installed.root / "stable")})
    assert (found.root, found.own) == (installed.root, release("1.0", 1))
    assert found.slot("stable") == "1.0"
    assert found.slot("experiment") is None


@pytest.mark.parametrize("spoil", ["absent", "elsewhere", "renamed", "garbage"])
def test_an_agent_that_is_not_installed_in_slots_updates_nothing(installed: InstalledHost, spoil: str) -> None:
    folder = installed.root / "versions" / "1.0"
    if spoil == "absent":
        (folder / "release.json").unlink()
    elif spoil == "elsewhere":
        folder = folder.rename(installed.root / "1.0")
    elif spoil == "renamed":
        folder = folder.rename(folder.with_name("2.0"))
    else:
        (folder / "release.json").write_text('{"version": "../1.0"}')
    with pytest.raises(UpdateError) as refused:
        find_installation({VERSION_FOLDER: str(folder)})
    assert refused.value.code is UpdateCode.UPDATE_DISABLED


@pytest.mark.parametrize("target", ["/etc", "versions/../..", "versions/a/b", "versions/", "elsewhere/1.0"])
def test_link_out_of_versions_is_ignored(installed: InstalledHost, target: str) -> None:
    (installed.root / "experiment").symlink_to(target)
    assert installed.host.installation.slot("experiment") is None


def test_slot_switch_overwrites_leftovers_of_a_crash(installed: InstalledHost) -> None:
    installed.install("2.0", 2, slot="experiment")
    (installed.root / ".stable.partial").symlink_to("versions/9.0")
    installation = installed.host.installation
    installation.point("stable", "2.0")
    assert installation.slot("stable") == "2.0"
    assert not (installed.root / ".stable.partial").is_symlink()


def test_keeps_only_stable_and_previous_version(installed: InstalledHost) -> None:
    for number in (2, 3, 4):
        installed.install(f"{number}.0", number, slot=f"slot{number}")
    installation = installed.host.installation
    installation.point("stable", "3.0")
    (installed.root / "versions" / "9.0.partial").mkdir()
    installed.host.installation.tidy(0)
    assert kept(installed) == ["2.0", "3.0"]


def test_no_rollback_below_the_minimum_release(installed: InstalledHost) -> None:
    installed.install("2.0", 2, slot="two")
    installed.host.installation.point("stable", "2.0")
    installation = installed.host.installation
    assert installation.way_back(1) == release("1.0", 1)
    assert installation.way_back(2) is None
    installation.tidy(2)
    assert kept(installed) == ["2.0"]


def test_version_is_installed_atomically(installed: InstalledHost) -> None:
    def breaks(folder: Path) -> None:
        (folder / "half").write_text("")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        installed.host.installation.install(release("2.0", 2), breaks)
    with pytest.raises(UpdateError, match="not what was signed"):
        installed.host.installation.install(release("2.0", 2), lambda _: None)
    assert kept(installed) == ["1.0"]
    assert read_release(installed.root / "versions" / "1.0") == release("1.0", 1)


def kept(host: InstalledHost) -> list[str]:
    return sorted(path.name for path in (host.root / "versions").iterdir())
