"""Contract tests for every finding store.

Subclass, and give the fixture ``store`` an empty one, and ``assessments`` the store of the runs it knows.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings

from openinspector.engine.finding_text import finding_attributes
from openinspector.model.arn import ExclusionArn, FindingArn, RunArn, exclusion_arn
from openinspector.model.asset import AssetAttributes, AssetInterface, Tag
from openinspector.model.errors import ModelError, StoreError
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.finding import AnyBody, Attribute, Finding, Severity
from openinspector.model.run_state import TERMINAL, AssessmentRunState
from openinspector.service.ports.assessment_store import AssessmentStore, TimeRange
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.page import PageRequest
from openinspector.testing.body_strategies import bodies
from openinspector.testing.conformance.assessment_runs import WHOLE_LIFE
from openinspector.testing.conformance.finding_tally import TallySuite
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.conformance.walk import walk
from openinspector.testing.model_builders import (
    agent_id,
    asset,
    exclusion,
    finding,
    moment,
    rules_package_arn,
    run,
    target,
    template,
)

RUN: RunArn = run(1).arn
OTHER_RUN: RunArn = run(2).arn
EVERYTHING = FindingFilter()
_WHOLE = PageRequest(limit=1000)


def listed(store: FindingStore, wanted: FindingFilter = EVERYTHING) -> list[FindingArn]:
    """Return one long page."""
    return list(store.list_findings(wanted, _WHOLE).rows)


def walked(store: FindingStore, wanted: FindingFilter, limit: int) -> list[FindingArn]:
    """Return all pages of ``limit`` one after the other."""
    return walk(partial(store.list_findings, wanted), limit)


def arns(findings: Iterable[Finding]) -> list[FindingArn]:
    """Return the findings' ARNs in the order of lists: by time, then ARN."""
    return [one.arn for one in sorted(findings, key=lambda one: (one.created_at, one.arn))]


def replaced_by(*attributes: Attribute) -> Callable[[tuple[Attribute, ...]], tuple[Attribute, ...]]:
    """Return the change that forgets what was there."""
    return lambda _before: attributes


class KeepingSuite:
    """The laws of adding, reading, counting and deleting findings."""

    @pytest.mark.parametrize(
        "text", ["", "plain", "naïve – 漏洞 🕳", 'q"uo\\te\n\t', "nul \x00 and \x01 here", "a" * 20_000]
    )
    def test_texts_round_trip(self, store: FindingStore, text: str) -> None:
        named = f"{text}{agent_id()}{text}"
        whole = finding(
            rule_id=f"rule {text}",
            title=named,
            description=text,
            recommendation=named,
            evidence=Evidence(statement=text),
        )
        store.add_findings([whole])
        assert store.findings_by_arn([whole.arn]) == {whole.arn: whole}

    def test_bodies_of_every_kind_round_trip(self, store: FindingStore) -> None:

        @settings(max_examples=25, deadline=None)
        @given(body=bodies())
        def holds(body: AnyBody) -> None:
            shared = [finding(number, asset=AssetAttributes(agent_id=f"i-{number}"), body=body) for number in (1, 2)]
            store.delete_run(RUN)
            store.add_findings(shared)
            assert store.findings_by_arn(arns(shared)) == {one.arn: one for one in shared}
            for attribute in finding_attributes(shared[0])[1:2]:
                wanted = FindingFilter(attributes=(attribute,))
                assert list(store.list_findings(wanted, PageRequest(limit=9)).rows) == arns(shared)

        holds()

    @pytest.mark.parametrize("name", ["", "a", "n", "u0001", '"', "\\", "\x01", agent_id()])
    def test_any_host_name(self, store: FindingStore, name: str) -> None:
        whole = finding(asset=AssetAttributes(agent_id=name), title="a banana\n\x01 named " + name)
        store.add_findings([whole])
        assert store.findings_by_arn([whole.arn]) == {whole.arn: whole}

    def test_every_field_round_trips(self, store: FindingStore) -> None:
        """Hosts, attributes in their order, times to the microsecond."""
        host = AssetAttributes(
            agent_id=agent_id(),
            hostname="h",
            ipv4_addresses=("192.0.2.1", "192.0.2.2"),
            ami_id="ami-1",
            auto_scaling_group="group",
            tags=(Tag(key="b", value="2"), Tag(key="a")),
            interfaces=(AssetInterface(ipv4_addresses=("192.0.2.1",), public_ip="p"), AssetInterface()),
        )
        pairs = (Attribute(key="z", value="1"), Attribute(key="a"), Attribute(key="z", value="1"))
        findings = [
            finding(number, severity=severity, asset=host, attributes=pairs, user_attributes=pairs[:number])
            for number, severity in enumerate(Severity)
        ]
        store.add_findings(findings)
        assert store.findings_by_arn(arns(findings)) == {one.arn: one for one in findings}

    def test_missing_findings_are_omitted(self, store: FindingStore) -> None:
        store.add_findings([finding(1)])
        assert list(store.findings_by_arn([finding(2).arn, finding(1).arn, finding(1, OTHER_RUN).arn])) == [
            finding(1).arn
        ]
        assert store.findings_by_arn([]) == {}

    def test_adding_again_changes_nothing(self, store: FindingStore) -> None:
        store.add_findings([finding(1)])
        store.change_user_attributes(finding(1).arn, replaced_by(Attribute(key="seen")), moment(9))
        kept = store.findings_by_arn([finding(1).arn])
        store.add_findings([finding(1, title="another", severity=Severity.HIGH), finding(2)])
        assert store.findings_by_arn([finding(1).arn]) == kept
        assert store.counts(RUN)[Severity.MEDIUM] == len(arns([finding(1), finding(2)]))
        assert store.counts(RUN)[Severity.HIGH] == 0

    def test_a_finding_given_twice_in_one_call_is_one(self, store: FindingStore) -> None:
        store.add_findings([finding(1), finding(1)])
        assert listed(store) == [finding(1).arn]

    def test_additions_are_atomic(self, store: FindingStore) -> None:
        """A finding with the ARN of another run makes the whole call fail."""
        with pytest.raises(StoreError):
            store.add_findings([finding(1), finding(2, run_arn=OTHER_RUN)])
        assert listed(store) == []

    def test_empty_batch_can_be_added(self, store: FindingStore) -> None:
        store.add_findings([])
        assert listed(store) == []

    def test_counts_have_all_five_severities(self, store: FindingStore) -> None:
        store.add_findings([finding(1, severity=Severity.HIGH), finding(2, severity=Severity.HIGH)])
        store.add_findings([finding(1, OTHER_RUN, severity=Severity.LOW)])
        assert store.counts(RUN) == dict.fromkeys(Severity, 0) | {Severity.HIGH: 2}
        assert store.counts(run(3).arn) == dict.fromkeys(Severity, 0)

    def test_findings_are_counted_by_package(self, store: FindingStore) -> None:
        second = rules_package_arn(2)
        store.add_findings([finding(1), finding(2), finding(3, rules_package_arn=second)])
        store.add_findings([finding(1, OTHER_RUN, rules_package_arn=second)])
        assert store.counts_by_package(RUN) == {rules_package_arn(1): 2, second: 1}
        assert store.counts_by_package(run(3).arn) == {}

    def test_user_attributes_are_replaced(self, store: FindingStore) -> None:
        before = finding(1, user_attributes=(Attribute(key="old", value="1"),))
        store.add_findings([before, finding(2)])
        new = (Attribute(key="b", value="2"), Attribute(key="a"))
        assert store.change_user_attributes(before.arn, replaced_by(*new), moment(9))
        after = msgspec.structs.replace(before, user_attributes=new, updated_at=moment(9))
        assert store.findings_by_arn([before.arn, finding(2).arn]) == {before.arn: after, finding(2).arn: finding(2)}
        assert store.change_user_attributes(before.arn, replaced_by())
        assert store.findings_by_arn([before.arn]) == {before.arn: msgspec.structs.replace(after, user_attributes=())}

    def test_user_attributes_are_computed_from_stored_ones(self, store: FindingStore) -> None:
        held = (Attribute(key="b", value="2"), Attribute(key="a"), Attribute(key="b", value="2"))
        store.add_findings([finding(1, user_attributes=held)])
        assert store.change_user_attributes(finding(1).arn, lambda before: before[::-1], moment(9))
        kept = store.findings_by_arn([finding(1).arn])
        assert kept[finding(1).arn].user_attributes == held[::-1]

        def refuse(_before: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
            raise ModelError("too many")

        with pytest.raises(ModelError):
            store.change_user_attributes(finding(1).arn, refuse, moment(10))
        assert store.findings_by_arn([finding(1).arn]) == kept

    def test_concurrent_changes_are_all_kept(self, store: FindingStore) -> None:
        store.add_findings([finding(1), finding(2)])
        added = [Attribute(key=f"key {number}") for number in range(16)]

        def one_more(new: Attribute, before: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
            time.sleep(0.005)  # so that changes overlap unless they wait for each other
            return (*before, new)

        changes = [partial(store.change_user_attributes, finding(1).arn, partial(one_more, new)) for new in added]
        assert at_once(changes) == [True] * len(added)
        kept = store.findings_by_arn([finding(1).arn])[finding(1).arn]
        assert set(kept.user_attributes) == set(added)
        assert all(listed(store, FindingFilter(user_attributes=(one,))) == [kept.arn] for one in added)

    def test_user_attributes_of_a_missing_finding_are_ignored(self, store: FindingStore) -> None:
        assert not store.change_user_attributes(finding(1).arn, replaced_by(Attribute(key="k")), moment(9))
        store.add_findings([finding(1)])
        assert not store.change_user_attributes(finding(2).arn, replaced_by(Attribute(key="k")), moment(9))
        assert store.findings_by_arn([finding(1).arn, finding(2).arn]) == {finding(1).arn: finding(1)}

    def test_deleting_a_run_deletes_its_findings_and_exclusions(self, store: FindingStore) -> None:
        store.add_findings([finding(1), finding(2), finding(1, OTHER_RUN)])
        store.add_exclusions([exclusion(1), exclusion(1, OTHER_RUN)])
        assert store.runs() == [RUN, OTHER_RUN]
        store.delete_run(RUN)
        store.delete_run(RUN)
        assert store.runs() == [OTHER_RUN]
        assert listed(store) == [finding(1, OTHER_RUN).arn]
        assert store.findings_by_arn([finding(1).arn]) == {}
        assert sum(store.counts(RUN).values()) == 0
        assert [list(store.list_exclusions(one, None, 9)) for one in (RUN, OTHER_RUN)] == [
            [],
            [exclusion(1, OTHER_RUN).arn],
        ]
        store.add_findings([finding(1, title="anew")])
        assert store.findings_by_arn([finding(1).arn])[finding(1).arn] == finding(1, title="anew")

    def test_findings_of_one_run_can_be_added_concurrently(self, store: FindingStore) -> None:
        """Batches of several workers that share texts and overlap, in opposite orders: each finding is there once."""
        findings = [finding(number) for number in range(60)]
        batches = [findings[start : start + 30] for start in (0, 10, 20, 30)]
        batches += [batch[::-1] for batch in batches]
        assert at_once([partial(store.add_findings, batch) for batch in batches]) == [None] * len(batches)
        assert listed(store) == arns(findings)
        assert store.findings_by_arn(arns(findings)) == {one.arn: one for one in findings}


class ListingSuite:
    """The laws of listing findings: order, pages, filters."""

    def test_findings_are_listed_by_time_then_arn(self, store: FindingStore) -> None:
        far = run(1, template(9).arn).arn
        findings = [
            finding(5, OTHER_RUN, created_at=moment(1)),
            finding(6, RUN, created_at=moment(1)),
            finding(4, RUN, created_at=moment(1)),
            finding(1, far, created_at=moment(1)),
            finding(3, OTHER_RUN, created_at=moment(0)),
            finding(2, RUN, created_at=moment(2)),
        ]
        for one in findings:
            store.add_findings([one])
        assert listed(store) == arns(findings)
        assert listed(store, FindingFilter(run_arns=(OTHER_RUN,))) == arns([findings[0], findings[4]])

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 24, 25])
    def test_pages_walk_through_all(self, store: FindingStore, limit: int) -> None:
        findings = [finding(number, run(1 + number % 3).arn, created_at=moment(number // 5)) for number in range(24)]
        store.add_findings(findings)
        assert walked(store, EVERYTHING, limit) == arns(findings)
        two = FindingFilter(run_arns=(RUN, OTHER_RUN))
        assert walked(store, two, limit) == arns([one for one in findings if one.run_arn in two.run_arns])

    def test_out_of_order_batches_are_listed_in_order(self, store: FindingStore) -> None:
        """A run's later batch may hold its earliest finding, or its latest."""
        batches = [[finding(5)], [finding(0), finding(9)], [finding(2, OTHER_RUN), finding(3, OTHER_RUN)]]
        for batch in batches:
            store.add_findings(batch)
        assert walked(store, EVERYTHING, 1) == arns(one for batch in batches for one in batch)
        assert listed(store, FindingFilter(created=TimeRange(begin=moment(7)))) == [finding(9).arn]

    def test_run_starting_at_a_page_boundary_is_not_skipped(self, store: FindingStore) -> None:
        findings = [finding(number, OTHER_RUN, created_at=moment(min(number, 1))) for number in range(3)]
        findings.append(finding(1, RUN, created_at=moment(1)))
        store.add_findings(findings)
        assert walked(store, EVERYTHING, 1) == arns(findings)

    def test_last_page_has_no_cursor(self, store: FindingStore) -> None:
        assert store.list_findings(EVERYTHING, PageRequest(limit=2)).next is None
        store.add_findings([finding(1), finding(2)])
        page = store.list_findings(EVERYTHING, PageRequest(limit=2))
        assert (list(page.rows), page.next) == (arns([finding(1), finding(2)]), None)

    def test_pages_are_stable_while_findings_are_added(self, store: FindingStore) -> None:
        """Rows added after the cursor are listed once, rows added before it are not."""
        store.add_findings([finding(number) for number in (2, 4, 6)])
        first = store.list_findings(EVERYTHING, PageRequest(limit=2))
        store.add_findings([finding(1), finding(5), finding(3, OTHER_RUN)])
        second = store.list_findings(EVERYTHING, PageRequest(limit=9, after=first.next))
        assert [*first.rows, *second.rows] == arns([finding(number) for number in (2, 4, 5, 6)])

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            (FindingFilter(agent_ids=(agent_id(2),)), [2, 5]),
            (FindingFilter(agent_ids=(agent_id(2), agent_id(3), "unknown")), [2, 3, 5, 6]),
            (FindingFilter(auto_scaling_groups=("odd",)), [1, 3, 4, 6]),
            (FindingFilter(rule_names=("CVE-2026-0002", "CVE-2026-0003")), [2, 3]),
            (FindingFilter(rule_names=("cve-2026-0002",)), []),
            (FindingFilter(rule_names=("CVE-2026-000%", "CVE-2026-000*", "CVE-2026-000_")), []),
            (FindingFilter(severities=(Severity.HIGH, Severity.LOW)), [1, 3, 6]),
            (FindingFilter(rules_package_arns=(rules_package_arn(2),)), [4, 5, 6]),
            (FindingFilter(attributes=(Attribute(key="CVE", value="CVE-2026-0004"),)), [4]),
            (FindingFilter(attributes=(Attribute(key="CVE"),)), []),
            (FindingFilter(user_attributes=(Attribute(key="team", value="blue"),)), [1, 2, 3]),
            (FindingFilter(user_attributes=(Attribute(key="bare"), Attribute(key="team", value="blue"))), [2, 3]),
            (FindingFilter(user_attributes=(Attribute(key="INSTANCE_ID", value=agent_id(1)),)), []),
            (FindingFilter(agent_ids=(agent_id(2), agent_id(1)), severities=(Severity.HIGH,)), [1]),
            (FindingFilter(agent_ids=(agent_id(1),), rule_names=("CVE-2026-0002",)), []),
            (
                FindingFilter(
                    run_arns=(RUN,),
                    agent_ids=(agent_id(1),),
                    auto_scaling_groups=("odd",),
                    rule_names=("CVE-2026-0001",),
                    severities=(Severity.HIGH,),
                    rules_package_arns=(rules_package_arn(1),),
                    attributes=(Attribute(key="INSTANCE_ID", value=agent_id(1)),),
                    user_attributes=(Attribute(key="team", value="blue"),),
                    created=TimeRange(begin=moment(1), end=moment(1)),
                ),
                [1],
            ),
        ],
    )
    def test_filters_are_and_across_or_within(
        self, store: FindingStore, wanted: FindingFilter, numbers: Sequence[int]
    ) -> None:
        store.add_findings(_SIX)
        expected = arns([one for one in _SIX if _NUMBERS[one.arn] in numbers])
        assert listed(store, wanted) == expected
        assert walked(store, wanted, 1) == expected

    @pytest.mark.parametrize(
        ("begin", "end", "numbers"),
        [(2, 4, [2, 3, 4]), (2, None, [2, 3, 4, 5, 6]), (None, 3, [1, 2, 3]), (7, None, []), (None, 0, []), (4, 2, [])],
    )
    def test_time_ranges_are_inclusive(
        self, store: FindingStore, begin: int | None, end: int | None, numbers: Sequence[int]
    ) -> None:
        store.add_findings(_SIX)
        created = TimeRange(begin=None if begin is None else moment(begin), end=None if end is None else moment(end))
        expected = arns([one for one in _SIX if _NUMBERS[one.arn] in numbers])
        assert listed(store, FindingFilter(created=created)) == expected
        assert walked(store, FindingFilter(created=created), 2) == expected

    def test_new_user_attributes_are_found_and_old_ones_are_not(self, store: FindingStore) -> None:
        """The filter follows AddAttributesToFindings and RemoveAttributesFromFindings."""
        store.add_findings(_SIX)
        store.change_user_attributes(_SIX[0].arn, replaced_by(Attribute(key="team", value="red")), moment(9))
        found = [
            listed(store, FindingFilter(user_attributes=(Attribute(key="team", value=colour),)))
            for colour in ("red", "blue")
        ]
        assert found == [arns(_SIX[:1]), arns(_SIX[1:3])]

    @pytest.mark.parametrize("end", sorted(TERMINAL))
    def test_findings_are_hidden_until_their_run_ends(
        self, store: FindingStore, assessments: AssessmentStore, end: AssessmentRunState
    ) -> None:
        _have_runs(assessments)
        findings = [finding(number, run(1 + number % 3).arn, created_at=moment(number)) for number in range(12)]
        store.add_findings(findings)
        ended = FindingFilter(of_ended_runs=True)
        assert listed(store, ended) == []
        for number in (3, 1):
            _end(assessments, run(number).arn, end)
        seen = [one for one in findings if one.run_arn != OTHER_RUN]
        for limit in (1, 3, 8, 9):
            assert walked(store, ended, limit) == arns(seen)
        assert listed(store, replace(ended, run_arns=(OTHER_RUN, run(3).arn))) == arns(seen[1::2])
        assert listed(store, replace(ended, run_arns=(OTHER_RUN,))) == []
        assert store.findings_by_arn(arns(findings), of_ended_runs=True) == {one.arn: one for one in seen}
        assert walked(store, EVERYTHING, 5) == arns(findings)
        assert store.findings_by_arn(arns(findings)) == {one.arn: one for one in findings}

    def test_unknown_run_has_not_ended(self, store: FindingStore) -> None:
        """Findings of a run whose deletion has begun are not seen."""
        store.add_findings([finding(1)])
        assert listed(store, FindingFilter(of_ended_runs=True)) == []
        assert store.findings_by_arn([finding(1).arn], of_ended_runs=True) == {}

    def test_an_unknown_run_has_no_findings(self, store: FindingStore) -> None:
        """It is not an error."""
        store.add_findings(_SIX)
        assert listed(store, FindingFilter(run_arns=(run(9).arn,))) == []


class FindingStoreSuite(KeepingSuite, ListingSuite, TallySuite):
    """The contract of `FindingStore`."""

    def test_exclusions_round_trip(self, store: FindingStore) -> None:
        preview = ExclusionPreview(
            kind=ExclusionKind.EVALUATION_ERROR,
            description="d \x00",
            recommendation="r",
            scopes=(
                Scope(key=ScopeKey.INSTANCE_ID, value=agent_id()),
                Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=rules_package_arn()),
            ),
            details=(Attribute(key="k"), Attribute(key="k", value="v")),
        )
        whole = exclusion(1, preview=preview)
        store.add_exclusions([whole, exclusion(2)])
        assert store.exclusions_by_arn([whole.arn, exclusion(9).arn]) == {whole.arn: whole}

    def test_adding_exclusions_again_changes_nothing(self, store: FindingStore) -> None:
        store.add_exclusions([exclusion(1)])
        other = replace(exclusion(1).preview, description="another")
        store.add_exclusions([exclusion(1, preview=other), exclusion(2), exclusion(2)])
        store.add_exclusions([])
        assert store.exclusions_by_arn([exclusion(1).arn])[exclusion(1).arn] == exclusion(1)
        assert list(store.list_exclusions(RUN, None, 9)) == [exclusion(1).arn, exclusion(2).arn]

    def test_exclusions_are_listed_in_the_order_of_their_arns(self, store: FindingStore) -> None:
        ids = ["0-a0000000", "0-B0000000", "0-00000000", "0-Z0000000", "0-z0000000"]
        made = [exclusion(arn=exclusion_arn(RUN, one)) for one in ids]
        store.add_exclusions([*made, exclusion(1, OTHER_RUN)])
        ordered: list[ExclusionArn] = sorted(one.arn for one in made)
        assert list(store.list_exclusions(RUN, None, 2)) == ordered[:2]
        assert list(store.list_exclusions(RUN, ordered[1], 9)) == ordered[2:]
        assert list(store.list_exclusions(RUN, ordered[-1], 9)) == []
        assert list(store.list_exclusions(run(9).arn, None, 9)) == []


def _have_runs(assessments: AssessmentStore) -> None:
    assessments.add_target(target())
    assessments.add_template(template())
    for number in (1, 2, 3):
        assessments.add_run(run(number), ())


def _end(assessments: AssessmentStore, arn: RunArn, end: AssessmentRunState) -> None:
    if end in (AssessmentRunState.COMPLETED, AssessmentRunState.COMPLETED_WITH_ERRORS):
        for state in WHOLE_LIFE[1:-1]:
            assessments.advance_run(arn, state, moment(20))
    assessments.advance_run(arn, end, moment(21))


def _one_of_six(number: int) -> Finding:
    severities = (Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.MEDIUM, Severity.UNDEFINED, Severity.HIGH)
    host = asset((number - 1) % 3 + 1)
    team = (Attribute(key="team", value="blue"), Attribute(key="bare"))
    return finding(
        number,
        RUN if number % 2 else OTHER_RUN,
        asset=replace(host, auto_scaling_group=None if host.agent_id == agent_id(2) else "odd"),
        severity=severities[number - 1],
        rules_package_arn=rules_package_arn(1 if number in range(1, 4) else 2),
        user_attributes=team[: number if number in range(1, 4) else 0],
    )


_SIX = [_one_of_six(number) for number in range(1, 7)]
_NUMBERS = {one.arn: number for number, one in enumerate(_SIX, start=1)}
