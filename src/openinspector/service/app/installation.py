"""Installation: what every use case needs of one installation: stores, clock, ids, names, quotas."""

from collections.abc import Callable
from dataclasses import dataclass

from openinspector.model.arn import ArnRealm, RunArn
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.quotas import Quotas
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.ports.preview_store import PreviewStore
from openinspector.service.ports.publisher import TopicPublisher
from openinspector.service.ports.report_store import ReportStore
from openinspector.service.ports.role_store import RoleStore
from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.ports.schedule_store import ScheduleStore
from openinspector.service.ports.subscription_store import SubscriptionStore
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.webhook_store import WebhookStore
from openinspector.service.ports.workflows import Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The stores and settings of one installation, as use cases see them."""

    assessments: AssessmentStore
    agents: AgentStore
    findings: FindingStore
    telemetry: TelemetryStore
    previews: PreviewStore
    schedules: ScheduleStore
    roles: RoleStore
    subscriptions: SubscriptionStore
    webhooks: WebhookStore
    notifications: NotificationStore
    topics: TopicPublisher
    webhook_secrets: SecretBox
    reports: ReportStore
    rule_results: RuleResultStore
    workflows: Workflows
    forget_telemetry: Callable[[RunArn], None]
    """Shreds the telemetry of a run: nobody can read it any more."""
    report_vault: ReportVault
    realm: ArnRealm
    rules_packages: tuple[RulesPackage, ...]
    quotas: Quotas
    clock: Clock
    new_id: NewId
