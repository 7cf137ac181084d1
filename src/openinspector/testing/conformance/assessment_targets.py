"""Contract tests for every assessment store about resource groups and targets; part of `assessment_store`."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import pytest

from openinspector.model.asset import Tag
from openinspector.model.errors import StoreError
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.assessment_store import (
    AssessmentStore,
    MissingError,
    NameTakenError,
    QuotaError,
    RunFilter,
    RunInProgressError,
    TemplateFilter,
)
from openinspector.service.ports.page import PageRequest
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.conformance.walk import walk
from openinspector.testing.counts import count_runs, count_targets, count_templates
from openinspector.testing.model_builders import moment, resource_group, run, target, template

WHOLE: Final = PageRequest(limit=1000)

NAMES: Final = ("web", "Web", "web-1", "web_1", "web%1", "w.b", "[w]eb", "wéb", "we\\b", "")
PATTERNS: Final[Sequence[tuple[str, Sequence[str]]]] = (
    ("web", ["web"]),
    ("WEB", []),
    ("*", NAMES),
    ("**", NAMES),
    ("web*", ["web", "web-1", "web_1", "web%1"]),
    ("w?b", ["web", "w.b", "wéb"]),
    ("???", ["web", "Web", "w.b", "wéb"]),
    ("*1", ["web-1", "web_1", "web%1"]),
    ("web?1", ["web-1", "web_1", "web%1"]),
    ("web_1", ["web_1"]),
    ("web%1", ["web%1"]),
    ("%", []),
    ("w.b", ["w.b"]),
    ("[w]eb", ["[w]eb"]),
    ("[*", ["[w]eb"]),
    ("*]*", ["[w]eb"]),
    ("[a-z]eb", []),
    ("we\\b", ["we\\b"]),
    ("we\\*", ["we\\b"]),
    ("w\\?b", []),
    ("", [""]),
)
"""Name patterns, and which of NAMES they match: shell wildcards ``*`` and ``?``, nothing else (decisions)."""


class TargetSuite:
    """The laws of resource groups and targets."""

    def test_groups_round_trip(self, store: AssessmentStore) -> None:
        tags = (Tag(key="b", value=""), Tag(key="a"), Tag(key="b", value="\x00é"))
        group = resource_group(1, tags=tags)
        store.add_resource_group(group)
        store.add_resource_group(resource_group(2))
        assert store.resource_groups_by_arn([resource_group(9).arn, group.arn]) == {group.arn: group}

    def test_targets_round_trip(self, store: AssessmentStore) -> None:
        grouped = target(2, resource_group_arn=resource_group().arn)
        store.add_target(target(1))
        store.add_target(grouped)
        asked = [target(9).arn, grouped.arn, target(1).arn, grouped.arn]
        assert store.targets_by_arn(asked) == {target(1).arn: target(1), grouped.arn: grouped}
        assert store.targets_by_arn([]) == {}
        assert count_targets(store) == len([target(1), grouped])

    def test_target_name_is_unique(self, store: AssessmentStore) -> None:
        store.add_target(target(1, name="web"))
        with pytest.raises(NameTakenError, match="web"):
            store.add_target(target(2, name="web"))
        store.add_target(target(3, name="Web"))
        assert [one.arn for one in store.list_targets(None, WHOLE).rows] == [target(1).arn, target(3).arn]

    def test_a_target_is_added_once(self, store: AssessmentStore) -> None:
        """An ARN is never used twice."""
        store.add_target(target(1))
        with pytest.raises(StoreError):
            store.add_target(target(1, name="another"))
        assert store.targets_by_arn([target(1).arn]) == {target(1).arn: target(1)}

    def test_quotas_hold_for_concurrent_additions(self, store: AssessmentStore) -> None:
        groups = [partial(store.add_resource_group, resource_group(number), most=2) for number in range(6)]
        targets = [partial(store.add_target, target(number, name=f"t{number}"), most=3) for number in range(6)]
        done = at_once([*groups, *targets])
        assert sum(isinstance(one, QuotaError) for one in done) == len([*groups, *targets]) - 2 - 3
        kept = store.resource_groups_by_arn([resource_group(number).arn for number in range(6)])
        assert (len(kept), count_targets(store)) == (2, 3)

    def test_concurrent_additions_take_a_target_name_once(self, store: AssessmentStore) -> None:
        offers = [target(number, name="web") for number in range(6)]
        done = at_once([partial(store.add_target, one) for one in offers])
        assert sorted(type(one).__name__ for one in done) == ["NameTakenError"] * 5 + ["NoneType"]
        assert count_targets(store) == done.count(None)

    def test_a_target_changes_name_group_and_update_time(self, store: AssessmentStore) -> None:
        store.add_target(target(1, resource_group_arn=resource_group().arn))
        store.replace_target(target(1, name="new", created_at=moment(50), updated_at=moment(60)))
        changed = target(1, name="new", updated_at=moment(60))
        assert store.targets_by_arn([target(1).arn]) == {target(1).arn: changed}
        again = target(1, name="new", resource_group_arn=resource_group(2).arn, updated_at=moment(70))
        store.replace_target(again)
        assert store.targets_by_arn([target(1).arn]) == {target(1).arn: again}

    def test_rename_to_a_used_name_is_refused(self, store: AssessmentStore) -> None:
        store.add_target(target(1))
        store.add_target(target(2))
        with pytest.raises(NameTakenError):
            store.replace_target(target(2, name="target-1"))
        assert list(store.list_targets(None, WHOLE).rows) == [target(1), target(2)]

    def test_a_missing_target_cannot_be_changed(self, store: AssessmentStore) -> None:
        with pytest.raises(MissingError):
            store.replace_target(target(1))
        with pytest.raises(MissingError):
            store.delete_target(target(1).arn)

    @pytest.mark.parametrize("limit", [1, 2, 5, 6])
    def test_targets_are_listed_by_time_then_arn(self, store: AssessmentStore, limit: int) -> None:
        made = [target(number, created_at=moment(number % 2)) for number in (4, 1, 5, 3, 2)]
        for one in made:
            store.add_target(one)
        ordered = sorted(made, key=lambda one: (one.created_at, one.arn))
        assert walk(partial(store.list_targets, None), limit) == ordered

    def test_pages_are_stable_while_targets_are_added(self, store: AssessmentStore) -> None:
        """Rows added after the cursor are listed, rows added before it are not; the cursor's row may be deleted."""
        for number in (2, 4, 6):
            store.add_target(target(number))
        first = store.list_targets(None, PageRequest(limit=2))
        for number in (1, 5):
            store.add_target(target(number))
        store.delete_target(target(4).arn)
        second = store.list_targets(None, PageRequest(limit=9, after=first.next))
        assert [*first.rows, *second.rows] == [target(number) for number in (2, 4, 5, 6)]

    @pytest.mark.parametrize(("pattern", "names"), PATTERNS)
    def test_targets_are_found_by_name(self, store: AssessmentStore, pattern: str, names: Sequence[str]) -> None:
        """The pattern must match the whole name, case sensitively."""
        for number, name in enumerate(NAMES):
            store.add_target(target(number, name=name))
        assert [one.name for one in store.list_targets(pattern, WHOLE).rows] == list(names)

    def test_many_wildcards_are_fast(self, store: AssessmentStore) -> None:
        """A pattern with many wildcards takes no longer than others."""
        store.add_target(target(1, name="a" * 140))
        assert list(store.list_targets("*a" * 60 + "*b", WHOLE).rows) == []

    def test_deleting_a_target_deletes_its_templates_and_runs(self, store: AssessmentStore) -> None:
        deleted, kept = template(1, target(1).arn), template(2, target(2).arn)
        for number in (1, 2):
            store.add_target(target(number))
        for one in (deleted, kept):
            store.add_template(one)
        runs = [run(number, deleted.arn) for number in (2, 1)]
        for one_run in (*runs, run(3, kept.arn)):
            store.add_run(one_run, ())
            store.advance_run(one_run.arn, AssessmentRunState.CANCELED, moment(9))
        assert store.delete_target(target(1).arn) == (runs[1].arn, runs[0].arn)
        assert list(store.list_targets(None, WHOLE).rows) == [target(2)]
        assert list(store.list_templates(TemplateFilter(), WHOLE).rows) == [kept]
        assert [one.arn for one in store.list_runs(RunFilter(), WHOLE).rows] == [run(3, kept.arn).arn]
        assert store.delete_target(target(2).arn) == (run(3, kept.arn).arn,)

    def test_a_target_is_kept_while_a_run_is_in_progress(self, store: AssessmentStore) -> None:
        store.add_target(target())
        store.add_template(template())
        for number in (1, 2):
            store.add_run(run(number), ())
        store.advance_run(run(1).arn, AssessmentRunState.CANCELED, moment(9))
        with pytest.raises(RunInProgressError) as refusal:
            store.delete_target(target().arn)
        assert refusal.value.runs == (run(2).arn,)
        assert (count_targets(store), count_templates(store)) == (1, 1)
        assert len(store.list_runs(RunFilter(), WHOLE).rows) == count_runs(store) == len([run(1), run(2)])

    def test_a_target_is_deleted_or_used_but_not_both(self, store: AssessmentStore) -> None:
        for number in range(1, 16):
            store.add_target(target(number))
            parent = target(number).arn
            additions = [partial(store.add_template, template(n, parent)) for n in range(4)]
            done = at_once([partial(store.delete_target, parent), *additions])
            assert type(done[0]) is tuple
            assert {type(one) for one in done[1:]} <= {type(None), MissingError}
        left = {one.arn for one in store.list_targets(None, WHOLE).rows}
        assert {one.target_arn for one in store.list_templates(TemplateFilter(), WHOLE).rows} <= left
