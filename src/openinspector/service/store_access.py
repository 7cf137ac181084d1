"""Opens what the settings name: stores, master keys and shared secrets. `bootstrap` and the command line use it."""

import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from openinspector.model.errors import StoreError
from openinspector.plugins import discover
from openinspector.service.app.access_keys import AccessKeys
from openinspector.service.app.attestation import Attesting, Attestor, Trust
from openinspector.service.app.counters import Counters
from openinspector.service.app.master_key_move import MasterKeyMove
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.shared_secrets import SharedSecrets
from openinspector.service.app.telemetry import Telemetry, TelemetryStores
from openinspector.service.app.temporary_credentials import TemporaryCredentials
from openinspector.service.app.users import Users
from openinspector.service.assembly import Stores
from openinspector.service.aws_certificates import load_region_certificates
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.caller_identity import CallerIdentity
from openinspector.service.ports.instance_states import InstanceStates
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.settings import Settings
from openinspector.service.stores.access_key_sql import SqlAccessKeyStore
from openinspector.service.stores.advisory_sql import SqlAdvisoryStore
from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.change_sql import SqlChangeStore
from openinspector.service.stores.coverage_sql import SqlCoverageStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.identity_sql import SqlIdentityStore
from openinspector.service.stores.key_provider_file import MAGIC as FILE_MAGIC
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.key_provider_moved import MovedKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.node_locks_sql import SqlNodeLocks
from openinspector.service.stores.node_sql import SqlNodeStore, session_name
from openinspector.service.stores.notification_sql import SqlNotificationStore
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore
from openinspector.service.stores.preview_sql import SqlPreviewStore
from openinspector.service.stores.record_sql import (
    SCHEDULES,
    SUBSCRIPTIONS,
    TAILORINGS,
    WAIVERS,
    WEBHOOKS,
    SqlListedRecordStore,
    SqlRecordStore,
)
from openinspector.service.stores.report_sql import SqlReportStore
from openinspector.service.stores.role_sql import SqlRoleStore
from openinspector.service.stores.rollout_sql import SqlRolloutStore
from openinspector.service.stores.rule_result_sql import SqlRuleResultStore
from openinspector.service.stores.shared_secret_sql import SqlSharedSecretStore
from openinspector.service.stores.summary_sql import SqlSummaryStore
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.stores.user_sql import SqlUserStore
from openinspector.service.stores.wrapped_key_sql import SqlWrappedKeyStore
from openinspector.service.system_clock import SystemClock


def open_stores(settings: Settings, node_id: str = "none") -> Stores:
    """Open the stores that the settings select; create and migrate them as needed. StoreError."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database, session_name(node_id))
    migrate(engine)
    return Stores(
        assessments=SqlAssessmentStore(engine),
        agents=SqlAgentStore(engine),
        identities=SqlIdentityStore(engine),
        findings=SqlFindingStore(engine),
        telemetry=SqlTelemetryStore(engine),
        advisories=SqlAdvisoryStore(engine),
        access_keys=SqlAccessKeyStore(engine),
        previews=SqlPreviewStore(engine),
        schedules=SqlListedRecordStore(engine, SCHEDULES),
        roles=SqlRoleStore(engine),
        subscriptions=SqlRecordStore(engine, SUBSCRIPTIONS),
        webhooks=SqlListedRecordStore(engine, WEBHOOKS),
        waivers=SqlListedRecordStore(engine, WAIVERS),
        tailorings=SqlRecordStore(engine, TAILORINGS),
        notifications=SqlNotificationStore(engine),
        rollouts=SqlRolloutStore(engine),
        reports=SqlReportStore(engine),
        rule_results=SqlRuleResultStore(engine),
        coverage=SqlCoverageStore(engine),
        objects=ObstoreObjectStore.from_url(settings.objects),
        keys=_key_provider(settings),
        nodes=SqlNodeStore(engine),
        changes=SqlChangeStore(engine),
        locks=SqlNodeLocks(engine),
        shared_secrets=SqlSharedSecretStore(engine),
        users=SqlUserStore(engine),
        summaries=SqlSummaryStore(engine),
    )


def open_telemetry(settings: Settings, stores: Stores) -> Telemetry:
    """Return the use cases around telemetry, outside of a node."""
    clock = SystemClock()
    return Telemetry(
        TelemetryStores(index=stores.telemetry, objects=stores.objects, runs=stores.assessments),
        RunKeys(stores.keys, stores.telemetry, clock, settings.account),
        Counters(),
        clock,
        os.urandom,
    )


def open_shared_secrets(stores: Stores) -> SharedSecrets:
    """Return the secrets that all nodes share."""
    return SharedSecrets(stores.shared_secrets, stores.keys, SystemClock(), os.urandom)


def add_master_key(settings: Settings) -> str:
    """Add a master key to the key file, make it current and return its id; StoreError if the keys are in KMS."""
    provider = _key_provider(settings)
    if not isinstance(provider, FileKeyProvider):
        raise StoreError(
            "the master keys are not in a file",
            advice="Rotate the key in KMS, or name another one in OPENINSPECTOR_KEY_URL and run admin keys rewrap.",
        )
    return provider.rotate()


def open_master_key_move(settings: Settings) -> MasterKeyMove:
    """Return the use case that moves stored keys to the current master key; StoreError."""
    engine = open_engine(settings.database)
    migrate(engine)
    return MasterKeyMove(store=SqlWrappedKeyStore(engine), provider=_key_provider(settings), account=settings.account)


def open_access_keys(stores: Stores) -> AccessKeys:
    """Return the use cases around access keys."""
    return AccessKeys(store=stores.access_keys, provider=stores.keys, clock=SystemClock())


def open_users(stores: Stores) -> Users:
    """Return the use cases around the console's users."""
    return Users(stores.users, SystemClock())


def open_temporary_credentials(settings: Settings, stores: Stores) -> TemporaryCredentials:
    """Return the use cases around temporary credentials."""
    secret = imported_secret(open_shared_secrets(stores), "temporary-credentials", settings.data_dir)
    return TemporaryCredentials(stores.access_keys, secret, os.urandom)


def open_advisory_store(settings: Settings) -> AdvisoryStore:
    """Open the store of advisories."""
    return open_stores(settings).advisories


def imported_secret(shared: SharedSecrets, name: str, data_dir: Path) -> bytes:
    """Return a shared secret of 32 bytes. Versions before 0.2 kept it in a file, which is imported and deleted."""
    path = data_dir / f"{name}.key"
    secret = shared.get(name, lambda: path.read_bytes() if path.is_file() else secrets.token_bytes())
    path.unlink(missing_ok=True)
    return secret


def open_attesting(settings: Settings, ring: Callable[[str], None]) -> Attesting:
    """Return the enabled enrolment methods with their trust settings; ``ring`` raises an alarm."""
    found = discover("openinspector.service.attestors", "ATTESTOR", Attestor)
    folder = settings.aws_certificates
    return Attesting(
        attestors={name: found[name] for name in settings.enrolment_methods},
        trust=Trust(
            accounts=frozenset(settings.aws_accounts),
            roles=frozenset(settings.aws_roles),
            certificates={} if folder is None else load_region_certificates(folder),
            server_names=frozenset(settings.server_names),
            caller_identity=_caller_identity() if "aws_role" in settings.enrolment_methods else None,
        ),
        instances=_instance_states() if settings.aws_ask_ec2 == "yes" else None,
        holds_for=timedelta(hours=settings.attestation_hours),
        ring=ring,
    )


def _caller_identity() -> CallerIdentity:
    from openinspector.service.stores import caller_identity_sts  # noqa: PLC0415 - httpx, where it is used

    return caller_identity_sts.StsCallerIdentity()


def _instance_states() -> InstanceStates:
    from openinspector.service.stores import instance_states_ec2  # noqa: PLC0415 - boto3, where it is used

    return instance_states_ec2.Ec2InstanceStates()


def _key_provider(settings: Settings) -> KeyProvider:
    """Return the provider of the master keys. Older keys are opened by the previous one, or by the folder's file."""
    own_file = settings.data_dir / "keys.json"
    place = settings.key_url or own_file.as_uri()
    previous = settings.previous_key_url
    if not previous and not place.startswith("file:") and own_file.is_file():
        previous = own_file.as_uri()
    current, mark = _open_keys(place, settings)
    if not previous:
        return current
    older, older_mark = _open_keys(previous, settings)
    if older_mark == mark:
        raise StoreError(
            "OPENINSPECTOR_KEY_URL and OPENINSPECTOR_PREVIOUS_KEY_URL are of one kind",
            advice="A key file keeps its older keys, and KMS opens what any of its keys wrapped: remove the setting.",
        )
    return MovedKeyProvider(current, older, older_mark)


def _open_keys(place: str, settings: Settings) -> tuple[KeyProvider, bytes]:
    """Return the key provider of a URL and the first bytes of the keys it wraps."""
    scheme, _, rest = place.partition(":")
    if scheme == "aws-kms":
        from openinspector.service.stores import key_provider_kms as kms  # noqa: PLC0415 - boto3, where it is used

        return kms.KmsKeyProvider(rest, endpoint=settings.kms_endpoint), kms.MAGIC
    if scheme == "vault-transit":
        from openinspector.service.stores import key_provider_vault as vault  # noqa: PLC0415 - httpx, where it is used

        return vault.VaultKeyProvider(rest, os.environ), vault.MAGIC
    return FileKeyProvider(Path(unquote(rest.removeprefix("//")))), FILE_MAGIC
