"""Contract tests for the counts of every finding store: a part of its suite."""

import pytest

from openinspector.model.finding import Severity
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.page import PageRequest
from openinspector.testing.model_builders import agent_id, asset, finding, rules_package_arn, run, stated_issue

RUN, OTHER_RUN = run(1).arn, run(2).arn
EVERYTHING = FindingFilter()


class TallySuite:
    """The laws of counting: by body, and by filter."""

    def test_hosts_of_each_body(self, store: FindingStore) -> None:
        """Bodies differ by their rules package, runs by their ARN."""
        shared = stated_issue(1)
        store.add_findings(
            [
                finding(1, body=shared, asset=asset(1)),
                finding(2, body=shared, asset=asset(2)),
                finding(3, body=shared, asset=asset(1), rules_package_arn=rules_package_arn(2)),
                finding(4, body=stated_issue(2), asset=asset(1)),
                finding(5, OTHER_RUN, body=shared, asset=asset(3)),
            ]
        )
        found = {(one.rules_package_arn, one.body): one.hosts for one in store.body_hosts(RUN)}
        assert found == {
            (rules_package_arn(), shared): {agent_id(1), agent_id(2)},
            (rules_package_arn(2), shared): {agent_id(1)},
            (rules_package_arn(), stated_issue(2)): {agent_id(1)},
        }
        assert len(store.body_hosts(RUN)) == len(found)
        assert list(store.body_hosts(run(9).arn)) == []

    @pytest.mark.parametrize(
        "wanted",
        [
            EVERYTHING,
            FindingFilter(run_arns=(RUN,)),
            FindingFilter(severities=(Severity.HIGH, Severity.LOW)),
            FindingFilter(agent_ids=(agent_id(1),)),
            FindingFilter(rules_package_arns=(rules_package_arn(2),), run_arns=(OTHER_RUN,)),
            FindingFilter(agent_ids=(agent_id(1),), severities=(Severity.HIGH,)),
            FindingFilter(rule_names=("no such rule",)),
        ],
    )
    def test_counts_are_of_the_list(self, store: FindingStore, wanted: FindingFilter) -> None:
        severities = list(Severity)
        store.add_findings(
            [
                finding(
                    number,
                    parent,
                    body=stated_issue(number, severity=severities[number % 3]),
                    asset=asset(number % 2 + 1),
                    rules_package_arn=rules_package_arn(number % 2 + 1),
                )
                for parent in (RUN, OTHER_RUN)
                for number in range(12)
            ]
        )
        matching = store.findings_by_arn(store.list_findings(wanted, PageRequest(limit=1000)).rows).values()
        counts = store.count_matches(wanted)
        assert counts.total == len(matching)
        assert counts.severities == {
            severity: sum(one.severity is severity for one in matching) for severity in Severity
        }
        packages = {one.rules_package_arn for one in matching}
        assert counts.rules_packages == {
            package: sum(one.rules_package_arn == package for one in matching) for package in packages
        }
