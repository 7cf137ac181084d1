"""FindingIssues: the issue behind a stored finding, with the grounds that a waiver may hold.

A stored finding has no grounds. They are derived again from the telemetry and the snapshot of the finding's own run, so
that a waiver holds the values that its author saw, not those of today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from openinspector.engine.evaluate import RunEvaluation, issue_of
from openinspector.engine.rule import Rule, RuleContext
from openinspector.engine.subject import EvaluationSubject, Need, needs_of
from openinspector.engine.waiver import Issue
from openinspector.model.agent import AgentId
from openinspector.model.arn import RulesPackageArn, template_of
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Finding
from openinspector.network.judged_network import JudgedNetwork
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.run_networks import RunNetworks
from openinspector.service.worker.template_choices import TemplateChoices

_log = structlog.get_logger()

_PREFIX: Final = 2
"""Characters of a finding's id before the derived ones: ``0-``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingIssues:
    """Evaluates the host of a finding again, by the rules of the finding's package."""

    telemetry: Telemetry
    advisories: AdvisoryCache
    rules: Mapping[RulesPackageArn, Sequence[Rule]]
    choices: TemplateChoices
    networks: RunNetworks
    single_by_products: bool = False

    def issue_of(self, finding: Finding) -> Issue | None:
        """Return the issue of a finding; None if its data is gone or no longer gives the finding."""
        subject = self._subject(finding)
        if not needs_of(self.rules.get(finding.rules_package_arn, ())) <= subject.known:
            return None
        facts = subject.facts
        run = RunEvaluation(
            run_arn=finding.run_arn,
            rules={finding.rules_package_arn: self.rules.get(finding.rules_package_arn, ())},
            context=RuleContext(
                advisories=self.advisories.index_for((facts.distribution,) if facts.distribution else ()),
                single_by_products=self.single_by_products,
                tailoring=self.choices.tailoring_of(template_of(finding.run_arn)),
            ),
            now=finding.created_at,
            id_width=len(finding.arn.rpartition("/")[2]) - _PREFIX,
        )
        return issue_of(run, subject, finding.arn)

    def _subject(self, finding: Finding) -> EvaluationSubject:
        facts = self._facts(finding)
        known = facts is not None and bool(facts.sensors)
        return EvaluationSubject(
            id=finding.asset.agent_id, host=facts if known else None, network=self._network(finding)
        )

    def _network(self, finding: Finding) -> JudgedNetwork | None:
        if Need.SNAPSHOT not in needs_of(self.rules.get(finding.rules_package_arn, ())):
            return None
        try:
            return self.networks.open(finding.run_arn).network
        except Exception as error:  # noqa: BLE001 - any damage means the same: the grounds cannot be read
            _log.warning("waiver snapshot unreadable", run=finding.run_arn, error=type(error).__name__)
            return None

    def _facts(self, finding: Finding) -> HostFacts | None:
        agent_id = AgentId(finding.asset.agent_id)
        try:
            return self.telemetry.facts_of(finding.run_arn, agent_id)
        except Exception as error:  # noqa: BLE001 - any damage means the same: the grounds cannot be read
            _log.warning("waiver telemetry unreadable", run=finding.run_arn, agent=agent_id, error=type(error).__name__)
            return None
