"""apt, dnf, zypper and apk never offered a version older than the installed one: neither may our order say so.

The inventories carry, for every package of seven real hosts, what was installed and what the host's own package manager
offered at the time. That is 3,224 comparisons whose answer another program gave.
"""

import json
import lzma
from pathlib import Path

import pytest

from openinspector.testing.match_builders import version_schemes

SCHEMES = version_schemes()
HOSTS = {
    "alma_9": "rpm",
    "alpine_319": "apk",
    "debian_12": "dpkg",
    "debian_13": "dpkg",
    "rocky_9": "rpm",
    "sles15": "rpm",
    "ubuntu_2404": "dpkg",
}


@pytest.mark.shared
@pytest.mark.parametrize("name", HOSTS)
def test_offered_is_never_older_than_installed(shared: Path, name: str) -> None:
    scheme = SCHEMES[HOSTS[name]]
    packages = json.loads(lzma.decompress((shared / "data" / "inventories" / f"{name}.json.xz").read_bytes()))[
        "packages"
    ]
    pairs = [
        (
            "-".join(filter(None, (found["version"], found["release"]))),
            "-".join(filter(None, (found["newVersion"], found["newRelease"]))),
        )
        for found in packages.values()
        if found["newVersion"]
    ]
    assert len(pairs) >= 18
    assert [pair for pair in pairs if scheme.compare(*pair) > 0] == []
    assert [text for pair in pairs for text in pair if not scheme.is_valid(text)] == []
