"""Join stores and surroundings into use cases and workers.

`bootstrap` opens the adapters; tests bring their own. Neither use cases nor workers see an `Assembly`: each takes
the ports it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from openinspector.engine.waiver import Issue
from openinspector.model.arn import ArnRealm, RunArn
from openinspector.model.finding import Finding
from openinspector.model.report import ReportFormat
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.access_role import AccessRoles
from openinspector.service.app.agents import Agents
from openinspector.service.app.benchmark_results import BenchmarkResults
from openinspector.service.app.coverage import Coverage
from openinspector.service.app.coverage_vault import CoverageVault
from openinspector.service.app.deletion import Deletion
from openinspector.service.app.exclusions import Exclusions
from openinspector.service.app.exclusions_previews import ExclusionsPreviews
from openinspector.service.app.findings import Findings
from openinspector.service.app.hosts import Hosts
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.issues import Issues, RecentSummaries
from openinspector.service.app.metrics import InstallationMetrics
from openinspector.service.app.quotas import Quotas
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.reports import Reports
from openinspector.service.app.rules_packages import RulesPackages
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.runs import Runs
from openinspector.service.app.schedules import Schedules
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.app.search import Search
from openinspector.service.app.subscriptions import Subscriptions
from openinspector.service.app.tailorings import Tailorings
from openinspector.service.app.target_members import TargetMembers
from openinspector.service.app.targets import Targets
from openinspector.service.app.templates import Templates
from openinspector.service.app.use_cases import UseCases
from openinspector.service.app.waivers import Waivers
from openinspector.service.app.webhooks import Webhooks
from openinspector.service.ports.access_key_store import AccessKeyStore
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.change_store import ChangeStore
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.cloud import CloudAccounts
from openinspector.service.ports.coverage_store import CoverageStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.identity_store import IdentityStore
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.node_locks import NodeLocks
from openinspector.service.ports.node_store import NodeStore
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.ports.preview_store import PreviewStore
from openinspector.service.ports.publisher import TopicPublisher
from openinspector.service.ports.record_store import (
    ScheduleStore,
    SubscriptionStore,
    TailoringStore,
    WaiverStore,
    WebhookStore,
)
from openinspector.service.ports.report_store import ReportStore
from openinspector.service.ports.role_store import RoleStore
from openinspector.service.ports.rollout_store import RolloutStore
from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.ports.shared_secret_store import SharedSecretStore
from openinspector.service.ports.summary_store import SummaryStore
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.user_store import UserStore
from openinspector.service.ports.workflows import Workflows
from openinspector.service.reports.content import ReportContent
from openinspector.service.worker.announcer import Announcer
from openinspector.service.worker.pending_runs import PendingRuns
from openinspector.service.worker.preview_maker import PreviewMaker
from openinspector.service.worker.report_contents import ReportContents
from openinspector.service.worker.report_maker import ReportMaker
from openinspector.service.worker.run_exclusions import RunExclusions
from openinspector.service.worker.run_summaries import RunSummaries
from openinspector.service.worker.schedule_starter import ScheduleStarter


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Every store of an installation."""

    assessments: AssessmentStore
    agents: AgentStore
    identities: IdentityStore
    findings: FindingStore
    telemetry: TelemetryStore
    advisories: AdvisoryStore
    access_keys: AccessKeyStore
    previews: PreviewStore
    schedules: ScheduleStore
    roles: RoleStore
    subscriptions: SubscriptionStore
    webhooks: WebhookStore
    waivers: WaiverStore
    tailorings: TailoringStore
    notifications: NotificationStore
    rollouts: RolloutStore
    reports: ReportStore
    rule_results: RuleResultStore
    coverage: CoverageStore
    objects: ObjectStore
    keys: KeyProvider
    nodes: NodeStore
    changes: ChangeStore
    locks: NodeLocks
    shared_secrets: SharedSecretStore
    users: UserStore
    summaries: SummaryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything except stores that an installation needs."""

    workflows: Workflows
    topics: TopicPublisher
    webhook_secrets: SecretBox
    webhook_host_refusal: Callable[[str], str | None]
    """Returns why nothing can ever be delivered to a host; None if it may be."""
    report_vault: ReportVault
    coverage_vault: CoverageVault
    shred_telemetry: Callable[[RunArn], None]
    """Destroys the data key of a run, then deletes its telemetry."""
    issue_of: Callable[[Finding], Issue | None]
    """Returns the issue of a finding, with the grounds that a waiver may hold; None if its telemetry is gone."""
    realm: ArnRealm
    rules_packages: tuple[RulesPackage, ...]
    needs: RunNeeds
    """Needs of the rules packages."""
    cloud: CloudAccounts | None
    """The accounts that are read; None if there is none."""
    instances: InstanceDirectory
    """The instances of these accounts."""
    quotas: Quotas
    clock: Clock
    new_id: NewId


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Builds each part from the stores and surroundings that it needs."""

    stores: Stores
    around: Surroundings

    def use_cases(self) -> UseCases:
        """Return all use cases."""
        stores, around = self.stores, self.around
        summaries = RecentSummaries(stores.summaries)
        issues = Issues(
            assessments=stores.assessments,
            findings=stores.findings,
            summaries=summaries,
            agents=stores.agents,
            advisories=stores.advisories,
        )
        return UseCases(
            access_roles=AccessRoles(
                roles=stores.roles,
                cloud=around.cloud,
                instances=around.instances,
                realm=around.realm,
                clock=around.clock,
            ),
            agents=Agents(
                assessments=stores.assessments,
                agents=stores.agents,
                members=self.members(),
                telemetry=stores.telemetry,
                clock=around.clock,
            ),
            coverage=Coverage(assessments=stores.assessments, coverage=stores.coverage, vault=around.coverage_vault),
            benchmark_results=BenchmarkResults(assessments=stores.assessments, rule_results=stores.rule_results),
            exclusions=Exclusions(assessments=stores.assessments, findings=stores.findings),
            exclusions_previews=ExclusionsPreviews(
                previews=stores.previews,
                assessments=stores.assessments,
                workflows=around.workflows,
                clock=around.clock,
            ),
            findings=Findings(assessments=stores.assessments, findings=stores.findings, clock=around.clock),
            hosts=Hosts(
                assessments=stores.assessments,
                agents=stores.agents,
                findings=stores.findings,
                rule_results=stores.rule_results,
                coverage=stores.coverage,
                summaries=summaries,
            ),
            issues=issues,
            reports=Reports(
                assessments=stores.assessments,
                reports=stores.reports,
                rule_results=stores.rule_results,
                workflows=around.workflows,
                clock=around.clock,
            ),
            rules_packages=RulesPackages(rules_packages=around.rules_packages),
            runs=self.runs(),
            schedules=Schedules(
                schedules=stores.schedules,
                assessments=stores.assessments,
                clock=around.clock,
                new_id=around.new_id,
            ),
            search=Search(assessments=stores.assessments, issues=issues),
            subscriptions=Subscriptions(
                subscriptions=stores.subscriptions,
                assessments=stores.assessments,
                notifications=stores.notifications,
                topics=around.topics,
                quotas=around.quotas,
                clock=around.clock,
            ),
            targets=Targets(
                assessments=stores.assessments,
                instances=around.instances,
                deletion=self.deletion(),
                realm=around.realm,
                quotas=around.quotas,
                clock=around.clock,
                new_id=around.new_id,
            ),
            templates=Templates(
                assessments=stores.assessments,
                rules_packages=around.rules_packages,
                deletion=self.deletion(),
                quotas=around.quotas,
                clock=around.clock,
                new_id=around.new_id,
            ),
            tailorings=Tailorings(
                tailorings=stores.tailorings,
                waivers=self.waivers(),
                assessments=stores.assessments,
                clock=around.clock,
            ),
            waivers=self.waivers(),
            webhooks=Webhooks(
                webhooks=stores.webhooks,
                assessments=stores.assessments,
                notifications=stores.notifications,
                secrets=around.webhook_secrets,
                quotas=around.quotas,
                clock=around.clock,
                new_id=around.new_id,
                host_refusal=around.webhook_host_refusal,
            ),
        )

    def runs(self) -> Runs:
        """Return the use cases of runs."""
        return Runs(
            assessments=self.stores.assessments,
            members=self.members(),
            telemetry=self.stores.telemetry,
            notifications=self.stores.notifications,
            workflows=self.around.workflows,
            deletion=self.deletion(),
            needs=self.around.needs,
            quotas=self.around.quotas,
            clock=self.around.clock,
            new_id=self.around.new_id,
        )

    def waivers(self) -> Waivers:
        """Return the use cases of waivers."""
        return Waivers(
            waivers=self.stores.waivers,
            assessments=self.stores.assessments,
            findings=self.stores.findings,
            issue_of=self.around.issue_of,
            clock=self.around.clock,
            new_id=self.around.new_id,
        )

    def members(self) -> TargetMembers:
        """Return the selection of hosts and instances by target."""
        return TargetMembers(
            assessments=self.stores.assessments, agents=self.stores.agents, instances=self.around.instances
        )

    def deletion(self) -> Deletion:
        """Return the use case that deletes the data of templates and runs."""
        stores = self.stores
        return Deletion(
            assessments=stores.assessments,
            schedules=stores.schedules,
            subscriptions=stores.subscriptions,
            webhooks=stores.webhooks,
            waivers=stores.waivers,
            tailorings=stores.tailorings,
            findings=stores.findings,
            summaries=stores.summaries,
            rule_results=stores.rule_results,
            coverage=stores.coverage,
            reports=stores.reports,
            notifications=stores.notifications,
            telemetry=stores.telemetry,
            shred_telemetry=self.around.shred_telemetry,
            report_vault=self.around.report_vault,
            clock=self.around.clock,
        )

    def metrics(self) -> InstallationMetrics:
        """Return the collector of the vendor's metrics."""
        return InstallationMetrics(
            assessments=self.stores.assessments,
            agents=self.stores.agents,
            members=self.members(),
            clock=self.around.clock,
        )

    def announcer(self) -> Announcer:
        """Return the announcer, which creates notifications."""
        return Announcer(
            assessments=self.stores.assessments,
            notifications=self.stores.notifications,
            subscriptions=self.stores.subscriptions,
            webhooks=self.stores.webhooks,
        )

    def run_summaries(self) -> RunSummaries:
        """Return the task that counts the findings of completed runs as issues."""
        return RunSummaries(
            assessments=self.stores.assessments, findings=self.stores.findings, summaries=self.stores.summaries
        )

    def pending_runs(self) -> PendingRuns:
        """Return the task that starts workflows of runs without one."""
        return PendingRuns(assessments=self.stores.assessments, workflows=self.around.workflows)

    def schedule_starter(self) -> ScheduleStarter:
        """Return the starter of due runs."""
        return ScheduleStarter(schedules=self.stores.schedules, runs=self.runs(), clock=self.around.clock)

    def run_exclusions(self) -> RunExclusions:
        """Return the source of exclusions known before a run collects."""
        return RunExclusions(
            assessments=self.stores.assessments,
            members=self.members(),
            rules_packages=self.around.rules_packages,
            needs=self.around.needs,
            clock=self.around.clock,
        )

    def preview_maker(self) -> PreviewMaker:
        """Return the body of the workflow that makes exclusions previews."""
        return PreviewMaker(
            previews=self.stores.previews,
            assessments=self.stores.assessments,
            members=self.members(),
            advisories=self.stores.advisories,
            rules_packages=self.around.rules_packages,
            needs=self.around.needs,
            clock=self.around.clock,
        )

    def report_contents(self) -> ReportContents:
        """Return the collector of the content of reports."""
        return ReportContents(
            assessments=self.stores.assessments,
            agents=self.stores.agents,
            findings=self.stores.findings,
            rule_results=self.stores.rule_results,
            coverage=self.stores.coverage,
            rules_packages=self.around.rules_packages,
            clock=self.around.clock,
        )

    def report_maker(self, lay_out: Callable[[ReportContent, ReportFormat], bytes]) -> ReportMaker:
        """Return the body of the workflow that makes reports; ``lay_out`` renders one."""
        return ReportMaker(
            assessments=self.stores.assessments,
            reports=self.stores.reports,
            contents=self.report_contents(),
            vault=self.around.report_vault,
            advisories=self.stores.advisories,
            lay_out=lay_out,
            clock=self.around.clock,
        )
