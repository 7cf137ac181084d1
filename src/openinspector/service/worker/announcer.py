"""Creates notifications from the states that runs entered (ADR 44).

Ids are derived from run, event and subscriber: announcing again after the process died adds nothing twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openinspector.model.arn import TemplateArn, template_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.notification import InspectorEvent, Notification
from openinspector.service.app.notifications import derived_id, run_events
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.notification_store import NotificationStore, Subscriber
from openinspector.service.ports.record_store import SubscriptionStore, WebhookStore

_RUNS_A_TURN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """Announces events of runs to their subscribers."""

    assessments: AssessmentStore
    notifications: NotificationStore
    subscriptions: SubscriptionStore
    webhooks: WebhookStore

    def announce(self) -> int:
        """Create the notifications of all runs that entered a state; return the number of runs."""
        runs = self.assessments.runs_to_announce(_RUNS_A_TURN)
        for run in runs:
            self.notifications.add(tuple(self.notifications_of(run)))
            self.assessments.mark_announced(run.arn, run.state)
        return len(runs)

    def notifications_of(self, run: AssessmentRun) -> Iterator[Notification]:
        """Yield the notifications of a run so far: each event to everyone who subscribed before it happened."""
        subscribed = tuple(self._subscribers(template_of(run.arn)))
        for what in run_events(run):
            for subscriber, event, since in subscribed:
                if event is what.event and since <= what.at:
                    yield Notification(
                        id=derived_id(run.arn, what.event, what.new_state or "", subscriber),
                        run_arn=run.arn,
                        place=what.place,
                        event=what.event,
                        subscriber=subscriber,
                        new_state=what.new_state,
                        happened_at=what.at,
                        due_at=what.at,
                    )

    def _subscribers(self, template: TemplateArn) -> Iterator[tuple[Subscriber, InspectorEvent, datetime]]:
        """Yield subscribers of a template, the event, and the time of subscription."""
        for one in self.subscriptions.of_templates([template]):
            yield one.topic_arn, one.event, one.subscribed_at
        for webhook in self.webhooks.of_templates([template]):
            for event in webhook.events:
                yield webhook.arn, event, webhook.created_at
