"""modules.yaml of an rpm repository: the builds of each module (modulemd v2, modulemd-tools).

The file is a stream of YAML documents written by one program, libmodulemd, in one layout. Only four things are read:
the kind of document, the module's name and stream, and the artifacts; each is on a separate line.
"""

import re
from collections.abc import Mapping
from typing import Final

_KEY: Final = re.compile(r"^( *)([a-z_]+): *(.*?) *$")
_ITEM: Final = re.compile(r"^ *- +(\S+) *$")


def modules_by_build(content: bytes) -> Mapping[str, frozenset[str]]:
    """Return the modules (``name:stream``) by ``name-epoch:version-release.arch`` of their artifacts."""
    found: dict[str, set[str]] = {}
    for document in re.split(r"^---.*$", content.decode("utf-8", "replace"), flags=re.MULTILINE):
        if re.search(r"^document: *modulemd(?:-stream-ext)? *$", document, re.MULTILINE):
            module, builds = _module(document)
            for build in builds:
                found.setdefault(build, set()).add(module)
    return {build: frozenset(modules) for build, modules in found.items()}


def _module(document: str) -> tuple[str, list[str]]:
    values: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    builds: list[str] = []
    for line in document.splitlines():
        key = _KEY.match(line)
        if key is not None:
            depth = len(key[1])
            path = [*(place for place in path if place[0] < depth), (depth, key[2])]
            names = [name for _, name in path]
            if names in (["data", "name"], ["data", "stream"]):
                values[key[2]] = key[3].strip("\"'")
            continue
        item = _ITEM.match(line)
        if item is not None and [name for _, name in path] == ["data", "artifacts", "rpms"]:
            builds.append(item[1].strip("\"'"))
    return f"{values.get('name', '')}:{values.get('stream', '')}", builds
