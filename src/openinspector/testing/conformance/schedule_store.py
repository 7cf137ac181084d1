"""Contract tests for every schedule store. Subclass, and provide an empty one as the fixture ``store``."""

from dataclasses import replace
from typing import Any

import pytest

from openinspector.model.arn import schedule_arn
from openinspector.model.errors import StoreError
from openinspector.model.schedule import Schedule
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.schedule_store import ScheduleStore
from openinspector.testing import model_builders as builders


def schedule(number: int = 1, template: int = 1, target: int = 1, **fields: Any) -> Schedule:
    """Return a schedule of a template."""
    parent = builders.template(template, builders.target(target).arn).arn
    made = Schedule(
        arn=schedule_arn(parent, builders.resource_id(number)),
        template_arn=parent,
        expression="rate(7 days)",
        created_at=builders.moment(number),
        next_at=builders.moment(number + 100),
    )
    return replace(made, **fields)


class ScheduleStoreSuite:
    """The contract of `ScheduleStore`."""

    def test_a_schedule_comes_back_as_it_was_added(self, store: ScheduleStore) -> None:
        """Every field of it; its ARN is taken from then on."""
        full = schedule(enabled=False, last_run_arn=builders.run().arn, last_problem="Zürich \x00")
        store.add(full)
        assert store.get(full.arn) == full
        assert store.get(schedule(2).arn) is None
        with pytest.raises(StoreError):
            store.add(full)

    def test_it_is_replaced_and_deleted_where_it_is_there(self, store: ScheduleStore) -> None:
        """A late change returns False."""
        store.add(schedule())
        changed = schedule(next_at=builders.moment(500), enabled=False)
        assert store.replace(schedule(), changed)
        assert store.get(changed.arn) == changed
        assert not store.replace(schedule(2), schedule(2))
        assert store.delete(changed.arn)
        assert not store.delete(changed.arn)
        assert store.count() == 0

    def test_of_two_changes_of_the_same_schedule_the_later_is_refused(self, store: ScheduleStore) -> None:
        """Whatever field a user changed; results of a start do not count."""
        read, other = schedule(), schedule(2)
        store.add(other)
        for changed in (
            schedule(enabled=False),
            schedule(expression="rate(1 day)"),
            schedule(next_at=builders.moment(500)),
        ):
            store.add(read)
            assert store.replace(read, changed)
            assert not store.replace(read, schedule(next_at=builders.moment(900), last_problem="late"))
            assert store.get(read.arn) == changed
            noted = replace(changed, last_problem="busy", last_run_arn=builders.run().arn)
            assert store.replace(changed, noted)
            assert store.replace(changed, changed)
            assert store.get(read.arn) == changed
            store.delete(read.arn)
        assert store.get(other.arn) == other

    def test_what_is_below_goes_with_its_parent(self, store: ScheduleStore) -> None:
        """Of a template, or of every template of a target."""
        for made in (schedule(1), schedule(2), schedule(3, template=2), schedule(4, template=3, target=2)):
            store.add(made)
        parents = [builders.template(1).arn, builders.template(2).arn, schedule(4, template=3, target=2).template_arn]
        assert store.templates() == parents
        assert store.delete_below(builders.template(1).arn) == 2  # noqa: PLR2004 - the first two
        assert store.delete_below(builders.template(1).arn) == 0
        assert store.delete_below(builders.target(1).arn) == 1
        assert store.count() == 1
        assert store.get(schedule(4, template=3, target=2).arn) is not None

    def test_they_are_listed_in_pages(self, store: ScheduleStore) -> None:
        """By time of creation; all, or those of one template."""
        made = [schedule(1), schedule(2, template=2), schedule(3)]
        for one in reversed(made):
            store.add(one)
        first = store.list_page(None, PageRequest(limit=2))
        assert list(first.rows) == made[:2]
        assert list(store.list_page(None, PageRequest(limit=2, after=first.next)).rows) == made[2:]
        assert list(store.list_page(made[0].template_arn, PageRequest(limit=9)).rows) == [made[0], made[2]]

    def test_due_are_those_whose_time_has_come(self, store: ScheduleStore) -> None:
        """The longest due first; not the ones that are switched off."""
        late, later = schedule(1, next_at=builders.moment(20)), schedule(2, next_at=builders.moment(10))
        off, future = schedule(3, enabled=False), schedule(4, next_at=builders.moment(21))
        for one in (late, later, replace(off, next_at=builders.moment(0)), future):
            store.add(one)
        assert list(store.due(builders.moment(20))) == [later, late]
        assert list(store.due(builders.moment(9))) == []
