"""Inputs: all that the model forbids is refused, with the code that says what; nothing else is."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec
import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.finding import Severity
from openinspector.service.api.errors import ApiError
from openinspector.service.api.model import Shape, load_model
from openinspector.service.api.shapes import camel, parse_input, render_output, wire_value
from openinspector.service.app.errors import InvalidInput

MODEL: Final = load_model()
OPERATIONS: Final = sorted(MODEL.operations)
CODES: Final = MODEL.shapes["InvalidInputErrorCode"].enum


def parsed(operation: str, given: object) -> Mapping[str, Any]:
    return parse_input(operation, json.dumps(given).encode())


def code(operation: str, given: object) -> str:
    with pytest.raises(InvalidInput) as refusal:
        parsed(operation, given)
    assert refusal.value.code in CODES
    return refusal.value.code


def minimal(shape_name: str) -> Any:
    """The smallest value that a shape allows."""
    shape = MODEL.shapes[shape_name]
    low = int(shape.min or 0)
    match shape.type:
        case "structure":
            return {member: minimal(shape.members[member]) for member in shape.required}
        case "list":
            return [minimal(shape.member) for _ in range(low)]
        case "string":
            return "0a1b2c3d-0000-4000-8000-000000000000" if shape.pattern else next(iter(shape.enum), "a" * low)
        case "boolean":
            return False
        case _:
            return low


@dataclass(frozen=True)
class InputMember:
    """A member of an operation's input: its path and its shape."""

    operation: str
    path: tuple[str | int, ...]
    shape: Shape

    def holding(self, value: object) -> Any:
        return _with(minimal(MODEL.operations[self.operation].input or ""), self.path, self.operation, value)

    def __str__(self) -> str:
        return f"{self.operation}.{'.'.join(map(str, self.path))}"


def _with(whole: Any, path: Sequence[str | int], operation: str, value: object) -> Any:
    shape = MODEL.operations[operation].input or ""
    here = whole
    for step, following in zip(path, [*path[1:], None], strict=True):
        found = MODEL.shapes[shape]
        shape = found.member if found.type == "list" else found.members[str(step)]
        wanted = value if following is None else minimal(shape)
        if isinstance(step, int):
            here[:] = [wanted]
        elif following is None or step not in here:
            here[step] = wanted
        here = here[step]
    return whole


def _paths(operation: str, shape_name: str, path: tuple[str | int, ...]) -> Iterator[InputMember]:
    shape = MODEL.shapes[shape_name]
    if path:
        yield InputMember(operation, path, shape)
    for member, below in shape.members.items():
        yield from _paths(operation, below, (*path, member))
    if shape.type == "list":
        yield from _paths(operation, shape.member, (*path, 0))


PATHS: Final = [
    place for name in OPERATIONS if (shape := MODEL.operations[name].input) for place in _paths(name, shape, ())
]
BOUNDED: Final = [place for place in PATHS if place.shape.type in ("string", "list", "integer")]


def sized(shape: Shape, size: int) -> Any:
    """Return a value of a size that is otherwise valid."""
    if shape.type == "list":
        return [minimal(shape.member)] * size
    return "a" * size if shape.type == "string" else size


@pytest.mark.parametrize("place", PATHS, ids=str)
def test_modelled_values_are_accepted(place: InputMember) -> None:
    whole = place.holding(minimal_of(place.shape))
    assert json.loads(msgspec.json.encode(wire_value(parsed(place.operation, whole)))) == whole


def minimal_of(shape: Shape) -> Any:
    name = next(name for name, found in MODEL.shapes.items() if found is shape)
    return minimal(name)


@pytest.mark.parametrize("place", [place for place in BOUNDED if place.shape.max], ids=str)
def test_maximum_is_accepted_and_more_is_refused(place: InputMember) -> None:
    most = int(place.shape.max or 0)
    assert parsed(place.operation, place.holding(sized(place.shape, most)))
    assert code(place.operation, place.holding(sized(place.shape, most + 1)))


@pytest.mark.parametrize("place", [place for place in BOUNDED if place.shape.min], ids=str)
def test_minimum_is_accepted_and_less_is_refused(place: InputMember) -> None:
    least = int(place.shape.min or 0)
    assert parsed(place.operation, place.holding(sized(place.shape, least)))
    assert code(place.operation, place.holding(sized(place.shape, least - 1)))


@pytest.mark.parametrize("place", [place for place in PATHS if place.shape.enum], ids=str)
def test_only_modelled_enum_values_are_accepted(place: InputMember) -> None:
    for word in place.shape.enum:
        assert parsed(place.operation, place.holding(word))
    for word in ("", "NOPE", place.shape.enum[0].swapcase()):
        assert code(place.operation, place.holding(word))


@pytest.mark.parametrize("place", [place for place in PATHS if place.shape.type == "string"], ids=str)
def test_no_text_holds_nul(place: InputMember) -> None:
    assert code(place.operation, place.holding("a\0a"))


@pytest.mark.parametrize("place", PATHS, ids=str)
def test_another_type_is_refused(place: InputMember) -> None:
    values: tuple[object, ...] = ({"a": {}}, [[]], "text", 5, 1.5, True)
    for wrong in values:
        right = {"structure": dict, "list": list, "string": str, "integer": int, "timestamp": float}[place.shape.type]
        if isinstance(wrong, right) and not (right is int and isinstance(wrong, bool)):
            continue
        if place.shape.type == "timestamp" and wrong == 5:
            continue
        with pytest.raises(ApiError) as refusal:
            parsed(place.operation, place.holding(wrong))
        assert refusal.value.exception == "SerializationException"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_missing_required_members_are_refused(operation: str) -> None:
    shape = MODEL.operations[operation].input
    required = MODEL.shapes[shape].required if shape else ()
    for member in required:
        given = minimal(shape or "")
        del given[member]
        assert code(operation, given)
        assert code(operation, given | {member: None})


def test_examples_of_botocore_are_accepted() -> None:
    examples = Loader().load_data("inspector/2016-02-16/examples-1")["examples"]
    inputs = [(name, one["input"]) for name, several in examples.items() for one in several if one.get("input")]
    assert len(inputs) > 25
    for operation, example in inputs:
        assert wire_value(parsed(operation, example)) == example


def test_error_names_the_member_and_the_problem() -> None:
    with pytest.raises(InvalidInput, match=r"filter\.severities\[1\] must be one of Low, .*, not 'Worst'"):
        parsed("ListFindings", {"filter": {"severities": ["Low", "Worst"]}})
    with pytest.raises(InvalidInput, match=r"filter\.durationRange\.minSeconds must be 180 to 86400, not 1\."):
        parsed("ListAssessmentRuns", {"filter": {"durationRange": {"minSeconds": 1}}})
    with pytest.raises(InvalidInput, match=r"findingArns must have 1 to 10 items, not 0\."):
        parsed("DescribeFindings", {"findingArns": []})
    with pytest.raises(InvalidInput, match=r"filter\.ruleNames\[0\] must have 0 to 1000 characters, not 1001\."):
        parsed("ListFindings", {"filter": {"ruleNames": ["r" * 1001]}})


def test_null_is_absent_and_unknown_members_are_ignored() -> None:
    given = {"nextToken": None, "assessmentRunArns": None, "filter": {"agentIds": None}, "colour": {"a": [1]}}
    assert parsed("ListFindings", given) == {"filter": {}}


@pytest.mark.parametrize("body", [b"", b"{}", b" {} "])
def test_an_empty_body_is_an_empty_input(body: bytes) -> None:
    assert parse_input("ListFindings", body) == {}
    assert parse_input("DescribeCrossAccountAccessRole", body) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b"\xff\xfe{}",
        b'{"nextToken": "\\ud800"}',
        b'{"maxResults": NaN}',
        b'{"maxResults": 1e999}',
        b'{"maxResults": 1.5}',
        b'{"filter": ' + b"[" * 100_000,
        b'{"filter": ' * 100_000 + b"1" + b"}" * 100_000,
        b"\0",
        b"x" * 1_000_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_rejects_invalid_json_bodies(body: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_input("ListFindings", body)
    assert (refusal.value.exception, refusal.value.status) == ("SerializationException", 400)


def test_a_number_too_large_for_any_database_is_refused() -> None:
    assert code("ListFindings", {"maxResults": 2**63}) == "INVALID_MAX_RESULTS"
    assert parsed("ListFindings", {"maxResults": -1}) == {"maxResults": -1}


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_700_000_000.25, datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        (253_402_300_799, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_are_seconds_since_1970(seconds: float, moment: datetime) -> None:
    asked = parsed("ListFindings", {"filter": {"creationTimeRange": {"beginDate": seconds}}})
    assert asked["filter"]["creationTimeRange"]["beginDate"] == moment
    assert wire_value(moment) == seconds


NAMES: Final = st.sampled_from(sorted({str(step) for place in PATHS for step in place.path})) | st.text(max_size=3)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=4),
    max_leaves=12,
)


def outcome(operation: str, body: bytes) -> Mapping[str, Any] | None:
    """Return the parsed body; None if it is refused. Any other error fails the test."""
    try:
        return parse_input(operation, body)
    except (ApiError, InvalidInput):
        return None


@given(st.sampled_from(OPERATIONS), JSON)
def test_any_json_is_parsed_or_refused(operation: str, value: object) -> None:
    found = outcome(operation, json.dumps(value).encode())
    assert found is None or parsed(operation, wire_value(found)) == found


@given(st.sampled_from(OPERATIONS), st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(operation: str, body: bytes) -> None:
    found = outcome(operation, body)
    assert found is None or isinstance(found, dict)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone(timedelta(hours=2)))))  # noqa: DTZ001
def test_rendered_times_are_right_to_the_microsecond(moment: datetime) -> None:
    seconds = wire_value(moment)
    assert abs(datetime.fromtimestamp(seconds, UTC) - moment) <= timedelta(microseconds=1)


def test_rendered_values_omit_absent_members() -> None:
    value = {"severity": Severity.HIGH, "nothing": None, "list": (1, True, "x"), "inner": {"none": None}}
    assert wire_value(value) == {"severity": "High", "list": [1, True, "x"], "inner": {}}
    with pytest.raises(TypeError, match="object has no form on the wire"):
        wire_value([object()])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("arn", "arn"), ("created_at", "createdAt"), ("a_b_c", "aBC"), ("ipv4_addresses", "ipv4Addresses")],
)
def test_members_are_in_camel_case(name: str, expected: str) -> None:
    assert camel(name) == expected


def test_an_operation_without_output_answers_nothing() -> None:
    assert render_output("DeleteAssessmentRun", None) == b""
    assert render_output("CreateResourceGroup", {"resourceGroupArn": "a"}) == b'{"resourceGroupArn":"a"}'
