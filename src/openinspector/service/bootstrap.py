"""The only module that names concrete adapters and joins them to the parts that need them."""

import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from openinspector import __version__
from openinspector.engine.rule import Rule
from openinspector.model.arn import ArnRealm, RulesPackageArn
from openinspector.model.rules_package import RulesPackage, rules_packages
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.system_family import SystemFamily
from openinspector.plugins import discover
from openinspector.service.api.compression import Compression
from openinspector.service.api.dispatch import operations
from openinspector.service.api.dispatch import routes as api_routes
from openinspector.service.api.finding_export import routes as export_routes
from openinspector.service.api.health import routes as health_routes
from openinspector.service.api.metrics import routes as metrics_routes
from openinspector.service.api.report_download import routes as report_routes
from openinspector.service.api.services import ApiServices
from openinspector.service.app.access_keys import FULL_ACCESS, NewAccessKey
from openinspector.service.app.copied_hosts import CopiedHosts
from openinspector.service.app.counters import Counters
from openinspector.service.app.coverage_vault import CoverageVault
from openinspector.service.app.enrolment import Admission, Nonces, new_agent_id
from openinspector.service.app.exclusions_previews import PREVIEW_WORKFLOW
from openinspector.service.app.heartbeats import Heartbeats, Intervals
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.pagination import PageTokens
from openinspector.service.app.quotas import Quotas
from openinspector.service.app.readiness import Readiness, ReadinessCheck
from openinspector.service.app.releases import Releases
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.reports import REPORT_WORKFLOW
from openinspector.service.app.rule_catalogue import discover_rules, packages_with_rules
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.run_needs import needs_by_package
from openinspector.service.app.run_workflow import RUN_WORKFLOW
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.app.sensor_catalogue import sensors_for
from openinspector.service.app.sessions import Sessions
from openinspector.service.app.signed_links import EXPORTS, SignedLinks
from openinspector.service.app.snapshot_vault import SnapshotVault
from openinspector.service.app.telemetry import Telemetry, TelemetryStores
from openinspector.service.assembly import Assembly, Stores, Surroundings
from openinspector.service.certificates import (
    Certificates,
    ensure_certificates,
    make_authority,
    read_authority,
    write_authority,
    write_private,
)
from openinspector.service.cloud_access import home_role, open_cloud
from openinspector.service.console.routes import routes as console_routes
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.release_files import routes as release_routes
from openinspector.service.gateway.routes import routes as gateway_routes
from openinspector.service.gateway.upkeep import follow_agents, note_reattestations, upkeep
from openinspector.service.notify.network_guard import host_refusal
from openinspector.service.notify.topic_sns import SnsTopicPublisher
from openinspector.service.notify.webhook_https import HttpsWebhookPublisher, WebhookBounds
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.ports.telemetry_store import StreamLimits
from openinspector.service.ports.workflows import Workflows
from openinspector.service.ports.wrapped_key_store import WrappedKind
from openinspector.service.run_assembly import RunParts, run_driver
from openinspector.service.settings import Settings
from openinspector.service.store_access import (
    imported_secret,
    open_access_keys,
    open_attesting,
    open_shared_secrets,
    open_stores,
    open_temporary_credentials,
    open_users,
)
from openinspector.service.stores.audit_log_file import FileAuditLog
from openinspector.service.stores.workflows_client import QueuedWorkflows
from openinspector.service.stores.workflows_dbos import DbosWorkflows
from openinspector.service.system_clock import SystemClock, new_resource_id
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.change_watch import ChangeWatch
from openinspector.service.worker.collection_monitor import CollectionMonitor, CollectionSettings, CollectionStores
from openinspector.service.worker.courier import Courier, RetryPolicy
from openinspector.service.worker.dispatch import Dispatch
from openinspector.service.worker.feed_schedule import FeedSchedule
from openinspector.service.worker.feed_sync import FeedSync, known_feeds
from openinspector.service.worker.finding_issues import FindingIssues
from openinspector.service.worker.membership import RENEWAL_SECONDS, Membership
from openinspector.service.worker.periodic import Periodic, one_at_a_time
from openinspector.service.worker.report_process import lay_out
from openinspector.service.worker.retention import apply_retention
from openinspector.service.worker.run_driver import RunDriver
from openinspector.service.worker.run_networks import RunNetworks
from openinspector.service.worker.template_choices import TemplateChoices
from openinspector.version import VersionScheme

_ADMINISTRATOR: Final = "administrator"
_WORKFLOW_VERSION: Final = "1"
"""Changes only when a workflow's steps do: DBOS resumes workflows of the same version."""
_COUNTERS: Final = Counters()
_CHANGE_AGE: Final = timedelta(days=1)
"""Changes are kept much longer than a node that does not read them may live."""
_KEY_SECONDS: Final = 60.0
"""How often keys that were unwrapped long ago are removed from memory."""
_RETENTION_SECONDS: Final = 3600.0
_SCHEDULE_SECONDS: Final = 10.0
_PENDING_SECONDS: Final = 5.0
_ORPHAN_SECONDS: Final = 600.0
"""All exclusions are searched for their runs: 0.2 s for 300,000 of them on SQLite."""
_NOTIFICATION_SECONDS: Final = 1.0
_SUMMARY_SECONDS: Final = 1.0
_FEED_SECONDS: Final = 600.0
_CHECK_SECONDS: Final = 60.0
_NOT_BEGUN: Final = frozenset({AssessmentRunState.CREATED})
_READERS: Final = 8
"""Number of API calls that read from PostgreSQL concurrently."""


def webhook_host_refusal(settings: Settings) -> Callable[[str], str | None]:
    """Return the function that returns why nothing can ever be delivered to a host."""
    return partial(host_refusal, loopback=settings.webhook_loopback == "allowed")


class Service:
    """A built service: start and stop it around its listener."""

    def __init__(self, settings: Settings, stores: Stores, node_id: str) -> None:
        self.settings = settings
        self.stores = stores
        self._secrets = open_shared_secrets(stores)
        self._secrets.check()
        self.counters = _COUNTERS
        self._clock = SystemClock()
        self._works = "worker" in settings.roles
        workflows = DbosWorkflows if self._works else QueuedWorkflows
        self._workflows: Workflows = workflows(
            settings.workflow_database, application_version=_WORKFLOW_VERSION, executor_id=node_id
        )
        self._membership = Membership(
            node_id=node_id,
            nodes=stores.nodes,
            locks=stores.locks,
            workflows=self._workflows,
            roles=settings.roles,
            end=_end_at_once,
            monotonic=time.monotonic,
        )
        self._keys = RunKeys(stores.keys, stores.telemetry, self._clock, settings.account)
        self._telemetry = telemetry_of(settings, stores, self._keys)
        self._advisories = advisory_cache(stores)
        self._choices = TemplateChoices(waivers=stores.waivers, tailorings=stores.tailorings)
        packages = packages_with_rules(rules_packages(settings.partition, settings.region))
        self._rules = _rules_by_arn(packages)
        self._snapshots = SnapshotVault(stores.objects, self._keys)
        self._networks = RunNetworks(self._snapshots)
        issues = FindingIssues(
            telemetry=self._telemetry,
            advisories=self._advisories,
            rules=self._rules,
            choices=self._choices,
            networks=self._networks,
            single_by_products=settings.by_products == "each",
        )
        self._surroundings = _surroundings(settings, stores, self._workflows, self._keys, issues)
        self._assembly = Assembly(stores=stores, around=self._surroundings)
        self._board = InstructionBoard()
        self._audit = FileAuditLog(settings.data_dir / "audit")
        self._monitor = CollectionMonitor(
            stores=CollectionStores(assessments=stores.assessments, telemetry=stores.telemetry),
            board=self._board,
            workflows=self._workflows,
            settings=CollectionSettings(
                close_when_collected=settings.run_ends == "streams-closed", sensors_for=self._sensors_for
            ),
        )
        self._gateway = self._new_gateway()
        self._changes = ChangeWatch(
            stores.changes, (self._keys.follow, partial(follow_agents, self._gateway)), time.monotonic
        )
        self.readiness = Readiness(self._readiness_checks(node_id), time.monotonic)
        self._dispatch = Dispatch(stores.notifications, stores.locks, self._courier().deliver, self._clock)
        self._pending = self._assembly.pending_runs()
        self._feeds = _feed_schedule(settings, stores)
        self._periodic = (
            Periodic("membership", self._membership.turn, RENEWAL_SECONDS),
            Periodic("keys", self._keys.sweep, _KEY_SECONDS),
            *(self._work() if self._works else ()),
        )
        self.app: ASGIApp = self._application()

    def certificates(self) -> Certificates:
        """Return the certificates of the listener; all nodes share one authority. StoreError."""
        folder, now = self.settings.data_dir / "tls", self._clock.now()
        authority = self._secrets.get("authority", lambda: read_authority(folder) or make_authority(now))
        write_authority(folder, authority)
        return ensure_certificates(folder, self.settings.server_names, now)

    def start(self) -> None:
        """Register the node, resume pending workflows, and start the periodic work of its roles."""
        self._membership.join(self.settings.public, __version__, alone=self.settings.is_on_one_machine)
        self._workflows.launch(
            {
                RUN_WORKFLOW: self._run_driver(),
                PREVIEW_WORKFLOW: self._assembly.preview_maker(),
                REPORT_WORKFLOW: self._assembly.report_maker(lay_out),
            }
        )
        if self._works:
            self._pending.start()
        self._changes.start()
        note_reattestations(self._gateway)
        self._monitor.start()
        for periodic in self._periodic:
            periodic.start()

    def stop(self) -> None:
        """Stop periodic work; pending workflows resume at the next start."""
        self._monitor.stop()
        self._changes.stop()
        if self._feeds:
            self._feeds.stop()
        for periodic in self._periodic:
            periodic.stop()
        self._dispatch.stop()
        self._workflows.shutdown()
        self._membership.leave()

    def _work(self) -> Iterator[Periodic]:
        """Yield the periodic tasks of a worker; all but the deliveries are done by one node at a time."""
        yield Periodic("notifications", self._dispatch.turn, _NOTIFICATION_SECONDS)
        actions: Mapping[str, tuple[Callable[[], object], float]] = {
            **({"feeds": (self._feeds.sync_due, _FEED_SECONDS)} if self._feeds else {}),
            "retention": (self._apply_retention, _RETENTION_SECONDS),
            "schedules": (self._assembly.schedule_starter().start_due, _SCHEDULE_SECONDS),
            "pending": (partial(self._pending.start, _NOT_BEGUN), _PENDING_SECONDS),
            "orphans": (self._assembly.deletion().delete_orphans, _ORPHAN_SECONDS),
            "summaries": (self._assembly.run_summaries().make_pending, _SUMMARY_SECONDS),
            "announcements": (self._assembly.announcer().announce, _NOTIFICATION_SECONDS),
        }
        for name, (action, seconds) in actions.items():
            yield Periodic(name, one_at_a_time(self.stores.locks, name, action), seconds)

    def _readiness_checks(self, node_id: str) -> tuple[ReadinessCheck, ...]:
        """Return the readiness checks of this node."""
        return (
            ReadinessCheck(name="lease", ask=self._membership.check, every_seconds=0),
            ReadinessCheck(name="changes", ask=self._changes.check, every_seconds=0),
            ReadinessCheck(name="database", ask=self.stores.nodes.nodes, every_seconds=2),
            ReadinessCheck(name="keys", ask=self._secrets.check, every_seconds=_CHECK_SECONDS),
            ReadinessCheck(
                name="objects", ask=partial(_use_objects, self.stores.objects, node_id), every_seconds=_CHECK_SECONDS
            ),
        )

    def first_key(self) -> NewAccessKey | None:
        """Return the administrator's new key if there is no access key yet; otherwise None."""
        with self.stores.locks.hold("first key") as held:
            if not held or self.stores.access_keys.list_all():
                return None
            return open_access_keys(self.stores).create(_ADMINISTRATOR, FULL_ACCESS)

    def _application(self) -> ASGIApp:
        gateway = self._gateway

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            async with upkeep(gateway):
                yield

        data_dir = self.settings.data_dir
        link_secret = imported_secret(self._secrets, "report-links", data_dir)
        links = SignedLinks(link_secret, self.settings.public)
        services = ApiServices(
            app=self._assembly.use_cases(),
            access_keys=open_access_keys(self.stores),
            temporary_credentials=open_temporary_credentials(self.settings, self.stores),
            tokens=PageTokens(imported_secret(self._secrets, "pagination", data_dir), os.urandom),
            report_links=links,
            export_links=SignedLinks(link_secret, self.settings.public, EXPORTS),
            audit=self._audit,
            counters=_COUNTERS,
            realm=self._surroundings.realm,
            clock=self._clock,
        )
        token = self._metrics_token()
        metrics = metrics_routes(_COUNTERS.registry, [self._assembly.metrics()], token.decode())
        reports = report_routes(self.stores.reports, self._surroundings.report_vault, links, self._clock.now)
        exports = export_routes(services)
        readers = 1 if self.settings.database.startswith("sqlite") else _READERS
        roles = set(self.settings.roles) - ({"console"} if self.settings.console == "off" else set())
        parts: Mapping[str, Callable[[], Sequence[BaseRoute]]] = {
            "gateway": lambda: (*gateway_routes(gateway), *release_routes(self.settings.releases_dir)),
            "api": lambda: (*api_routes(services, readers), *reports, *exports),
            "console": lambda: (
                *console_routes(services, operations(), open_users(self.stores), readers),
                *(() if "api" in roles else exports),
            ),
        }
        served = (route for role, part in parts.items() if role in roles for route in part())
        return Compression(Starlette(routes=[*served, *health_routes(self.readiness), *metrics], lifespan=lifespan))

    def _metrics_token(self) -> bytes:
        """Return the token of /metrics, and write it where an administrator reads it."""
        path = self.settings.data_dir / "metrics.token"
        token = self._secrets.get(
            "metrics", lambda: path.read_bytes() if path.is_file() else secrets.token_urlsafe(32).encode()
        )
        write_private(path, token)
        return token

    def _new_gateway(self) -> Gateway:
        settings = self.settings
        intervals = Intervals(
            idle=timedelta(seconds=settings.heartbeat_seconds),
            collecting=timedelta(seconds=settings.collecting_heartbeat_seconds),
        )
        return Gateway(
            agents=self.stores.agents,
            heartbeats=Heartbeats(self.stores.agents, self._board, _COUNTERS, intervals),
            telemetry=self._telemetry,
            releases=Releases(rollouts=self.stores.rollouts, agents=self.stores.agents, clock=self._clock),
            sessions=Sessions(os.urandom),
            is_stale=lambda: self._changes.is_stale(),  # noqa: PLW0108 - the watch is made after the gateway
            copied_hosts=CopiedHosts(intervals.idle),
            nonces=Nonces(os.urandom),
            counters=_COUNTERS,
            clock=self._clock,
            admission=Admission(
                agents=self.stores.agents,
                identities=self.stores.identities,
                attesting=open_attesting(settings, _COUNTERS.alarm),
                new_id=partial(new_agent_id, os.urandom),
            ),
        )

    def _run_driver(self) -> RunDriver:
        parts = RunParts(
            telemetry=self._telemetry,
            snapshots=self._snapshots,
            advisories=self._advisories,
            rules=self._rules,
            choices=self._choices,
            networks=self._networks,
        )
        return run_driver(self.stores, self._surroundings, parts, self.settings)

    def _courier(self) -> Courier:
        stores, settings = self.stores, self.settings
        bounds = WebhookBounds(
            ca_file=Path(settings.webhook_ca_file) if settings.webhook_ca_file else None,
            loopback=settings.webhook_loopback == "allowed",
        )
        return Courier(
            notifications=stores.notifications,
            assessments=stores.assessments,
            findings=stores.findings,
            webhooks=stores.webhooks,
            webhook_secrets=self._surroundings.webhook_secrets,
            topic_publisher=self._surroundings.topics,
            webhook_publisher=HttpsWebhookPublisher(bounds, self._clock),
            counters=_COUNTERS,
            clock=self._clock,
            retry_policy=RetryPolicy(
                give_up=timedelta(hours=settings.notification_hours), random=secrets.SystemRandom().random
            ),
        )

    def _sensors_for(self, packages: Sequence[RulesPackageArn], system: SystemFamily) -> tuple[str, ...]:
        return sensors_for((rule for package in packages for rule in self._rules.get(package, ())), system)

    def _apply_retention(self) -> None:
        now = self._clock.now()
        apply_retention(self._telemetry, self.stores.telemetry, self.settings.retention_days, now)
        self.stores.changes.forget_before(now - _CHANGE_AGE)
        self._audit.forget(now - timedelta(days=self.settings.audit_days))


def build_service(settings: Settings) -> Service:
    """Build the service the settings describe; StoreError if a store cannot be opened."""
    node_id = os.urandom(8).hex()
    return Service(settings, open_stores(settings, node_id), node_id)


def _feed_schedule(settings: Settings, stores: Stores) -> FeedSchedule | None:
    if not settings.feeds_sync_hours:
        return None
    sync = FeedSync(
        store=stores.advisories, clock=SystemClock(), workspace=settings.data_dir / "feeds", feeds=known_feeds()
    )
    return FeedSchedule(sync, timedelta(hours=settings.feeds_sync_hours))


def advisory_cache(stores: Stores) -> AdvisoryCache:
    """Return the cache of indices over the stored advisories."""
    return AdvisoryCache(stores.advisories, discover("openinspector.versions", "SCHEME", VersionScheme))


def telemetry_of(settings: Settings, stores: Stores, keys: RunKeys) -> Telemetry:
    """Return the use cases around telemetry."""
    clock = SystemClock()
    return Telemetry(
        TelemetryStores(
            index=stores.telemetry,
            objects=stores.objects,
            runs=stores.assessments,
            limits=StreamLimits(records=settings.max_host_records, size=settings.max_host_mebibytes * 1024 * 1024),
        ),
        keys,
        _COUNTERS,
        clock,
        os.urandom,
    )


def _surroundings(
    settings: Settings, stores: Stores, workflows: Workflows, keys: RunKeys, issues: FindingIssues
) -> Surroundings:
    telemetry = telemetry_of(settings, stores, keys)
    packages = packages_with_rules(rules_packages(settings.partition, settings.region))
    cloud = open_cloud(settings, home_role(stores.roles))
    return Surroundings(
        topics=SnsTopicPublisher(settings.sns_endpoint),
        webhook_secrets=SecretBox(WrappedKind.WEBHOOK, stores.keys, os.urandom),
        webhook_host_refusal=webhook_host_refusal(settings),
        workflows=workflows,
        shred_telemetry=telemetry.run_canceled,
        report_vault=ReportVault(stores.objects, stores.keys, settings.account),
        issue_of=issues.issue_of,
        coverage_vault=CoverageVault(stores.objects, keys, os.urandom),
        realm=ArnRealm(partition=settings.partition, region=settings.region, account=settings.account),
        rules_packages=packages,
        needs=needs_by_package(_rules_by_arn(packages)),
        cloud=cloud,
        instances=InstanceDirectory(cloud, SystemClock()),
        quotas=Quotas(
            instances=settings.max_instances,
            resource_groups=settings.max_resource_groups,
            targets=settings.max_targets,
            templates=settings.max_templates,
            runs=settings.max_runs,
            subscriptions=settings.max_subscriptions,
        ),
        clock=SystemClock(),
        new_id=new_resource_id,
    )


def _rules_by_arn(packages: Sequence[RulesPackage]) -> Mapping[RulesPackageArn, Sequence[Rule]]:
    found = discover_rules()
    return {package.arn: tuple(found[package.folder].values()) for package in packages}


def _use_objects(objects: ObjectStore, node_id: str) -> None:
    """Store and read an object; StoreError."""
    name = f"health/{node_id}"
    objects.put(name, b"ok")
    objects.get(name)


def _end_at_once() -> None:
    """End the process without finishing anything: other nodes have taken over its work."""
    os._exit(os.EX_TEMPFAIL)
