"""Contract tests for every record store.

Subclass once per kind of record, return records of it from ``make`` and ``key``, and provide an empty store as the
fixture ``store``.
"""

from functools import partial
from typing import Generic, TypeVar

import pytest

from openinspector.model.arn import TemplateArn
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.record_store import (
    ListedRecordStore,
    RecordExistsError,
    RecordLimitError,
    RecordStore,
)
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.threads import at_once

K = TypeVar("K")
R = TypeVar("R")

_MOST = 3


def template_arn(number: int, target: int = 1) -> TemplateArn:
    """Return the ARN of a template of a target."""
    return builders.template(number, builders.target(target).arn).arn


class RecordStoreSuite(Generic[K, R]):
    """The contract of `RecordStore`."""

    def make(self, number: int = 1, template: int = 1, target: int = 1) -> R:
        """Return a record of a template; records of higher numbers are later and have higher keys."""
        raise NotImplementedError

    def key(self, record: R) -> K:
        """Return the key of a record."""
        raise NotImplementedError

    def changed(self, record: R) -> R:
        """Return a record as its user changed it."""
        raise NotImplementedError

    def test_record_round_trip(self, store: RecordStore[K, R]) -> None:
        made = self.make()
        store.add(made)
        assert store.get(self.key(made)) == made
        assert store.get(self.key(self.make(2))) is None
        with pytest.raises(RecordExistsError):
            store.add(self.changed(made))
        assert store.get(self.key(made)) == made

    def test_a_record_is_deleted_once(self, store: RecordStore[K, R]) -> None:
        """Other records of its template remain, and its key is free again."""
        made, other = self.make(1), self.make(2)
        store.add(made)
        store.add(other)
        assert store.delete(self.key(made))
        assert not store.delete(self.key(made))
        assert store.get(self.key(made)) is None
        assert list(store.of_templates([template_arn(1)])) == [other]
        store.add(made)
        assert store.count() == len((made, other))

    def test_a_record_is_replaced_unless_it_changed(self, store: RecordStore[K, R]) -> None:
        made, other = self.make(1), self.make(2)
        store.add(made)
        store.add(other)
        assert store.replace(made, self.changed(made))
        assert not store.replace(made, made)
        assert store.get(self.key(made)) == self.changed(made)
        assert store.get(self.key(other)) == other
        store.delete(self.key(other))
        assert not store.replace(other, self.changed(other))
        assert store.get(self.key(other)) is None

    def test_number_per_template_is_limited(self, store: RecordStore[K, R]) -> None:
        """A refused record is not stored. Records of other templates do not count."""
        for number in (1, 2):
            store.add(self.make(number), 2)
        with pytest.raises(RecordLimitError):
            store.add(self.make(3), 2)
        store.add(self.make(4, template=2), 2)
        assert list(store.of_templates([template_arn(1)])) == [self.make(1), self.make(2)]

    def test_existing_record_takes_precedence_over_the_limit(self, store: RecordStore[K, R]) -> None:
        """Adding it again would not exceed the limit."""
        store.add(self.make(), 1)
        with pytest.raises((RecordExistsError, RecordLimitError)) as refused:
            store.add(self.make(), 1)
        assert refused.type is RecordExistsError

    def test_simultaneous_writers_do_not_exceed_the_limit(self, store: RecordStore[K, R]) -> None:
        """Exactly as many succeed as there is room for."""
        outcomes = at_once([partial(store.add, self.make(number), _MOST) for number in range(8)])
        assert sum(isinstance(outcome, RecordLimitError) for outcome in outcomes) == len(outcomes) - _MOST
        assert store.count() == _MOST

    def test_records_are_deleted_with_their_template_or_target(self, store: RecordStore[K, R]) -> None:
        for made in (self.make(1), self.make(2), self.make(3, template=2), self.make(4, template=3, target=2)):
            store.add(made)
        last = template_arn(3, target=2)
        assert list(store.templates()) == [template_arn(1), template_arn(2), last]
        assert store.delete_below(template_arn(1)) == len((self.make(1), self.make(2)))
        assert store.delete_below(template_arn(1)) == 0
        assert store.delete_below(builders.target(1).arn) == 1
        assert list(store.templates()) == [last]
        assert store.count() == 1

    def test_records_of_some_templates_are_ordered_by_template_and_key(self, store: RecordStore[K, R]) -> None:
        """The order of the request does not matter, nor do repeated templates or templates without records."""
        made = [self.make(1), self.make(2), self.make(1, template=2), self.make(1, template=3)]
        for one in reversed(made):
            store.add(one)
        assert list(store.of_templates([template_arn(n) for n in (2, 1, 9, 2)])) == made[:3]
        assert list(store.of_templates([])) == []


class ListedRecordStoreSuite(RecordStoreSuite[K, R]):
    """The contract of `ListedRecordStore`."""

    def test_records_are_listed_in_pages(self, store: ListedRecordStore[K, R]) -> None:
        made = [self.make(1), self.make(2, template=2), self.make(3)]
        for one in reversed(made):
            store.add(one)
        first = store.list_page(None, PageRequest(limit=2))
        assert list(first.rows) == made[:2]
        rest = store.list_page(None, PageRequest(limit=2, after=first.next))
        assert (list(rest.rows), rest.next) == (made[2:], None)
        assert list(store.list_page(template_arn(1), PageRequest(limit=9)).rows) == [made[0], made[2]]
