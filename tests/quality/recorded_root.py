"""A Debian 12 root folder of shared data, with the verdicts of oscap that ran inside it."""

import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openinspector.testing.fake_host import Node


def read_recorded(folder: Path) -> Any:
    """Return paths, contents, packages and verdicts of the root."""
    return json.loads(lzma.decompress((folder / "debian12-root-facts-and-oscap-verdicts.json.xz").read_bytes()))


def recorded_files(recorded: Mapping[str, Any]) -> dict[str, bytes | str | Node]:
    files: dict[str, bytes | str | Node] = {}
    contents: Mapping[str, str] = recorded["contents"]
    for path, attributes in recorded["paths"].items():
        if attributes is None:
            continue
        mode = int(attributes["mode"], 8)
        if mode >> 12 == 0o12:  # a link, whose target is not recorded
            continue
        files[path] = Node(
            content=contents.get(path, "").encode(),
            mode=mode & 0o7777,
            uid=int(attributes["uid"]),
            gid=int(attributes["gid"]),
            is_directory=mode >> 12 == 0o4,
        )
    for path, content in contents.items():
        files.setdefault(path, content)
    files["/etc/os-release"] = "ID=debian\nVERSION_ID=12\n"
    files["/etc/debian_version"] = "12.15\n"
    files["/var/lib/dpkg/status"] = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n\n"
        for name, version in recorded["packages"].items()
    )
    return files
