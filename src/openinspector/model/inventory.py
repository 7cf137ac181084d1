"""Records of a host's inventory: one frozen type for each kind of telemetry (F3.12 to F3.16).

Records of activity are in `openinspector.model.activity`, more of the configuration in
`openinspector.model.configuration`. Sizes are bytes; times are days since 1970-01-01 if the host's files count days.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from openinspector.model.record import Record


class PackageManager(StrEnum):
    """The database that a package is recorded in; the value is also the sensor's name."""

    DPKG = "dpkg"
    RPM = "rpm"
    APK = "apk"
    PACMAN = "pacman"
    PYPI = "pypi"
    NPM = "npm"
    GEM = "gem"

    @property
    def of_distribution(self) -> bool:
        """True for packages of the distribution, which its advisories cover."""
        return self in (PackageManager.DPKG, PackageManager.RPM, PackageManager.APK, PackageManager.PACMAN)

    @property
    def version_scheme(self) -> str:
        """Name of the scheme that orders its versions."""
        return "alpm" if self is PackageManager.PACMAN else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Package(Record):
    """One installed package. ``version`` is complete: ``[epoch:]version[-release]`` as the scheme writes it."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorPackageInfo"

    manager: PackageManager
    name: str
    version: str
    architecture: str
    source_name: str
    """Name of the source package; equals ``name`` if the database has none."""
    source_version: str
    """Version of the source package, with epoch; equals ``version`` if the database has none."""
    vendor: str = ""
    module: str = ""
    """Modularity label of an rpm (``name:stream:version:context``); otherwise empty."""
    location: str = ""
    """Folder of the installation; empty for packages of the distribution, which have one database."""
    owner: str = ""
    """Name of the distribution's package that owns it; empty if there is none or it is unknown."""
    repository: str = ""
    """Where it was installed from: an rpm repository's id (``appstream``), an apt archive's ``Origin/Suite``
    (``Debian/stable-security``); empty if not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRoot(Record):
    """The root folder of a running container, and the number of packages in its databases (ADR 0024)."""

    MESSAGE_TYPE: ClassVar[str] = "OpenInspectorContainerRoot"

    process_id: int
    """The container's process with the lowest number; its root is ``/proc/<process_id>/root``."""
    container_id: str = ""
    """64 hexadecimal digits from the process's control group; empty if it has none."""
    system: str = ""
    """``<ID>:<VERSION_ID>`` of its os-release; empty without one."""
    packages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingSystem(Record):
    """The host's os-release and running kernel."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorOperatingSystem"

    id: str
    """os-release ``ID``: ``debian``, ``almalinux``, ``alpine``."""
    version_id: str
    """os-release ``VERSION_ID``; empty on rolling releases."""
    codename: str = ""
    name: str = ""
    """os-release ``PRETTY_NAME``."""
    id_like: tuple[str, ...] = ()
    architecture: str = ""
    """Machine as uname prints it: ``x86_64``, ``aarch64``."""
    hostname: str = ""
    kernel_release: str = ""
    """Running kernel, ``uname -r``."""
    kernel_version: str = ""
    """``uname -v``; on Debian it contains the version of the kernel package."""
    extensions: tuple[str, ...] = ()
    """Support extensions that are enabled: ``esm-infra``, ``esm-apps``, ``fips``, ``eus``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel(Record):
    """A kernel image on the host (F3.20)."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorOperatingSystem"

    release: str
    running: bool
    package: str = ""
    """Name of the package that owns the image; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMetadata(Record):
    """The host according to the EC2 instance metadata service."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorInstanceMetaData"

    instance_id: str
    ami_id: str = ""
    instance_type: str = ""
    region: str = ""
    availability_zone: str = ""
    account_id: str = ""
    local_ipv4: str = ""
    public_ipv4: str = ""
    service_version: str = "v2"
    """``v2`` (IMDSv2, with a session token) or ``v1``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInterface(Record):
    """One network interface with its addresses, without prefix lengths."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorNetworkInterface"

    name: str
    mac: str = ""
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    up: bool = True


class TransportProtocol(StrEnum):
    """Transport protocol of a listening port."""

    TCP = "TCP"
    UDP = "UDP"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningPort(Record):
    """A port that a process listens on (TCP) or is bound to (UDP)."""

    MESSAGE_TYPE: ClassVar[str] = "Inspector{Tcp,Udp}V{4,6}ListeningPort"

    transport: TransportProtocol
    ip_version: int
    """4 or 6."""
    address: str
    port: int
    process_id: int | None = None
    process_name: str = ""
    process_path: str = ""
    package: str = ""
    """Name of the package that owns the executable; empty if there is none or it is unknown."""

    def message_type(self) -> str:
        """Return the type by protocol and IP version."""
        transport = "Tcp" if self.transport is TransportProtocol.TCP else "Udp"
        return f"Inspector{transport}V{self.ip_version}ListeningPort"


class PasswordState(StrEnum):
    """Meaning of the password field in the shadow file; the hash never leaves the host."""

    SET = "SET"
    LOCKED = "LOCKED"
    EMPTY = "EMPTY"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """An account of the host with its password ages in days (shadow(5)); None if unset."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorUser"

    name: str
    uid: int
    gid: int
    home: str = ""
    shell: str = ""
    password: PasswordState = PasswordState.UNKNOWN
    last_change_day: int | None = None
    min_age_days: int | None = None
    max_age_days: int | None = None
    warn_days: int | None = None
    inactive_days: int | None = None
    expire_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Record):
    """A group of the host with its explicit members."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorGroup"

    name: str
    gid: int
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SshdConnection:
    """Treatment of one kind of connection that Match blocks of sshd single out."""

    user: str
    """``root``, or empty for an ordinary user."""
    ip_version: int
    """4 or 6."""
    local_address: str = ""
    """Address of the host that the client connects to; empty if no Match line names one."""
    local_port: int = 22
    """Port of the host that the client connects to."""
    values: dict[str, str] = field(default_factory=dict)
    """Only the values that differ from those of the whole configuration."""
    sources: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshdConfiguration(Record):
    """The effective configuration of sshd: Include files, Match blocks, first value wins, defaults by version.

    Values map lower-case keywords to values as ``sshd -T`` prints them, for a connection of an ordinary user from
    any address: one that no Match line names.
    """

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    installed: bool
    version: str = ""
    """OpenSSH version such as ``9.2p1``; empty if unknown."""
    values: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    """The ``path:line`` that sets a keyword; absent if the value is a default."""
    connections: tuple[SshdConnection, ...] = ()
    """Each distinct treatment of root, and of ordinary users other than ``values``, from any address.

    Without an entry for root, ``values`` hold for root too.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginDefinitions(Record):
    """Values of ``/etc/login.defs`` by upper-case name."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PamModule:
    """One line of a PAM stack with includes resolved (pam.d(5))."""

    service: str
    """Service file that the line belongs to or is included in: ``common-password``, ``system-auth``, ``passwd``."""
    facility: str
    """``password``, ``auth``, ``account`` or ``session``."""
    control: str
    module: str
    """File name of the module: ``pam_pwquality.so``."""
    arguments: tuple[str, ...] = ()
    source: str = ""
    """``path:line``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PamConfiguration(Record):
    """The host's PAM stacks in order."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    modules: tuple[PamModule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordQuality(Record):
    """The effective settings of ``pwquality.conf`` and its folder."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    present: bool
    values: dict[str, str] = field(default_factory=dict)
    """Values by lower-case name, clamped as the library does; the value of a flag is empty."""
    stopped_at: str = ""
    """``path:line: reason`` of the line at which the library stops reading; empty if it reads everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelParameters(Record):
    """sysctl values from ``/proc/sys`` by dotted name."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorFeatures(Record):
    """No-execute pages of the processor and their use by the kernel (F5.63 rule 8)."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorConfigurationInfo"

    architecture: str
    nx_flag: bool
    nx_disabled_by: str = ""
    """Argument on the kernel's command line that turns NX off, such as ``noexec=off``; empty if absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryMode(Record):
    """Owner and mode of a system directory, or of an entry in it that users other than root may change."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorDirectoryInfoMsg"

    path: str
    mode: int
    """Permission bits, 0 to 0o7777."""
    uid: int
    gid: int
    owner: str = ""
    group: str = ""


class SensorState(StrEnum):
    """End of a sensor's collection."""

    OK = "OK"
    PARTIAL = "PARTIAL"
    """Something could not be read, and ``details`` names it. The records are correct but incomplete."""
    NOT_APPLICABLE = "NOT_APPLICABLE"
    """The host has nothing of the kind, such as no dpkg database or no EC2 metadata service."""
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorStatus(Record):
    """Ends one collection of one sensor: the records before it are the sensor's complete snapshot."""

    MESSAGE_TYPE: ClassVar[str] = "OpenInspectorSensorStatus"

    sensor: str
    state: SensorState
    records: int
    details: tuple[str, ...] = ()
    """Missing, unreadable and omitted things, one sentence each."""
    duration_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringStart(Record):
    """Opens one collection: the sensors that follow and the agent's version."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorMonitoringStart"

    agent_version: str
    sensors: tuple[str, ...]
    collection: int = 1
    """Number of the collection in a run on one host, from 1."""
