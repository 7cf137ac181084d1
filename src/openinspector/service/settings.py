"""Typed settings of the service, read once at start from the environment and defaults.

Every setting is an environment variable ``OPENINSPECTOR_<NAME>``. An invalid value stops the service at
start with the setting's name and the allowed values.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, TypeVar

from openinspector.model.errors import OpenInspectorError
from openinspector.model.rules_package import REGIONS

PREFIX: Final = "OPENINSPECTOR_"
ROLES: Final = ("gateway", "api", "console", "worker")


class ServiceSettingsError(OpenInspectorError):
    """A setting is unknown or its value is not allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one installation. Times are in seconds unless the name states another unit."""

    data_dir: Path = Path("/var/lib/openinspector")
    """Folder for the embedded defaults: database, objects, keys, certificates."""
    roles: tuple[str, ...] = ROLES
    """Parts of the service that this node runs: ``gateway`` (agents), ``api``, ``console``, ``worker`` (runs, reports,
    schedules, notifications, feeds). Fewer than all need PostgreSQL."""
    listen: str = "127.0.0.1:8443"
    """Address and port of the TLS listener; port 0 selects a free one."""
    public_url: str = ""
    """``https://HOST[:PORT]`` at the start of links to reports; empty: the listener's address."""
    server_names: tuple[str, ...] = ("localhost", "127.0.0.1")
    """Names and addresses in the server certificate of the embedded CA."""
    database_url: str = ""
    """``sqlite:///…`` or ``postgresql+psycopg://…``; empty: SQLite in the data folder."""
    workflow_database_url: str = ""
    """The same for the durable-execution engine."""
    object_url: str = ""
    """URL of the object store for sealed telemetry, in obstore's form; empty: a folder in the data folder."""
    key_url: str = ""
    """Master keys: ``file:///PATH`` of a key file, ``aws-kms:KEY`` with the id, alias or ARN of a key, or
    ``vault-transit:MOUNT/KEY``; empty: a key file in the data folder. All nodes of one database need the same keys."""
    previous_key_url: str = ""
    """Master keys of another kind that still open older data keys, until ``admin keys rewrap`` has moved them."""
    kms_endpoint: str = ""
    """URL of KMS; empty: AWS. Credentials and region come from boto3's sources."""
    drain_seconds: int = 0
    """How long a stopping node continues to serve while ``/readyz`` answers ``draining``."""
    account: str = "123456789012"
    region: str = "us-east-1"
    partition: str = "aws"
    heartbeat_seconds: int = 60
    collecting_heartbeat_seconds: int = 15
    run_ends: str = "streams-closed"
    """``streams-closed``: a run ends as soon as every agent has closed its streams; ``duration``: at its end."""
    stop_grace_seconds: int = 60
    """How long agents may take to flush after a stop (decisions)."""
    releases_dir: str = ""
    """Folder of published agent releases, served below ``/releases/``; empty: none are served."""
    retention_days: int = 30
    """Days until telemetry is shredded (F3.3)."""
    feeds_sync_hours: int = 24
    """Hours after which a feed that was synced before is synced again; 0: never, as at a site without a network."""
    audit_days: int = 365
    """Days until audit log files are deleted."""
    evaluation_batch: int = 25
    """Number of hosts per evaluation step."""
    max_instances: int = 500
    """Hosts in all running assessments (table 9)."""
    max_resource_groups: int = 1000
    max_targets: int = 50
    max_templates: int = 500
    max_runs: int = 50_000
    max_host_records: int = 1_000_000
    """Telemetry messages taken of one host in one run; a host that sends more is excluded from the run."""
    max_host_mebibytes: int = 256
    """The same in MiB of telemetry before compression."""
    max_connections: int = 20_000
    """Connections open at once. The process needs as many file descriptors (``ulimit -n``, ``LimitNOFILE=``)."""
    max_connections_per_address: int = 1000
    """Connections of one IPv4 address, or IPv6 /64, on which no agent has proved its identity yet."""
    max_subscriptions: int = 50
    """Event subscriptions of one template, and webhooks of one."""
    sns_endpoint: str = ""
    """URL of SNS; empty: AWS, in the region of each topic. Credentials come from boto3's sources."""
    webhook_ca_file: str = ""
    """File with the CA that signs webhooks' certificates; empty: the system's CAs."""
    webhook_loopback: str = "refused"
    """Webhooks on this host: ``refused`` or ``allowed``."""
    notification_hours: int = 24
    """How long to retry failed deliveries."""
    enrolment_methods: tuple[str, ...] = ("join_token",)
    """Enabled enrolment methods: ``join_token``, ``aws_instance``, ``aws_role``."""
    aws_accounts: tuple[str, ...] = ()
    """AWS accounts whose instances may enrol with the AWS methods; empty: none may."""
    aws_roles: tuple[str, ...] = ()
    """Names of IAM roles, assumable by EC2 alone, whose instances may enrol with ``aws_role``; empty: none may."""
    aws_certificates: Path | None = None
    """Folder of the certificates that sign instance identity documents, ``<region>.pem`` each."""
    aws_ask_ec2: str = "no"
    """``yes``: an instance enrols only if EC2 reports, to the service's own credentials, that it exists."""
    cloud: str = "none"
    """Where instances and networks of AWS accounts are read: ``none``, ``aws`` (its APIs) or ``files`` (a folder)."""
    cloud_folder: Path | None = None
    """For ``files``: DIR/<account>/<region>/<service>-<operation>.json, the output of the AWS CLI."""
    cloud_regions: tuple[str, ...] = ()
    """For ``aws``: regions to read, or ``all`` that an account has enabled; empty: the installation's region."""
    cloud_external_id: str = ""
    """For ``aws``: external id that the registered role of the installation's account demands."""
    cloud_accounts_file: Path | None = None
    """For ``aws``: TOML file with more accounts: ``[[account]]`` with ``role``, ``external_id`` and ``regions``."""
    cloud_endpoint: str = ""
    """For ``aws``: URL of all services, as for a simulator; empty: AWS. Credentials come from boto3's sources."""
    reach_extra_reads: str = "no"
    """``yes``: also read what the vendor's role could not, such as VPC Block Public Access."""
    attestation_hours: int = 24
    """How long an attestation is valid before the instance must attest again."""
    by_products: str = "once"
    """How packages without vulnerable code, such as kernel headers, are reported: ``once`` for all their CVEs, or in
    the finding of ``each`` CVE."""
    console: str = "on"
    """The web console: ``on`` or ``off``."""
    log_level: str = "info"

    @property
    def database(self) -> str:
        """The effective database URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'openinspector.db'}"

    @property
    def workflow_database(self) -> str:
        """The effective database URL of the workflow engine."""
        return self.workflow_database_url or f"sqlite:///{self.data_dir / 'workflows.db'}"

    @property
    def is_on_one_machine(self) -> bool:
        """True if no other node can serve the database: the lock on the data folder keeps others out."""
        return self.database.startswith("sqlite")

    @property
    def objects(self) -> str:
        """The effective URL of the object store."""
        return self.object_url or (self.data_dir / "objects").resolve().as_uri()

    @property
    def public(self) -> str:
        """The effective base URL of links to reports."""
        return self.public_url or f"https://{self.listen}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the listener."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


_T = TypeVar("_T")


def _matching(pattern: str, allowed: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def parse(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(allowed)
        return text

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of: {', '.join(choices)}")
        return text

    return parse


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise ValueError("names or addresses, separated by commas")
    return names


def _several(pattern: str, allowed: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        if not parts or not all(re.fullmatch(pattern, part, re.ASCII) for part in parts):
            raise ValueError(allowed)
        return parts

    return parse


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch(r"\d{1,5}", port) or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise ValueError("ADDRESS:PORT, such as 0.0.0.0:8443 or [::]:8443")
    return text


_DATABASE = _matching(r"|(?:sqlite:///|postgresql\+psycopg://).+", "sqlite:///PATH or postgresql+psycopg://…")

_KEYS = _matching(
    r"|file:///.+|aws-kms:[A-Za-z0-9:/_-]+|vault-transit:[A-Za-z0-9_./-]+/[A-Za-z0-9_.-]+",
    "file:///PATH, aws-kms:KEY or vault-transit:MOUNT/KEY",
)

_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {
    "data_dir": _folder,
    "roles": _several("|".join(ROLES), f"roles separated by commas: {', '.join(ROLES)}"),
    "listen": _listen,
    "public_url": _matching(r"|https://[A-Za-z0-9.:\[\]-]{1,300}(?:/[A-Za-z0-9._/-]{0,300})?", "https://HOST[:PORT]"),
    "server_names": _names,
    "database_url": _DATABASE,
    "workflow_database_url": _DATABASE,
    "object_url": _matching(r"|(?:file|s3|gs|az)://.+", "file://, s3://, gs:// or az:// and a place"),
    "key_url": _KEYS,
    "previous_key_url": _KEYS,
    "kms_endpoint": _matching(r"|https?://[^\s/@]+/?", "http(s)://HOST[:PORT]"),
    "drain_seconds": _between(0, 600),
    "account": _matching(r"\d{12}", "12 digits"),
    "region": _one_of(*REGIONS),
    "partition": _one_of("aws", "aws-us-gov"),
    "heartbeat_seconds": _between(5, 300),
    "collecting_heartbeat_seconds": _between(5, 300),
    "run_ends": _one_of("streams-closed", "duration"),
    "stop_grace_seconds": _between(1, 600),
    "releases_dir": _matching(r"|/.*", "an absolute path, or nothing"),
    "retention_days": _between(1, 3650),
    "feeds_sync_hours": _between(0, 8760),
    "audit_days": _between(1, 3650),
    "evaluation_batch": _between(1, 500),
    "max_instances": _between(1, 1_000_000),
    "max_resource_groups": _between(1, 1_000_000),
    "max_targets": _between(1, 1_000_000),
    "max_templates": _between(1, 1_000_000),
    "max_runs": _between(1, 10_000_000),
    "max_host_records": _between(1000, 100_000_000),
    "max_host_mebibytes": _between(1, 65_536),
    "max_connections": _between(16, 1_000_000),
    "max_connections_per_address": _between(1, 1_000_000),
    "max_subscriptions": _between(1, 50),
    "sns_endpoint": _matching(r"|https?://[^\s/@]+/?", "http(s)://HOST[:PORT]"),
    "webhook_ca_file": _matching(r"|/.+", "an absolute path"),
    "webhook_loopback": _one_of("refused", "allowed"),
    "notification_hours": _between(1, 720),
    "enrolment_methods": _several(r"join_token|aws_instance|aws_role", "join_token, aws_instance, aws_role"),
    "aws_accounts": _several(r"\d{12}", "accounts of 12 digits, separated by commas"),
    "aws_roles": _several(r"[\w+=.@-]{1,64}", "names of roles, separated by commas"),
    "aws_certificates": _folder,
    "aws_ask_ec2": _one_of("yes", "no"),
    "by_products": _one_of("once", "each"),
    "cloud": _one_of("none", "aws", "files"),
    "cloud_folder": _folder,
    "cloud_regions": _several(r"all|[a-z0-9-]{4,32}", "regions separated by commas, or all"),
    "cloud_external_id": _matching(r"|[\w+=,.@:/-]{2,1224}", "2 to 1,224 letters, digits and +=,.@:/-"),
    "cloud_accounts_file": _folder,
    "cloud_endpoint": _matching(r"|https?://[^\s/@]+/?", "http(s)://HOST[:PORT]"),
    "reach_extra_reads": _one_of("yes", "no"),
    "attestation_hours": _between(1, 8760),
    "console": _one_of("on", "off"),
    "log_level": _one_of("debug", "info", "warning", "error"),
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read settings from ``environment``; ServiceSettingsError names what is wrong and what is allowed.

    Variables of the agent (``OPENINSPECTOR_AGENT_…``) and of the tests are ignored.
    """
    known = {f"{PREFIX}{field.name.upper()}": field.name for field in fields(Settings)}
    foreign = ("OPENINSPECTOR_AGENT_", "OPENINSPECTOR_SHARED", "OPENINSPECTOR_REQUIRE", "OPENINSPECTOR_GOLDEN")
    values: dict[str, object] = {}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable.startswith(foreign):
            continue
        if variable not in known:
            raise ServiceSettingsError(
                f"unknown setting {variable}", advice=f"Known settings: {', '.join(sorted(known))}."
            )
        values[known[variable]] = _parsed(variable, text, _PARSERS[known[variable]])
    settings = Settings(**values)  # type: ignore[arg-type]  # each parser returns its field's type
    _check_methods(settings)
    if set(settings.roles) != set(ROLES) and any(
        url.startswith("sqlite") for url in (settings.database, settings.workflow_database)
    ):
        raise ServiceSettingsError(
            f"{PREFIX}ROLES leaves out a role, but the databases are not on PostgreSQL",
            advice=f"On one machine leave it out; for several nodes set {PREFIX}DATABASE_URL and "
            f"{PREFIX}WORKFLOW_DATABASE_URL.",
        )
    if settings.cloud == "files" and settings.cloud_folder is None:
        raise ServiceSettingsError(
            f"accounts are read from files, but {PREFIX}CLOUD_FOLDER is not set",
            advice="Set it to a folder DIR/<account>/<region>/.",
        )
    return settings


def _check_methods(settings: Settings) -> None:
    """Raise ServiceSettingsError if an enabled enrolment method lacks its settings."""
    needs = {
        "aws_instance": ("aws_accounts", "aws_certificates"),
        "aws_role": ("aws_accounts", "aws_roles"),
    }
    for method in settings.enrolment_methods:
        for name in needs.get(method, ()):
            if not getattr(settings, name):
                raise ServiceSettingsError(
                    f"hosts may enrol by {method}, but {PREFIX}{name.upper()} is not set",
                    advice=f"Set it, or take {method} out of {PREFIX}ENROLMENT_METHODS.",
                )


def _parsed(variable: str, text: str, parse: Callable[[str], _T]) -> _T:
    try:
        return parse(text)
    except ValueError as allowed:
        raise ServiceSettingsError(f"{variable}={text!r} is not allowed", advice=f"Allowed: {allowed}.") from allowed
