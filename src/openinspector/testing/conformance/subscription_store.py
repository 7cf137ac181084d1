"""Contract tests for every subscription store. Subclass, and provide an empty one as the fixture ``store``."""

from functools import partial
from typing import Final

import pytest

from openinspector.model.arn import TopicArn
from openinspector.model.notification import EventSubscription, InspectorEvent
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.subscription_store import SubscriptionLimitError, SubscriptionStore
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.threads import at_once

_E: Final = InspectorEvent
MOST: Final = 50


def topic(number: int = 1) -> TopicArn:
    """Return the ARN of a topic."""
    return TopicArn(f"arn:aws:sns:us-east-1:123456789012:topic-{number}")


def subscribed(
    event: InspectorEvent = _E.FINDING_REPORTED,
    *,
    topic_number: int = 1,
    template: int = 1,
    target: int = 1,
    at: int = 0,
) -> EventSubscription:
    """Return a subscription of a topic to an event of a template."""
    return EventSubscription(
        template_arn=builders.template(template, builders.target(target).arn).arn,
        topic_arn=topic(topic_number),
        event=event,
        subscribed_at=builders.moment(at),
    )


class SubscriptionStoreSuite:
    """The contract of `SubscriptionStore`."""

    def test_one_comes_back_as_it_was_added(self, store: SubscriptionStore) -> None:
        """And stays as it is when it is added again."""
        one = subscribed(at=5)
        store.add(one, MOST)
        store.add(subscribed(at=9), MOST)
        assert store.of_template(one.template_arn) == [one]
        assert store.of_template(builders.template(2).arn) == []

    def test_it_is_deleted_where_it_is_there(self, store: SubscriptionStore) -> None:
        """And no other of the same topic."""
        one, other = subscribed(_E.OTHER), subscribed(_E.ASSESSMENT_RUN_STARTED)
        store.add(one, MOST)
        store.add(other, MOST)
        assert store.delete(one.template_arn, one.topic_arn, one.event)
        assert not store.delete(one.template_arn, one.topic_arn, one.event)
        assert store.of_template(one.template_arn) == [other]

    def test_a_template_has_only_so_many(self, store: SubscriptionStore) -> None:
        """An existing subscription does not count twice."""
        store.add(subscribed(topic_number=1), 2)
        store.add(subscribed(topic_number=2), 2)
        with pytest.raises(SubscriptionLimitError):
            store.add(subscribed(topic_number=3), 2)
        store.add(subscribed(topic_number=2), 2)
        store.add(subscribed(topic_number=3, template=2), 2)
        assert [one.topic_arn for one in store.of_template(subscribed().template_arn)] == [topic(1), topic(2)]

    def test_many_at_once_are_not_more(self, store: SubscriptionStore) -> None:
        """The last place is taken by one."""
        outcomes = at_once([partial(store.add, subscribed(topic_number=n), 3) for n in range(8)])
        refused = [one for one in outcomes if isinstance(one, SubscriptionLimitError)]
        assert len(store.of_template(subscribed().template_arn)) + len(refused) == len(outcomes)

    def test_what_is_below_goes_with_its_parent(self, store: SubscriptionStore) -> None:
        """Of a template, or of every template of a target; not of one whose ARN only begins alike."""
        for one in (subscribed(), subscribed(_E.OTHER), subscribed(template=2), subscribed(template=3, target=2)):
            store.add(one, MOST)
        parents = [*(subscribed(template=n) for n in (1, 2)), subscribed(template=3, target=2)]
        assert store.templates() == [one.template_arn for one in parents]
        assert store.delete_below(builders.template(1).arn) == len((subscribed(), subscribed(_E.OTHER)))
        assert store.delete_below(builders.template(1).arn) == 0
        assert store.delete_below(builders.target(1).arn) == 1
        assert store.templates() == [subscribed(template=3, target=2).template_arn]

    def test_they_are_listed_in_groups_and_pages(self, store: SubscriptionStore) -> None:
        """One row a template and topic (F10.3)."""
        for one in (
            subscribed(_E.OTHER, topic_number=2),
            subscribed(_E.FINDING_REPORTED, topic_number=2, at=3),
            subscribed(topic_number=1),
            subscribed(template=2),
        ):
            store.add(one, MOST)
        first = store.list_page(None, PageRequest(limit=2))
        assert {row.topic_arn: [one.event for one in row.events] for row in first.rows} == {
            topic(1): [_E.FINDING_REPORTED],
            topic(2): [_E.FINDING_REPORTED, _E.OTHER],
        }
        second = store.list_page(None, PageRequest(limit=2, after=first.next))
        assert [row.template_arn for row in second.rows] == [builders.template(2).arn]
        assert second.next is None
        of_one = store.list_page(builders.template(2).arn, PageRequest(limit=9))
        assert list(of_one.rows) == list(second.rows)
        assert list(store.list_page(builders.template(9).arn, PageRequest(limit=9)).rows) == []

    def test_pages_stay_in_step_while_rows_come_and_go(self, store: SubscriptionStore) -> None:
        """Rows that exist throughout are listed once, for every page size and cursor."""
        kept = [subscribed(topic_number=n, template=t) for t in (1, 2, 3, 4) for n in range(5)]
        for one in kept:
            store.add(one, MOST)
        expected = [(one.template_arn, one.topic_arn) for one in kept]
        for limit in (1, 2, 3, 7, len(kept)):
            seen, after = list[tuple[str, str]](), None
            passing = subscribed(topic_number=100 + limit, template=2)
            for turn in range(len(kept) + 2):
                page = store.list_page(None, PageRequest(limit=limit, after=after))
                assert len(page.rows) <= limit
                seen += [(row.template_arn, row.topic_arn) for row in page.rows]
                after = page.next
                if after is None:
                    break
                # The row the cursor may stand on, or one before or after it, is added and deleted in turn.
                if turn % 2:
                    store.delete(passing.template_arn, passing.topic_arn, passing.event)
                else:
                    store.add(passing, MOST)
            assert after is None
            store.delete(passing.template_arn, passing.topic_arn, passing.event)
            assert sorted(one for one in seen if one != (passing.template_arn, passing.topic_arn)) == sorted(expected)

    def test_a_cursor_is_good_when_its_own_row_is_gone(self, store: SubscriptionStore) -> None:
        """The next page begins where it would have begun."""
        for number in range(4):
            store.add(subscribed(topic_number=number), MOST)
        whole = store.list_page(None, PageRequest(limit=9))
        first = store.list_page(subscribed().template_arn, PageRequest(limit=2))
        assert list(first.rows) == list(whole.rows[:2])
        last = first.rows[-1].events[0]
        store.delete(last.template_arn, last.topic_arn, last.event)
        rest = store.list_page(subscribed().template_arn, PageRequest(limit=9, after=first.next))
        assert (list(rest.rows), rest.next) == (list(whole.rows[2:]), None)
