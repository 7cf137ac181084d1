"""Contract tests for every assessment store about templates; part of `assessment_store`."""

from collections.abc import Iterable, Sequence
from functools import partial

import pytest

from openinspector.model.assessment import AssessmentTemplate
from openinspector.model.asset import Tag
from openinspector.model.errors import StoreError
from openinspector.model.finding import Attribute
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.assessment_store import (
    AssessmentStore,
    DurationRange,
    MissingError,
    NameTakenError,
    QuotaError,
    RunInProgressError,
    RunTotals,
    TemplateFilter,
)
from openinspector.testing.conformance.assessment_targets import NAMES, PATTERNS, WHOLE
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.conformance.walk import walk
from openinspector.testing.counts import count_runs, count_templates
from openinspector.testing.model_builders import moment, rules_package_arn, run, target, template


class TemplateSuite:
    """The laws of templates."""

    def add_templates(self, store: AssessmentStore, templates: Iterable[AssessmentTemplate]) -> None:
        """Add targets 1 and 2, and templates."""
        for number in (1, 2):
            store.add_target(target(number))
        for one in templates:
            store.add_template(one)

    def test_templates_round_trip(self, store: AssessmentStore) -> None:
        whole = template(
            1,
            rules_package_arns=(rules_package_arn(2), rules_package_arn(1)),
            user_attributes=(Attribute(key="b", value="\x00é"), Attribute(key="a")),
            duration_seconds=86400,
        )
        bare = template(2, rules_package_arns=())
        self.add_templates(store, [whole, bare])
        assert store.templates_by_arn([template(9).arn, bare.arn, whole.arn]) == {bare.arn: bare, whole.arn: whole}
        assert count_templates(store) == len([whole, bare])

    def test_template_name_is_unique_within_its_target(self, store: AssessmentStore) -> None:
        """Another target's template may have it (F4.17)."""
        self.add_templates(store, [template(1, name="weekly")])
        with pytest.raises(NameTakenError, match="weekly"):
            store.add_template(template(2, name="weekly"))
        store.add_template(template(3, target(2).arn, name="weekly"))
        assert count_templates(store) == len([1, 3])

    def test_a_template_is_added_once(self, store: AssessmentStore) -> None:
        """An ARN is never used twice."""
        self.add_templates(store, [template(1)])
        with pytest.raises(StoreError):
            store.add_template(template(1, name="another"))
        assert list(store.list_templates(TemplateFilter(), WHOLE).rows) == [template(1)]

    def test_a_template_needs_its_target(self, store: AssessmentStore) -> None:
        self.add_templates(store, [])
        with pytest.raises(MissingError):
            store.add_template(template(1, target(9).arn))
        assert count_templates(store) == 0

    def test_quota_holds_for_concurrent_additions(self, store: AssessmentStore) -> None:
        """The last free place is taken once."""
        store.add_target(target())
        made = [partial(store.add_template, template(number, name=f"t{number}"), most=2) for number in range(6)]
        assert sum(isinstance(one, QuotaError) for one in at_once(made)) == len(made) - 2
        assert count_templates(store) == len([1, 2])

    def test_concurrent_additions_take_a_template_name_once(self, store: AssessmentStore) -> None:
        self.add_templates(store, [])
        done = at_once([partial(store.add_template, template(number, name="weekly")) for number in range(6)])
        assert sorted(type(one).__name__ for one in done) == ["NameTakenError"] * 5 + ["NoneType"]

    @pytest.mark.parametrize("limit", [1, 2, 5, 6])
    def test_templates_are_listed_by_time_then_arn(self, store: AssessmentStore, limit: int) -> None:
        made = [template(n, target(1 + n % 2).arn, created_at=moment(n % 2)) for n in (4, 1, 5, 3, 2)]
        self.add_templates(store, made)
        ordered = sorted(made, key=lambda one: (one.created_at, one.arn))
        assert walk(partial(store.list_templates, TemplateFilter()), limit) == ordered

    @pytest.mark.parametrize(("pattern", "names"), PATTERNS)
    def test_templates_are_found_by_name(self, store: AssessmentStore, pattern: str, names: Sequence[str]) -> None:
        self.add_templates(store, [template(number, name=name) for number, name in enumerate(NAMES)])
        found = store.list_templates(TemplateFilter(name_pattern=pattern), WHOLE)
        assert [one.name for one in found.rows] == list(names)

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            (TemplateFilter(target_arns=(target(2).arn,)), [2, 4]),
            (TemplateFilter(target_arns=(target(2).arn, target(1).arn, target(9).arn)), [1, 2, 3, 4]),
            (TemplateFilter(duration=DurationRange(minimum=200)), [2, 3, 4]),
            (TemplateFilter(duration=DurationRange(maximum=300)), [1, 2, 3]),
            (TemplateFilter(duration=DurationRange(minimum=200, maximum=300)), [2, 3]),
            (TemplateFilter(duration=DurationRange(minimum=201, maximum=299)), []),
            (TemplateFilter(rules_package_arns=(rules_package_arn(2),)), [2, 3]),
            (TemplateFilter(rules_package_arns=(rules_package_arn(2), rules_package_arn(1))), [2]),
            (TemplateFilter(rules_package_arns=(rules_package_arn(1),) * 2), [1, 2]),
            (TemplateFilter(rules_package_arns=(rules_package_arn(9),)), []),
            (
                TemplateFilter(
                    target_arns=(target(1).arn,),
                    name_pattern="template-?",
                    duration=DurationRange(minimum=100),
                    rules_package_arns=(rules_package_arn(2),),
                ),
                [3],
            ),
        ],
    )
    def test_template_filters_are_and_across_or_within(
        self, store: AssessmentStore, wanted: TemplateFilter, numbers: Sequence[int]
    ) -> None:
        """Durations include both ends (F11.33); but rules packages must all be the template's."""
        packages = {1: (1,), 2: (1, 2), 3: (2,), 4: ()}
        made = [
            template(
                number,
                target(2 - number % 2).arn,
                duration_seconds=100 * number,
                rules_package_arns=tuple(map(rules_package_arn, packages[number])),
            )
            for number in packages
        ]
        self.add_templates(store, made)
        expected = [made[number - 1] for number in numbers]
        assert list(store.list_templates(wanted, WHOLE).rows) == expected
        assert walk(partial(store.list_templates, wanted), 1) == expected

    def test_totals_count_existing_runs(self, store: AssessmentStore) -> None:
        """The last run is the one created last; at one moment, the one of the greater ARN (F4.22)."""
        self.add_templates(store, [template(1), template(2)])
        none = RunTotals(count=0, last_run_arn=None)
        assert store.run_totals([template(1).arn]) == {template(1).arn: none}
        for made in (run(2), run(4, created_at=moment(2)), run(3, created_at=moment(1)), run(1)):
            store.add_run(made, ())
            store.advance_run(made.arn, AssessmentRunState.CANCELED, moment(9))
        asked = [template(1).arn, template(2).arn, template(9).arn]
        assert store.run_totals(asked) == dict.fromkeys(asked, none) | {
            template(1).arn: RunTotals(count=4, last_run_arn=run(4).arn)
        }
        store.delete_run(run(4).arn)
        assert store.run_totals(asked)[template(1).arn] == RunTotals(count=3, last_run_arn=run(2).arn)

    def test_setting_tags_replaces_all(self, store: AssessmentStore) -> None:
        self.add_templates(store, [template(1), template(2)])
        assert store.template_tags(template(1).arn) == ()
        tags = (Tag(key="b", value="1"), Tag(key="a"))
        store.replace_template_tags(template(1).arn, tags)
        assert store.template_tags(template(1).arn) == tags
        assert store.template_tags(template(2).arn) == ()
        store.replace_template_tags(template(1).arn, tags[1:])
        assert store.template_tags(template(1).arn) == tags[1:]

    def test_missing_template_has_no_tags(self, store: AssessmentStore) -> None:
        with pytest.raises(MissingError):
            store.template_tags(template().arn)
        with pytest.raises(MissingError):
            store.replace_template_tags(template().arn, ())
        with pytest.raises(MissingError):
            store.delete_template(template().arn)

    def test_deleting_a_template_deletes_its_runs(self, store: AssessmentStore) -> None:
        self.add_templates(store, [template(1), template(2)])
        for made in (run(1), run(2, template(2).arn)):
            store.add_run(made, ())
            store.advance_run(made.arn, AssessmentRunState.ERROR, moment(9))
        assert store.delete_template(template(1).arn) == (run(1).arn,)
        assert store.runs_by_arn([run(1).arn]) == {}
        assert (count_templates(store), count_runs(store)) == (1, 1)
        store.add_template(template(1))
        assert store.run_totals([template(1).arn])[template(1).arn].count == 0

    def test_a_template_is_kept_while_a_run_is_in_progress(self, store: AssessmentStore) -> None:
        """The error names the runs."""
        self.add_templates(store, [template()])
        store.add_run(run(), ())
        with pytest.raises(RunInProgressError) as refusal:
            store.delete_template(template().arn)
        assert refusal.value.runs == (run().arn,)
        assert count_templates(store) == 1

    def test_a_template_is_deleted_or_run_but_not_both(self, store: AssessmentStore) -> None:
        self.add_templates(store, [template(number) for number in range(1, 16)])
        for number in range(1, 16):
            parent = template(number).arn
            starts = [partial(store.add_run, run(n, parent), ()) for n in range(4)]
            done = at_once([partial(store.delete_template, parent), *starts])
            assert type(done[0]) in (tuple, RunInProgressError)
            assert {type(one) for one in done[1:]} <= {type(None), MissingError}
        left = {one.arn for one in store.list_templates(TemplateFilter(), WHOLE).rows}
        running = store.runs_in_states([AssessmentRunState.CREATED])
        assert {one.template_arn for one in running} == left
