"""The sensors over a real host's inventory: written down in the forms Windows has, read back, compared."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from openinspector.agent.registry import sensors
from openinspector.agent.sensors.windows_software import MACHINE
from openinspector.agent.windows.users import USERS
from openinspector.agent.windows.version import CURRENT_VERSION
from openinspector.model.windows import WindowsHotfix, WindowsProgram
from openinspector.testing.conformance.sensor import run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import SERVER_2022, Keys, recorded_windows

pytestmark = pytest.mark.shared


@pytest.fixture
def inventory(shared: Path) -> Any:
    file = shared / "data" / "inventories" / "windows_server_2022.json.xz"
    return json.loads(lzma.decompress(file.read_bytes()))


@pytest.fixture
def host(inventory: Any) -> FakeHost:
    *_, build, revision = inventory["runningKernel"]["version"].split(".")
    programs: Keys = {
        rf"{MACHINE}\{name}": {
            "DisplayName": name,
            "DisplayVersion": package["version"],
            "Publisher": package.get("vendor", ""),
        }
        for name, package in inventory["packages"].items()
    }
    version = {**SERVER_2022[CURRENT_VERSION], "CurrentBuildNumber": build, "UBR": int(revision)}
    updates = "Node,HotFixID\n" + "".join(f"WIN,KB{number}\n" for number in inventory["windowsKB"]["applied"])
    # The last of the exports has the last word.
    files = recorded_windows({USERS: {}, **programs}, {"hotfixes.csv": updates.encode("utf-16")})
    late = recorded_windows({CURRENT_VERSION: version})
    return FakeHost({**files, **{path.replace("more", "zz"): content for path, content in late.items()}})


def test_the_running_revision_is_the_inventorys(host: FakeHost, inventory: Any) -> None:
    (system,), _ = run(sensors()["windows_os"], host)
    assert getattr(system, "kernel_version", "") == inventory["runningKernel"]["version"]


def test_programs_and_updates_are_the_inventorys(host: FakeHost, inventory: Any) -> None:
    programs, _ = run(sensors()["windows_software"], host)
    found = {record.name: record.version for record in programs if isinstance(record, WindowsProgram)}
    assert found == {name: package["version"] for name, package in inventory["packages"].items()}
    updates, _ = run(sensors()["windows_hotfixes"], host)
    kbs = [record.kb for record in updates if isinstance(record, WindowsHotfix)]
    assert sorted(kbs) == sorted(f"KB{number}" for number in inventory["windowsKB"]["applied"])
    assert len(kbs) > 50
