"""Stores of the small records that users attach to templates: schedules, subscriptions, webhooks, waivers (ADR 62)."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn, TopicArn, WaiverArn, WebhookArn
from openinspector.model.errors import StoreError
from openinspector.model.notification import EventSubscription, InspectorEvent, Webhook
from openinspector.model.schedule import Schedule
from openinspector.model.tailoring import TemplateTailoring
from openinspector.model.waiver import TemplateWaiver
from openinspector.service.ports.page import Page, PageRequest

K_contra = TypeVar("K_contra", contravariant=True)
R = TypeVar("R")


class RecordExistsError(StoreError):
    """A record with the same key exists."""


class RecordLimitError(StoreError):
    """The template has the maximum number of records of this kind."""


class RecordStore(Protocol[K_contra, R]):
    """Stores records of one kind. Each has a unique key and belongs to one template."""

    def add(self, record: R, most: int | None = None) -> None:
        """Add a record; nothing changes if an error is raised.

        Raises RecordExistsError if its key exists, and RecordLimitError if its template has ``most`` records. Of
        simultaneous calls no more succeed than ``most`` allows.
        """
        ...

    def get(self, key: K_contra) -> R | None:
        """Return a record, or None."""
        ...

    def replace(self, held: R, changed: R) -> bool:
        """Replace a record unless it changed since it was read as ``held``; return True if replaced.

        For a schedule only changes of expression, `next_at` and `enabled` count: users make those.
        """
        ...

    def delete(self, key: K_contra) -> bool:
        """Delete a record; return True if it existed."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the records of a template, or of a target's templates; return the number deleted."""
        ...

    def count(self) -> int:
        """Return the number of records."""
        ...

    def of_templates(self, templates: Sequence[TemplateArn]) -> Sequence[R]:
        """Return the records of some templates, by template and key."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has records, sorted."""
        ...


class ListedRecordStore(RecordStore[K_contra, R], Protocol[K_contra, R]):
    """Stores records that have an ARN, which is their key, and a time of creation."""

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[R]:
        """Return one page of the records of a template, or of all, by time of creation and ARN."""
        ...


class SubscriptionKey(NamedTuple):
    """The identity of an event subscription, which has no ARN."""

    template_arn: TemplateArn
    topic_arn: TopicArn
    event: InspectorEvent


ScheduleStore: TypeAlias = ListedRecordStore[ScheduleArn, Schedule]
SubscriptionStore: TypeAlias = RecordStore[SubscriptionKey, EventSubscription]
TailoringStore: TypeAlias = RecordStore[TemplateArn, TemplateTailoring]
WaiverStore: TypeAlias = ListedRecordStore[WaiverArn, TemplateWaiver]
WebhookStore: TypeAlias = ListedRecordStore[WebhookArn, Webhook]
