"""Releases of Windows: which builds share their revisions, and which of Microsoft's products a build is.

A version is ``10.0.20348.2031``: major and minor version, build, and the revision (UBR) that cumulative updates raise.
Builds of one *branch* get the same updates with the same revisions: Windows 10 2004 to 22H2 (19041 to 19045), Windows
11 22H2 and 23H2 (22621, 22631), 24H2 and 25H2 (26100, 26200). Service Pack 2 of Server 2008 raised its build from 6002
to 6003 in 2019. Sources: Windows release health; the version ranges of Microsoft's CVE records.

A product is found by build and installation type. The name that a host gives itself is text: it may be translated,
lag behind (the registry of Windows 11 says Windows 10) or be wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

WINDOWS_STREAM: Final = "windows"
"""Name of the streams of Windows: ``windows:10.0.20348``."""
SERVER_CORE: Final = "server-core"
"""`Target.flavour` of statements about Server Core installations."""

_VERSION: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,6})(?:\.([0-9]{1,7}))?", re.ASCII)
_CORE: Final = re.compile(r" ?\((?:server )?core installation\)$", re.IGNORECASE)
_RELEASE: Final = re.compile(r"windows (?:[0-9]|server\b)")
_FOR: Final = re.compile(r" for (32-bit|x64-based|arm64-based|ia64-based|itanium-based) systems(?= |$)", re.IGNORECASE)
_ARCHITECTURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "32-bit": "i686",
        "x64-based": "x86_64",
        "arm64-based": "aarch64",
        "ia64-based": "ia64",
        "itanium-based": "ia64",
        "x86": "i686",
        "x64": "x86_64",
        "arm64": "aarch64",
        "ia64": "ia64",
    }
)
"""Microsoft's words for architectures → the machine as uname prints it."""
_BRANCHES: Final[Mapping[int, int]] = MappingProxyType(
    {6001: 6003, 6002: 6003, 19042: 19041, 19043: 19041, 19044: 19041, 19045: 19041, 22631: 22621, 26200: 26100}
)
"""Build → the build that names its branch, where they differ."""
_KERNELS: Final[Mapping[int, tuple[int, int]]] = MappingProxyType(
    {6003: (6, 0), 7601: (6, 1), 9200: (6, 2), 9600: (6, 3)}
)
"""Major and minor version of builds before Windows 10."""
_OLD_NUMBERING: Final = frozenset({6001, 6002})
"""Builds that lack every update of their branch: the updates raised the build itself."""


class InstallationType(StrEnum):
    """``InstallationType`` of the registry."""

    CLIENT = "Client"
    SERVER = "Server"
    SERVER_CORE = "Server Core"

    @property
    def is_server(self) -> bool:
        """True for both kinds of server."""
        return self is not InstallationType.CLIENT


class CoreStatements(StrEnum):
    """How Microsoft's CVE records speak of Server Core installations of a product."""

    OWN = "OWN"
    """As a product of its own, "(Server Core installation)", beside the full server's."""
    MERGED = "MERGED"
    """Not at all: the server's statements are for both."""
    ONLY = "ONLY"
    """The product exists as Server Core only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsVersion:
    """A version of Windows as numbers."""

    major: int
    minor: int
    build: int
    revision: int | None
    """Update build revision (UBR); None if unknown."""

    @property
    def branch(self) -> str:
        """The branch it belongs to: ``10.0.19041`` for 10.0.19045."""
        return f"{self.major}.{self.minor}.{_BRANCHES.get(self.build, self.build)}"

    @property
    def stream(self) -> str:
        """Stream of the advisories that speak of the branch: ``windows:10.0.19041``."""
        return f"{WINDOWS_STREAM}:{self.branch}"

    @property
    def revision_of_branch(self) -> int | None:
        """The revision among those of its branch; None if unknown."""
        return 0 if self.build in _OLD_NUMBERING else self.revision

    def __str__(self) -> str:
        """Return the version as Windows prints it."""
        numbers = (self.major, self.minor, self.build, self.revision)
        return ".".join(str(number) for number in numbers if number is not None)


def parse_windows_version(text: str) -> WindowsVersion | None:
    """Return the version in ``text``, with or without a revision; None for any other text."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    revision = int(found[4]) if found[4] is not None else None
    return WindowsVersion(major=int(found[1]), minor=int(found[2]), build=int(found[3]), revision=revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsProduct:
    """A product of Microsoft's security statements."""

    title: str
    """``Windows Server 2019``: the name that statements are stored under."""
    names: tuple[str, ...]
    """Its names in lower case; Microsoft uses several for some."""
    build: int
    server: bool
    core: CoreStatements = CoreStatements.MERGED

    @property
    def stream(self) -> str:
        """Stream of the statements about its branch."""
        major, minor = _KERNELS.get(self.build, (10, 0))
        return WindowsVersion(major=major, minor=minor, build=self.build, revision=None).stream


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    """A product's name as Microsoft's statements spell it, taken apart."""

    name: str
    """Without the parts below, with single blanks."""
    core: bool = False
    """True if the statement is about the Server Core installation."""
    architecture: str = ""
    """The machine as uname prints it, if the name has one."""

    @property
    def product(self) -> WindowsProduct | None:
        """The product of that name; None if it is not in the table."""
        return _BY_NAME.get(self.name.lower())

    @property
    def is_windows(self) -> bool:
        """True if the name is a release of Windows, not a program such as Windows Admin Center."""
        return self.product is not None or _RELEASE.match(self.name.lower()) is not None


def parse_product_name(text: str) -> ProductName:
    """Return a product's name, taken apart.

    ``Windows 10 Version 1809 for x64-based Systems``, ``Windows Server 2008  Service Pack 2`` and
    ``Windows Server 2019 (Server Core installation)`` are spelled so.
    """
    name = " ".join(text.split())
    limited = _FOR.search(name)
    if limited is not None:
        name = name[: limited.start()] + name[limited.end() :]
    core = _CORE.search(name)
    return ProductName(
        name=name[: core.start()] if core else name,
        core=core is not None,
        architecture=_ARCHITECTURES[limited[1].lower()] if limited else "",
    )


def architecture_named(word: str) -> str:
    """Return the machine of Microsoft's word for it (``x64-based Systems``, ``x64``); empty for an unknown word."""
    return _ARCHITECTURES.get(word.lower().removesuffix(" systems"), "")


def is_server_name(name: str) -> bool:
    """Return True if a product's name is a server's."""
    return "windows server" in " ".join(name.lower().split())


def _client(build: int, title: str, *others: str) -> WindowsProduct:
    return WindowsProduct(title=title, names=(title.lower(), *others), build=build, server=False)


def _server(build: int, core: CoreStatements, title: str, *others: str) -> WindowsProduct:
    return WindowsProduct(title=title, names=(title.lower(), *others), build=build, server=True, core=core)


_OWN, _MERGED, _ONLY = CoreStatements.OWN, CoreStatements.MERGED, CoreStatements.ONLY
PRODUCTS: Final = (
    _server(6003, _OWN, "Windows Server 2008 Service Pack 2"),
    _client(7601, "Windows 7 Service Pack 1", "windows 7"),
    _server(7601, _OWN, "Windows Server 2008 R2 Service Pack 1", "windows server 2008 r2 systems service pack 1"),
    _server(9200, _OWN, "Windows Server 2012"),
    _client(9600, "Windows 8.1", "windows rt 8.1"),
    _server(9600, _OWN, "Windows Server 2012 R2"),
    _client(10240, "Windows 10 Version 1507", "windows 10"),
    _client(10586, "Windows 10 Version 1511"),
    _client(14393, "Windows 10 Version 1607"),
    _server(14393, _OWN, "Windows Server 2016"),
    _client(15063, "Windows 10 Version 1703"),
    _client(16299, "Windows 10 Version 1709"),
    _server(16299, _ONLY, "Windows Server, version 1709"),
    _client(17134, "Windows 10 Version 1803"),
    _server(17134, _ONLY, "Windows Server, version 1803"),
    _client(17763, "Windows 10 Version 1809"),
    _server(17763, _OWN, "Windows Server 2019"),
    _client(18362, "Windows 10 Version 1903"),
    _server(18362, _ONLY, "Windows Server, version 1903"),
    _client(18363, "Windows 10 Version 1909"),
    _server(18363, _ONLY, "Windows Server, version 1909"),
    _client(19041, "Windows 10 Version 2004"),
    _server(19041, _ONLY, "Windows Server version 2004", "windows server, version 2004"),
    _client(19042, "Windows 10 Version 20H2"),
    _server(19042, _ONLY, "Windows Server version 20H2", "windows server, version 20h2"),
    _client(19043, "Windows 10 Version 21H1"),
    _client(19044, "Windows 10 Version 21H2"),
    _client(19045, "Windows 10 Version 22H2"),
    _server(20348, _MERGED, "Windows Server 2022"),
    _client(22000, "Windows 11 version 21H2"),
    _client(22621, "Windows 11 version 22H2"),
    _client(22631, "Windows 11 Version 23H2", "windows 11 version 22h3"),
    _server(25398, _ONLY, "Windows Server 2022, 23H2 Edition"),
    _client(26100, "Windows 11 Version 24H2"),
    _server(26100, _OWN, "Windows Server 2025"),
    _client(26200, "Windows 11 Version 25H2"),
)
"""Products that Microsoft's CVE records name, by build."""

_BY_NAME: Final[Mapping[str, WindowsProduct]] = MappingProxyType(
    {name: product for product in PRODUCTS for name in product.names}
)


def products_of(version: WindowsVersion, *, server: bool) -> tuple[WindowsProduct, ...]:
    """Return the products that a build is, as server or client; none for a build that is not in the table."""
    build = _BRANCHES[version.build] if version.build in _OLD_NUMBERING else version.build
    return tuple(product for product in PRODUCTS if product.build == build and product.server == server)


def only_installation(version: WindowsVersion) -> bool | None:
    """Return True if the build exists as a server only, False if as a client only, None if as both or unknown."""
    server, client = (bool(products_of(version, server=kind)) for kind in (True, False))
    return None if server == client else server
