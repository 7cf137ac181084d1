"""The host's rpm repositories: ``/etc/yum.repos.d`` (dnf.conf(5), "Repo options") and ``/etc/zypp/repos.d``."""

import configparser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openinspector.feed import Source
from openinspector.feeds.updateinfo import MIRRORS, signed
from openinspector.formats.repomd import repomd_roots

FOLDERS: Final = (Path("/etc/yum.repos.d"), Path("/etc/zypp/repos.d"), Path("/etc/distro.repos.d"))
VARIABLES: Final = (Path("/etc/dnf/vars"), Path("/etc/yum/vars"))
_NAME: Final = re.compile(r"[A-Za-z0-9_]+")
_MAX_BYTES: Final = 1024 * 1024
_VARIABLE: Final = re.compile(r"\\?\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")
_TRUE: Final = frozenset({"1", "yes", "true", "on"})
_FALSE: Final = frozenset({"0", "no", "false", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RpmRepo:
    """One enabled repository and its configured addresses."""

    id: str
    base_urls: tuple[str, ...] = ()
    mirror_list: str = ""
    """A URL that answers with base URLs, one a line (``mirrorlist``), or with a Metalink document."""
    keyrings: tuple[str, ...] = ()
    """Paths of the keys that its index has to be signed with (``repo_gpgcheck``, ``gpgkey``)."""


def read_repos(variables: Mapping[str, str], folders: tuple[Path, ...] = FOLDERS) -> tuple[RpmRepo, ...]:
    """Return the enabled repositories, variables such as ``$releasever`` filled in; unreadable files are skipped.

    A repository whose address has an unknown variable cannot be fetched and is omitted.
    """
    found: dict[str, RpmRepo] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.repo")):
            found |= {repo.id: repo for repo in parse_repos(_text(path), variables)}
    return tuple(found.values())


def parse_repos(text: str, variables: Mapping[str, str]) -> Iterator[RpmRepo]:
    """Yield the enabled repositories of a ``.repo`` file; a malformed file has none."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for name in parser.sections():
        values = parser[name]
        if (values.get("enabled") or "1").strip().lower() in _FALSE:
            continue
        addresses = (values.get("baseurl") or "").replace(",", " ").split()
        bases = tuple(url for url in (_filled(address, variables) for address in addresses) if url)
        mirrors = _filled((values.get("mirrorlist") or values.get("metalink") or "").strip(), variables)
        if bases or mirrors:
            keyrings = tuple(_keyrings(values.get("repo_gpgcheck") or "0", values.get("gpgkey") or "", variables))
            yield RpmRepo(id=name, base_urls=bases, mirror_list=mirrors, keyrings=keyrings)


def repo_roots(repos: tuple[RpmRepo, ...]) -> tuple[Source, ...]:
    """Return the index of each repository, or the list of mirrors of one that names no base URL."""
    named = [
        signed(source, repo.keyrings)
        for repo in repos
        if repo.base_urls
        for source in repomd_roots([(repo.id, repo.base_urls[0])])
    ]
    listed = (
        Source(
            name=f"{repo.id}/{MIRRORS}",
            url=repo.mirror_list,
            max_bytes=_MAX_BYTES,
            keyrings=repo.keyrings,
            optional=True,
        )
        for repo in repos
        if not repo.base_urls
    )
    return (*named, *listed)


def read_variables(folders: tuple[Path, ...] = VARIABLES) -> Mapping[str, str]:
    """Return the variables that a host defines in files, named as they are (dnf.conf(5), "Repo variables")."""
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.glob("*")):
            value = _text(path).partition("\n")[0].strip() if path.is_file() else ""
            if value and _NAME.fullmatch(path.name):
                found.setdefault(path.name, value)
    return found


def _keyrings(checked: str, keys: str, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths of a repository's keys, where its index has to be signed."""
    if checked.strip().lower() not in _TRUE:
        return
    for key in keys.replace(",", " ").split():
        path = _filled(key, variables)
        if path.startswith("file:///"):
            yield path.removeprefix("file://")


def _filled(address: str, variables: Mapping[str, str]) -> str:
    """Return an address with its variables filled in; empty if one is unknown."""
    names = [first or second for first, second in _VARIABLE.findall(address)]
    if any(name not in variables for name in names):
        return ""
    return _VARIABLE.sub(lambda found: variables[found[1] or found[2]], address)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
