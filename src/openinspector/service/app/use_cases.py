"""UseCases: every operation that users can request."""

from dataclasses import dataclass

from openinspector.service.app.access_role import AccessRoles
from openinspector.service.app.agents import Agents
from openinspector.service.app.benchmark_results import BenchmarkResults
from openinspector.service.app.coverage import Coverage
from openinspector.service.app.exclusions import Exclusions
from openinspector.service.app.exclusions_previews import ExclusionsPreviews
from openinspector.service.app.findings import Findings
from openinspector.service.app.hosts import Hosts
from openinspector.service.app.issues import Issues
from openinspector.service.app.reports import Reports
from openinspector.service.app.rules_packages import RulesPackages
from openinspector.service.app.runs import Runs
from openinspector.service.app.schedules import Schedules
from openinspector.service.app.search import Search
from openinspector.service.app.subscriptions import Subscriptions
from openinspector.service.app.tailorings import Tailorings
from openinspector.service.app.targets import Targets
from openinspector.service.app.templates import Templates
from openinspector.service.app.waivers import Waivers
from openinspector.service.app.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """One field per noun. API, console and command line use this class; each use case has only the ports it needs."""

    access_roles: AccessRoles
    agents: Agents
    coverage: Coverage
    benchmark_results: BenchmarkResults
    exclusions: Exclusions
    exclusions_previews: ExclusionsPreviews
    findings: Findings
    hosts: Hosts
    issues: Issues
    reports: Reports
    rules_packages: RulesPackages
    runs: Runs
    schedules: Schedules
    search: Search
    subscriptions: Subscriptions
    tailorings: Tailorings
    targets: Targets
    templates: Templates
    waivers: Waivers
    webhooks: Webhooks
