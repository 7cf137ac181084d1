"""Pages of list operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from openinspector.model.asset import Tag
from openinspector.model.finding import Attribute
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json, wire_value
from openinspector.service.app.batch import FailureCode
from openinspector.service.app.errors import InvalidInput
from openinspector.service.app.pagination import DEFAULT_PAGE
from openinspector.service.ports.assessment_store import DurationRange, TimeRange
from openinspector.service.ports.page import Page, PageRequest

T = TypeVar("T")

ARNS_A_PAGE = 100
"""Longest list of ARNs in an answer (F9.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list operation: its name and page sizes."""

    operation: str
    default: int = DEFAULT_PAGE
    cap: int = ARNS_A_PAGE

    def request(self, services: ApiServices, arguments: Json) -> PageRequest:
        """Return the requested page; raises InvalidInput."""
        return services.tokens.request(
            arguments.get("maxResults"),
            arguments.get("nextToken"),
            self._name(arguments),
            default=self.default,
            cap=self.cap,
        )

    def page(
        self, services: ApiServices, arguments: Json, list_page: Callable[[PageRequest], Page[T]]
    ) -> tuple[list[T], dict[str, object]]:
        """Return the rows of the requested page, and ``nextToken`` if there are more."""
        page = list_page(self.request(services, arguments))
        if page.next is None:
            return list(page.rows), {}
        return list(page.rows), {"nextToken": services.tokens.make(page.next, self._name(arguments))}

    def _name(self, arguments: Json) -> str:
        """Return the name of the list: the operation and all arguments except those of the page."""
        asked = {key: value for key, value in sorted(arguments.items()) if key not in ("nextToken", "maxResults")}
        return f"{self.operation} {msgspec.json.encode(wire_value(asked)).decode()}"


def failed_items(failed: Mapping[str, FailureCode]) -> dict[str, object]:
    """Return ``failedItems`` of an answer (F11.17); they are not retryable."""
    return {arn: {"failureCode": code, "retryable": False} for arn, code in failed.items()}


def attributes_of(items: list[Json]) -> tuple[Attribute, ...]:
    """Return the attributes of an input."""
    return tuple(Attribute(key=item["key"], value=item.get("value")) for item in items)


def tags_of(items: list[Json]) -> tuple[Tag, ...]:
    """Return the tags of an input."""
    return tuple(Tag(key=item["key"], value=item.get("value")) for item in items)


def time_range(arguments: Json, code: str) -> TimeRange:
    """Return ``{beginDate, endDate}``; InvalidInput with ``code`` if it ends before it begins (F11.34)."""
    found = TimeRange(begin=arguments.get("beginDate"), end=arguments.get("endDate"))
    if found.begin is not None and found.end is not None and found.end < found.begin:
        raise InvalidInput(code, "The range ends before it begins.")
    return found


def duration_range(arguments: Json, code: str) -> DurationRange:
    """Return ``{minSeconds, maxSeconds}``; InvalidInput with ``code`` if the maximum is below the minimum."""
    found = DurationRange(minimum=arguments.get("minSeconds"), maximum=arguments.get("maxSeconds"))
    if found.minimum is not None and found.maximum is not None and found.maximum < found.minimum:
        raise InvalidInput(code, "The range's maximum is below its minimum.")
    return found
