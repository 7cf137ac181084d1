"""The host's apt sources: ``sources.list`` and ``sources.list.d`` in both formats of sources.list(5)."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

APT_FOLDER: Final = Path("/etc/apt")
_MAX_BYTES: Final = 1024 * 1024
_ONE_LINE: Final = re.compile(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)\s*(?:#.*)?")
_OPTION: Final = re.compile(r"([a-z-]+)=(\S+)")
_SECURITY: Final = re.compile(r"[a-z]+(?:-security|/updates)")
_ARMOUR: Final = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class AptSource:
    """One suite of one archive that apt installs binary packages from."""

    uri: str
    suite: str
    components: tuple[str, ...] = ("main",)
    signed_by: tuple[str, ...] = ()
    """Paths of keyrings, or one armoured key; empty: the keys apt trusts for every archive."""


def read_sources(folder: Path = APT_FOLDER) -> tuple[AptSource, ...]:
    """Return the sources apt would read in ``folder``; unreadable files are ignored."""
    names = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found: list[AptSource] = []
    for path in names:
        text = _text(path)
        found += parse_deb822(text) if path.suffix == ".sources" else ()
        found += parse_one_line(text) if path.suffix == ".list" else ()
    return tuple(dict.fromkeys(found))


def parse_one_line(text: str) -> Iterator[AptSource]:
    """Yield the ``deb`` lines of a ``.list`` file."""
    for line in text.splitlines():
        matched = _ONE_LINE.fullmatch(line.strip())
        if matched is None or matched[3].endswith("/"):  # a suite with this ending is a path without components
            continue
        options = dict(_OPTION.findall(matched[1] or ""))
        signed = tuple(options["signed-by"].split(",")) if "signed-by" in options else ()
        yield AptSource(uri=matched[2], suite=matched[3], components=tuple(matched[4].split()), signed_by=signed)


def parse_deb822(text: str) -> Iterator[AptSource]:
    """Yield the enabled stanzas of a ``.sources`` file, one source per URI and suite."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        signed = fields.get("signed-by", "")
        keys = (signed,) if _ARMOUR in signed else tuple(signed.replace(",", " ").split())
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                if not suite.endswith("/"):
                    components = tuple(fields.get("components", "").split())
                    yield AptSource(uri=uri, suite=suite, components=components, signed_by=keys)


def security_sources(sources: Iterable[AptSource]) -> tuple[AptSource, ...]:
    """Return the sources of security suites: ``bookworm-security``, formerly ``buster/updates``."""
    return tuple(source for source in sources if _SECURITY.fullmatch(source.suite))


def update_sources(sources: Iterable[AptSource], codenames: Collection[str]) -> tuple[AptSource, ...]:
    """Return the sources of releases' own suites, with security, updates and point releases: ``bookworm``."""
    return tuple(
        source
        for source in sources
        if re.split(r"[-/]", source.suite)[0] in codenames and "backports" not in source.suite
    )


def _fields(stanza: str) -> dict[str, str]:
    """Return a stanza's fields by lower-case name; continuation lines keep their breaks, a lone dot is an empty one."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in (" ", "\t") and name:
            content = line.strip()
            fields[name] += "\n" + ("" if content == "." else content)
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
