"""A whole installation on SQLite in a folder, without a listener, with workflows that are only recorded.

One call adds the data that hosts, the run driver and the engine would have added: ``built.heartbeat(3)``,
``built.end_run(arn)``, ``built.produced(finding(1, arn))``.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from openinspector.model.agent import Agent, AgentHealthCode, HostDescription
from openinspector.model.arn import RunArn
from openinspector.model.asset import Tag
from openinspector.model.exclusion import Exclusion
from openinspector.model.finding import Finding
from openinspector.model.rules_package import rules_packages
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.services import ApiServices
from openinspector.service.app.access_keys import AccessKeys
from openinspector.service.app.counters import Counters
from openinspector.service.app.coverage_vault import CoverageVault
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.pagination import PageTokens
from openinspector.service.app.quotas import Quotas
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.app.signed_links import EXPORTS, SignedLinks
from openinspector.service.app.telemetry import DEFAULT_LIMITS
from openinspector.service.app.temporary_credentials import TemporaryCredentials
from openinspector.service.app.use_cases import UseCases
from openinspector.service.assembly import Assembly, Stores, Surroundings
from openinspector.service.bootstrap import webhook_host_refusal
from openinspector.service.ports.agent_store import Contact, EnrolmentToken
from openinspector.service.ports.cloud import CloudAccounts
from openinspector.service.ports.publisher import TopicPublisher
from openinspector.service.ports.telemetry_store import RunKey, StoredEnvelope, Volume
from openinspector.service.ports.wrapped_key_store import WrappedKind
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_stores
from openinspector.testing import model_builders as builders
from openinspector.testing.fake_clock import EPOCH, FakeClock
from openinspector.testing.memory_audit_log import MemoryAuditLog
from openinspector.testing.memory_publisher import MemoryPublisher
from openinspector.testing.recorded_workflows import RecordedWorkflows
from openinspector.wire.telemetry import MessageType

PACKAGES: Final = rules_packages(builders.REALM.partition, builders.REALM.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInstallation:
    """An installation with its API, and methods that stand in for the rest of the system."""

    services: ApiServices
    assembly: Assembly
    stores: Stores
    clock: FakeClock
    workflows: RecordedWorkflows
    topics: MemoryPublisher
    shredded: list[RunArn]
    """Runs whose telemetry was shredded, in order."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def app(self) -> UseCases:
        """The use cases."""
        return self.services.app

    @property
    def around(self) -> Surroundings:
        """Everything beside stores."""
        return self.assembly.around

    def with_stores(self, **stores: Any) -> Assembly:
        """Return an assembly with some stores replaced."""
        return replace(self.assembly, stores=replace(self.stores, **stores))

    def with_surroundings(self, **parts: Any) -> Assembly:
        """Return an assembly with some surroundings replaced."""
        return replace(self.assembly, around=replace(self.around, **parts))

    def enrolled(self, number: int = 1, tags: tuple[Tag, ...] = (), **fields_: Any) -> Agent:
        """Enrol host ``number`` with ``tags``, without a heartbeat."""
        digest = f"{next(self._numbers):064x}"
        now = self.clock.now()
        token = EnrolmentToken(digest=digest, tags=tags, uses_left=1, created_at=now, expires_at=builders.moment(10**9))
        self.stores.agents.add_token(token)
        agent = self.stores.agents.enrol(digest, builders.agent(number, enrolled_at=now, **fields_))
        assert agent is not None
        return agent

    def heartbeat(self, number: int = 1, tags: tuple[Tag, ...] = (), **contact: Any) -> Agent:
        """Enrol host ``number`` with ``tags`` if needed, and send a heartbeat of it with the fields ``contact``."""
        known = self.stores.agents.agents_by_id([builders.agent_id(number)])
        agent = known[0] if known else self.enrolled(number, tags)
        heartbeat = Contact(
            agent_id=agent.id,
            at=self.clock.now(),
            host=HostDescription(hostname=f"host-{number}.example", distribution="debian:12"),
            health_code=AgentHealthCode.IDLE,
            health_details="",
            heartbeat_interval=agent.heartbeat_interval,
        )
        self.stores.agents.record_contacts([replace(heartbeat, **contact)])
        return self.stores.agents.agents_by_id([agent.id])[0]

    def reached(self, run: RunArn, *states: AssessmentRunState) -> None:
        """Make a run enter states, one second apart."""
        for state in states:
            self.clock.advance(1)
            self.stores.assessments.advance_run(run, state, self.clock.now())

    def end_run(self, run: RunArn) -> None:
        """End a run."""
        self.reached(run, AssessmentRunState.FAILED)

    def complete_run(self, run: RunArn) -> None:
        """Make a run enter every state up to COMPLETED."""
        self.reached(
            run,
            AssessmentRunState.START_DATA_COLLECTION_PENDING,
            AssessmentRunState.START_DATA_COLLECTION_IN_PROGRESS,
            AssessmentRunState.COLLECTING_DATA,
            AssessmentRunState.STOP_DATA_COLLECTION_PENDING,
            AssessmentRunState.DATA_COLLECTED,
            AssessmentRunState.EVALUATING_RULES,
            AssessmentRunState.COMPLETED,
        )

    def produced(self, *what: Finding | Exclusion) -> None:
        """Store findings and exclusions."""
        self.stores.findings.add_findings([one for one in what if isinstance(one, Finding)])
        self.stores.findings.add_exclusions([one for one in what if isinstance(one, Exclusion)])

    def sent(self, run: RunArn, agent: Agent, **volumes: tuple[int, int]) -> None:
        """Store that an agent sent messages: ``InspectorPackageInfo=(count, bytes)``."""
        now, seq = self.clock.now(), next(self._numbers)
        self.stores.telemetry.add_run_key(RunKey(run_arn=run, wrapped=b"wrapped", created_at=now))
        self.stores.telemetry.record(
            StoredEnvelope(
                run_arn=run,
                agent_id=agent.id,
                stream="collection",
                seq=seq,
                digest=f"{seq:064x}",
                object_name=f"telemetry/{seq}",
                size=sum(size for _, size in volumes.values()),
                volumes={MessageType(name): Volume(count=n, size=size) for name, (n, size) in volumes.items()},
                received_at=now,
            ),
            DEFAULT_LIMITS,
        )


def open_installation(
    folder: Path,
    *,
    now: datetime = EPOCH,
    topics: TopicPublisher | None = None,
    cloud: CloudAccounts | None = None,
    needs: RunNeeds | None = None,
    **quotas: int,
) -> BuiltInstallation:
    """Return an empty installation in ``folder`` with a clock fixed at ``now`` and fields of `Quotas`.

    ``cloud`` are its accounts, and ``needs`` those of its rules packages. ``topics`` replace those of
    `BuiltInstallation.topics`, which only record notifications.
    """
    stores = open_stores(Settings(data_dir=folder))
    clock, workflows, shredded = FakeClock(now), RecordedWorkflows(), list[RunArn]()
    ids, nonces, noted = count(1), count(1), MemoryPublisher()
    around = Surroundings(
        topics=topics or noted,
        webhook_secrets=SecretBox(WrappedKind.WEBHOOK, stores.keys, os.urandom),
        webhook_host_refusal=webhook_host_refusal(Settings()),
        workflows=workflows,
        shred_telemetry=shredded.append,
        issue_of=lambda _finding: None,
        report_vault=ReportVault(stores.objects, stores.keys, builders.REALM.account),
        coverage_vault=CoverageVault(
            stores.objects, RunKeys(stores.keys, stores.telemetry, clock, builders.REALM.account), os.urandom
        ),
        realm=builders.REALM,
        rules_packages=PACKAGES,
        needs=needs or RunNeeds(),
        cloud=cloud,
        instances=InstanceDirectory(cloud, clock),
        quotas=Quotas(**quotas),
        clock=clock,
        new_id=lambda: f"0-K{next(ids):07d}",
    )
    assembly = Assembly(stores=stores, around=around)
    services = ApiServices(
        app=assembly.use_cases(),
        access_keys=AccessKeys(store=stores.access_keys, provider=stores.keys, clock=clock),
        temporary_credentials=TemporaryCredentials(stores.access_keys, bytes(32), os.urandom),
        tokens=PageTokens(bytes(32), lambda size: next(nonces).to_bytes(size, "big")),
        report_links=SignedLinks(bytes(32), "https://inspector.example:8443"),
        export_links=SignedLinks(bytes(32), "https://inspector.example:8443", EXPORTS),
        audit=MemoryAuditLog(),
        counters=Counters(),
        realm=around.realm,
        clock=clock,
    )
    return BuiltInstallation(
        services=services,
        assembly=assembly,
        stores=stores,
        clock=clock,
        workflows=workflows,
        topics=noted,
        shredded=shredded,
    )
