"""The packages installed on the service's own host, so that the archive feed knows which updates are pending."""

import re
from pathlib import Path
from typing import Final

from openinspector.model.inventory import Package, PackageManager

STATUS: Final = Path("/var/lib/dpkg/status")
_FIELD: Final = re.compile(r"^(Package|Status|Version|Source|Architecture):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_SOURCE: Final = re.compile(r"(\S+)(?:\s+\((\S+)\))?")
_GONE: Final = ("config-files", "not-installed")


def installed_packages(status: Path = STATUS) -> tuple[Package, ...]:
    """Return the packages whose files are on the host; none without a dpkg database."""
    try:
        text = status.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ()
    stanzas = (dict(_FIELD.findall(stanza)) for stanza in re.split(r"\n\n+", text))
    return tuple(_package(fields) for fields in stanzas if _is_installed(fields))


def native_architecture(installed: tuple[Package, ...]) -> str:
    """Return the architecture of dpkg; ``amd64`` if unknown."""
    return next((package.architecture for package in installed if package.name == "dpkg"), "amd64")


def _is_installed(fields: dict[str, str]) -> bool:
    state = fields.get("Status", "").rpartition(" ")[2]
    return bool(fields.get("Package") and fields.get("Version")) and state not in _GONE


def _package(fields: dict[str, str]) -> Package:
    name, version = fields["Package"], fields["Version"]
    source = _SOURCE.match(fields.get("Source", ""))
    return Package(
        manager=PackageManager.DPKG,
        name=name,
        version=version,
        architecture=fields.get("Architecture", ""),
        source_name=source[1] if source else name,
        source_version=(source[2] or version) if source else version,
    )
