"""The one place that names concrete adapters and joins them to the parts that need them."""

import os
import secrets
from contextlib import asynccontextmanager
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from openinspector import __version__
from openinspector.engine.rule import Rule
from openinspector.model.arn import ArnRealm, RulesPackageArn
from openinspector.model.rules_package import rules_packages
from openinspector.plugins import discover
from openinspector.service.api.dispatch import routes as api_routes
from openinspector.service.api.services import ApiServices
from openinspector.service.app.access_keys import AccessKeys, NewAccessKey
from openinspector.service.app.counters import Counters
from openinspector.service.app.enrolment import Nonces, new_agent_id
from openinspector.service.app.heartbeats import Heartbeats, Intervals
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.run_workflow import RUN_WORKFLOW
from openinspector.service.app.sessions import Sessions
from openinspector.service.app.telemetry import Telemetry, TelemetryStores
from openinspector.service.certificates import write_private
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.routes import routes as gateway_routes
from openinspector.service.gateway.upkeep import upkeep
from openinspector.service.ports.access_key_store import AccessKeyStore
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.workflows import Workflows
from openinspector.service.settings import Settings
from openinspector.service.stores.access_key_sql import SqlAccessKeyStore
from openinspector.service.stores.advisory_sql import SqlAdvisoryStore
from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.finding_sql import SqlFindingStore
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.stores.workflows_dbos import DbosWorkflows
from openinspector.service.system_clock import SystemClock, new_resource_id
from openinspector.service.worker.advisories import AdvisoryShelf
from openinspector.service.worker.collection_monitor import CollectionMonitor, CollectionSettings
from openinspector.service.worker.evaluation import RunEvaluator
from openinspector.service.worker.retention_clock import RetentionClock
from openinspector.service.worker.run_driver import RunDriver
from openinspector.version import VersionScheme

_ADMINISTRATOR: Final = "administrator"
_INVENTORY_SENSORS: Final = ("os_release", "kernel", "network_interfaces", "instance_metadata", "listening_ports")
"""Asked of every host, whatever the rules read: who it is and what it offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Every store of an installation."""

    assessments: AssessmentStore
    agents: AgentStore
    findings: FindingStore
    telemetry: TelemetryStore
    advisories: AdvisoryStore
    access_keys: AccessKeyStore
    objects: ObjectStore
    keys: KeyProvider


def open_stores(settings: Settings) -> Stores:
    """Open the stores the settings name, making and migrating what is absent; StoreError."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database)
    migrate(engine)
    return Stores(
        assessments=SqlAssessmentStore(engine),
        agents=SqlAgentStore(engine),
        findings=SqlFindingStore(engine),
        telemetry=SqlTelemetryStore(engine),
        advisories=SqlAdvisoryStore(engine),
        access_keys=SqlAccessKeyStore(engine),
        objects=ObstoreObjectStore.from_url(settings.objects),
        keys=FileKeyProvider(settings.data_dir / "keys.json"),
    )


def open_access_keys(stores: Stores) -> AccessKeys:
    """Return the use cases around access keys."""
    return AccessKeys(store=stores.access_keys, provider=stores.keys, clock=SystemClock())


def open_advisory_store(settings: Settings) -> AdvisoryStore:
    """Open the store feeds are synced into."""
    return open_stores(settings).advisories


class Service:
    """A built service: start and stop it around its listener."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self.settings = settings
        self.stores = stores
        self._clock = SystemClock()
        self._counters = Counters()
        self._board = InstructionBoard()
        self._workflows: Workflows = DbosWorkflows(settings.workflow_database, application_version=_PROTOCOL)
        self._keys = RunKeys(stores.keys, stores.telemetry, self._clock, settings.account)
        self._telemetry = Telemetry(
            TelemetryStores(index=stores.telemetry, objects=stores.objects, runs=stores.assessments),
            self._keys,
            self._counters,
            self._clock,
            os.urandom,
        )
        self._rules = _rules_by_arn(settings)
        self._monitor = CollectionMonitor(
            assessments=stores.assessments,
            telemetry=stores.telemetry,
            board=self._board,
            workflows=self._workflows,
            settings=CollectionSettings(
                close_when_collected=settings.run_ends == "streams-closed", sensors_for=self._sensors_for
            ),
        )
        self._retention = RetentionClock(self._apply_retention)
        self.app: ASGIApp = self._application()

    def start(self) -> None:
        """Resume what was pending, and begin what the service does by itself."""
        self._workflows.launch({RUN_WORKFLOW: self._run_driver()})
        self._monitor.start()
        self._retention.start()

    def stop(self) -> None:
        """Stop what the service does by itself; whatever is pending resumes at the next start."""
        self._monitor.stop()
        self._retention.stop()
        self._workflows.shutdown()

    def first_key(self) -> NewAccessKey | None:
        """Return the administrator's key, made where no access key exists at all; None afterwards."""
        if self.stores.access_keys.list_all():
            return None
        return open_access_keys(self.stores).create(_ADMINISTRATOR, FULL_ACCESS)
