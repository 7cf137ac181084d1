"""The benchmarks that are built in, and the choice for a host."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from openinspector.cis.benchmark import Benchmark, Profile, Role
from openinspector.cis.table import Row, controls
from openinspector.cis.tables import (
    almalinux_9,
    amazon_linux_2023,
    classic,
    debian_12,
    debian_13,
    rhel_8,
    rhel_9,
    rhel_10,
    sles_12,
    sles_15,
    ubuntu_22_04,
    ubuntu_24_04,
    windows,
)
from openinspector.model.configuration import FirewallChain, FirewallRule, KernelModule, Mount, SystemdUnit
from openinspector.model.hardening import (
    AuditRule,
    AuditState,
    ConfigurationFile,
    FileAnomalies,
    FileAttributes,
    HomeFolder,
    MandatoryAccessControl,
)
from openinspector.model.inventory import (
    Group,
    KernelParameters,
    LoginDefinitions,
    OperatingSystem,
    Package,
    PamConfiguration,
    PasswordQuality,
    SshdConfiguration,
    User,
)
from openinspector.model.record import Record
from openinspector.model.windows import WINDOWS, WindowsRegistryValue, WindowsSecurityPolicy, WindowsUser
from openinspector.model.windows_release import is_server_name

BOTH_ROLES: Final = tuple(Profile(level, role) for role in (Role.SERVER, Role.WORKSTATION) for level in (1, 2))
ANY_ROLE: Final = (Profile(1), Profile(2))
LEVEL_1: Final = (Profile(1),)

WINDOWS_LEVEL_1: Final = (Profile(1, Role.MEMBER_SERVER), Profile(1, Role.DOMAIN_CONTROLLER))
WINDOWS_LEVELS: Final = (
    *(Profile(level, role) for role in (Role.MEMBER_SERVER, Role.DOMAIN_CONTROLLER) for level in (1, 2)),
    Profile(1, Role.NEXT_GENERATION),
)

Covers = Callable[[OperatingSystem], bool]


def releases(identities: tuple[str, ...], *versions: str) -> Covers:
    """Return a test for releases of distributions: ``releases(("rhel",), "9")`` covers 9.4 too."""

    def covers(system: OperatingSystem) -> bool:
        if system.id not in identities:
            return False
        return any(system.version_id == version or system.version_id.startswith(f"{version}.") for version in versions)

    return covers


def server_build(version: str) -> Covers:
    """Return a test for servers of Windows of one build; clients of the same build name no server."""

    def covers(system: OperatingSystem) -> bool:
        return system.id == WINDOWS and system.version_id == version and is_server_name(system.name)

    return covers


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in benchmark whose controls are built on demand: a run needs few benchmarks, and building takes time."""

    id: str
    product: str
    version: str
    rows: tuple[Row, ...]
    covers: Covers
    profiles: tuple[Profile, ...] = BOTH_ROLES
    newer: str = ""
    """A later version that CIS has published, if one is known."""

    def load(self) -> Benchmark:
        """Return the benchmark with its controls."""
        return _loaded(self)


READS: Final[tuple[type[Record], ...]] = (
    OperatingSystem,
    Package,
    ConfigurationFile,
    FileAttributes,
    FileAnomalies,
    HomeFolder,
    User,
    Group,
    KernelParameters,
    KernelModule,
    Mount,
    SystemdUnit,
    SshdConfiguration,
    LoginDefinitions,
    PamConfiguration,
    PasswordQuality,
    MandatoryAccessControl,
    AuditState,
    AuditRule,
    FirewallChain,
    FirewallRule,
    WindowsRegistryValue,
    WindowsSecurityPolicy,
    WindowsUser,
)
"""The kinds of record that any check reads."""

SENSORS: Final = (
    "os_release",
    "dpkg",
    "rpm",
    "configuration_files",
    "file_attributes",
    "file_anomalies",
    "home_folders",
    "accounts",
    "kernel_parameters",
    "kernel_modules",
    "mounts",
    "systemd_units",
    "sshd_configuration",
    "login_definitions",
    "pam",
    "password_quality",
    "mandatory_access_control",
    "audit_rules",
    "firewall",
    "windows_os",
    "windows_registry",
    "windows_security_policy",
    "windows_users",
)
"""The sensors of those records."""

BENCHMARKS: Final[tuple[BuiltIn, ...]] = (
    BuiltIn("debian_12", "Debian Linux 12", "1.1.0", debian_12.ROWS, releases(("debian",), "12")),
    BuiltIn("debian_13", "Debian Linux 13", "1.0.0", debian_13.ROWS, releases(("debian",), "13")),
    BuiltIn("ubuntu_22_04", "Ubuntu Linux 22.04 LTS", "2.0.0", ubuntu_22_04.ROWS, releases(("ubuntu",), "22.04")),
    BuiltIn("ubuntu_24_04", "Ubuntu Linux 24.04 LTS", "1.0.0", ubuntu_24_04.ROWS, releases(("ubuntu",), "24.04")),
    BuiltIn(
        "rhel_8", "Red Hat Enterprise Linux 8", "4.0.0", rhel_8.ROWS, releases(("rhel", "almalinux", "rocky"), "8")
    ),
    BuiltIn("rhel_9", "Red Hat Enterprise Linux 9", "2.0.0", rhel_9.ROWS, releases(("rhel", "rocky"), "9")),
    BuiltIn(
        "rhel_10", "Red Hat Enterprise Linux 10", "1.0.1", rhel_10.ROWS, releases(("rhel", "almalinux", "rocky"), "10")
    ),
    BuiltIn("almalinux_9", "AlmaLinux OS 9", "2.0.0", almalinux_9.ROWS, releases(("almalinux",), "9")),
    BuiltIn(
        "amazon_linux_2023", "Amazon Linux 2023", "1.0.0", amazon_linux_2023.ROWS, releases(("amzn",), "2023"), ANY_ROLE
    ),
    BuiltIn("sles_12", "SUSE Linux Enterprise 12", "1.1.0", sles_12.ROWS, releases(("sles",), "12")),
    BuiltIn("sles_15", "SUSE Linux Enterprise 15", "1.2.0", sles_15.ROWS, releases(("sles",), "15")),
    # Inspector Classic's (F5.25 to F5.31)
    BuiltIn(
        "amazon_linux_2", "Amazon Linux 2", "1.0.0", classic.RED_HAT, releases(("amzn",), "2"), ANY_ROLE, newer="3.0.0"
    ),
    BuiltIn(
        "amazon_linux",
        "Amazon Linux",
        "2.1.0",
        classic.RED_HAT,
        releases(("amzn",), "2015.09", "2016", "2017", "2018"),
        ANY_ROLE,
    ),
    BuiltIn(
        "amazon_linux_2014",
        "Amazon Linux 2014.09-2015.03",
        "1.1.0",
        classic.RED_HAT,
        releases(("amzn",), "2014.09", "2015.03"),
        LEVEL_1,
    ),
    BuiltIn("centos_7", "CentOS Linux 7", "2.2.0", classic.RED_HAT, releases(("centos",), "7"), newer="4.0.0"),
    BuiltIn("centos_6", "CentOS Linux 6", "2.0.2", classic.RED_HAT, releases(("centos",), "6")),
    BuiltIn("rhel_7", "Red Hat Enterprise Linux 7", "2.1.1", classic.RED_HAT, releases(("rhel",), "7"), newer="4.0.0"),
    BuiltIn("rhel_6", "Red Hat Enterprise Linux 6", "2.0.2", classic.RED_HAT, releases(("rhel",), "6")),
    BuiltIn("ubuntu_18_04", "Ubuntu Linux 18.04 LTS", "1.0.0", classic.UBUNTU, releases(("ubuntu",), "18.04")),
    BuiltIn("ubuntu_16_04", "Ubuntu Linux 16.04 LTS", "1.1.0", classic.UBUNTU, releases(("ubuntu",), "16.04")),
    BuiltIn("ubuntu_14_04", "Ubuntu Linux 14.04 LTS", "2.0.0", classic.UBUNTU, releases(("ubuntu",), "14.04")),
    # Of Windows (F5.32 to F5.35); Server 2019 and 2022 had no content in Classic.
    *(
        BuiltIn(identity, product, version, rows, server_build(build), profiles)
        for identity, product, version, rows, build, profiles in (
            ("windows_2008_r2", "Windows Server 2008 R2", "3.0.0", windows.BEFORE_2016, "6.1.7601", WINDOWS_LEVEL_1),
            ("windows_2012", "Windows Server 2012", "2.0.0", windows.BEFORE_2016, "6.2.9200", WINDOWS_LEVEL_1),
            ("windows_2012_r2", "Windows Server 2012 R2", "2.2.0", windows.BEFORE_2016, "6.3.9600", WINDOWS_LEVEL_1),
            ("windows_2016", "Windows Server 2016", "1.1.0", windows.SERVER_2016, "10.0.14393", WINDOWS_LEVELS),
            ("windows_2019", "Windows Server 2019", "1.1.0", windows.SERVER_2019, "10.0.17763", WINDOWS_LEVELS),
            ("windows_2022", "Windows Server 2022", "1.0.0", windows.SERVER_2022, "10.0.20348", WINDOWS_LEVELS),
        )
    ),
)
"""Every built-in benchmark; at most one covers a host."""


def benchmark_for(system: OperatingSystem) -> Benchmark | None:
    """Return the benchmark that covers a host; None if there is none."""
    built_in = next((each for each in BENCHMARKS if each.covers(system)), None)
    return built_in.load() if built_in else None


@cache
def _loaded(built_in: BuiltIn) -> Benchmark:
    return Benchmark(
        id=built_in.id,
        product=built_in.product,
        version=built_in.version,
        profiles=built_in.profiles,
        controls=controls(built_in.rows),
        newer=built_in.newer,
    )
