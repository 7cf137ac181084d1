"""The conformance suite of rules: a test class inherits it and provides the fixture ``rule``."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from fnmatch import fnmatchcase
from types import NoneType, UnionType
from typing import ClassVar, Final, TypeVar, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.engine.bounds import MAX_ATTRIBUTES, MAX_KEY, MAX_RULE_ID, MAX_TEXT, MAX_VALUE
from openinspector.engine.evaluate import restricted
from openinspector.engine.finding_text import body_attributes, texts_of
from openinspector.engine.rule import Detected, Detection, NotApplicable, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.wire.record_kind import RECORD_KINDS

KINDS: Final[tuple[type[Record], ...]] = tuple(RECORD_KINDS.values())
_MANY_KINDS: Final = 10
"""A rule that reads so many kinds of record is a benchmark: each host takes long to generate and to judge."""
K = TypeVar("K")
V = TypeVar("V")

_WORDS: Final = ("", "yes", "no", "0", "1", "2", "-1", "14", "365", "99999", "any", "root", "*", "password")
_SAID_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "architecture": ("x86_64", "aarch64", "i686", "amd64"),
    "control": ("required", "requisite", "optional", "[success=1 default=ignore]"),
    "facility": ("password", "auth"),
    "id": ("debian",),
    "module": (
        "pam_unix.so",
        "pam_pwquality.so",
        "pam_cracklib.so",
        "pam_pwhistory.so",
        "pam_passwdqc.so",
        "pam_sss.so",
    ),
    "name": ("bash", "openssl", "root", "alice"),
    "nx_disabled_by": ("", "noexec=off"),
    "service": ("passwd", "login"),
    "source_name": ("bash", "openssl"),
    "source_version": ("1.0-1", "2.0-1"),
    "version": ("9.2p1", "6.6p1", "1.0-1", "2.0-1", ""),
    "version_id": ("12",),
    "arguments": ("minlen=14", "minlen=8", "remember=12", "ucredit=-1", "enforcing=0", "min=disabled,24,16,14,14"),
}
"""Frequent values of fields by name, so that rules see values that they interpret."""
_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "PASS_MAX_DAYS": ("90", "99999", "never"),
    "PASS_MIN_LEN": ("5", "14"),
    "allowusers": ("alice", "root", "*"),
    "authenticationmethods": ("any", "publickey", "publickey,password password"),
    "dcredit": ("0", "-1", "1"),
    "denyusers": ("root", "bob"),
    "kbdinteractiveauthentication": ("yes", "no"),
    "kernel.randomize_va_space": ("0", "1", "2"),
    "minlen": ("8", "14", "20"),
    "passwordauthentication": ("yes", "no"),
    "permitrootlogin": ("yes", "no", "prohibit-password", "forced-commands-only"),
    "protocol": ("2", "2,1", "1"),
    "usepam": ("yes", "no"),
}
_TEXT: Final = st.sampled_from(_WORDS) | st.text(max_size=20)
_NUMBER: Final = st.sampled_from((0, 365, 0o755, 0o777, 1000)) | st.integers(min_value=-2, max_value=2**31)
_MEANT: Final = {key: st.sampled_from(values) for key, values in _SETTINGS.items()}
_SETTING: Final = st.one_of(
    st.fixed_dictionaries(_MEANT),
    st.fixed_dictionaries({}, optional=_MEANT),
    st.dictionaries(st.sampled_from(tuple(_SETTINGS)) | st.text(max_size=20), _TEXT, max_size=6),
)
_PLAIN: Final[Mapping[object, st.SearchStrategy[object]]] = {
    str: _TEXT,
    int: _NUMBER,
    float: st.floats(0, 1e12),
    bool: st.booleans(),
    NoneType: st.none(),
}


class UndeclaredReadError(AssertionError):
    """A rule read records or sensors that it does not declare."""


class RuleConformance:
    """The suite. Override the fixtures ``rule`` and, where a rule needs one, ``context``."""

    @pytest.fixture
    def rule(self) -> Rule:
        """Return the rule to try."""
        raise NotImplementedError

    @pytest.fixture
    def context(self) -> RuleContext:
        """Return the context of the rule."""
        return RuleContext()

    def test_texts_fit_the_api(self, rule: Rule) -> None:
        """A title is a rule name, 1 to 128 characters; the others have 1 to 20,000 (F6.2)."""
        assert 1 <= len(rule.title) <= MAX_RULE_ID
        assert 1 <= len(rule.description) <= MAX_TEXT
        assert 1 <= len(rule.recommendation) <= MAX_TEXT

    def test_declares_records_it_reads(self, rule: Rule) -> None:
        assert rule.reads
        assert rule.needs
        assert set(rule.reads) <= set(KINDS)

    def test_empty_host_has_no_finding(self, rule: Rule, context: RuleContext) -> None:
        """An empty host, one whose sensors failed, and one that sent records of nothing but failures."""
        empty = HostFacts(agent_id="i-1")
        for facts in (empty, replace(empty, sensors=_failed(rule))):
            outcome = rule.evaluate(facts, context)
            assert isinstance(outcome, Unable | NotApplicable), outcome
            if isinstance(outcome, Unable):
                assert outcome.reason
                assert outcome.recommendation

    def test_on_any_host(self, rule: Rule, context: RuleContext) -> None:
        """It never raises, is deterministic, and reads nothing undeclared; its texts fit the API."""

        @settings(max_examples=150 if len(rule.reads) < _MANY_KINDS else 20)
        @given(facts=host_facts(rule))
        def holds(facts: HostFacts) -> None:
            outcome = rule.evaluate(watched(facts, rule), context)
            assert rule.evaluate(facts, context) == outcome
            assert rule.evaluate(restricted(facts, rule), context) == outcome
            check_outcome(outcome)
            check_attributes(outcome, rule)

        holds()


def check_outcome(outcome: Outcome) -> None:
    """Assert that an outcome has texts within the API's bounds."""
    match outcome:
        case Detected(detections=detections):
            assert detections
            assert len({detection.subject for detection in detections}) == len(detections)
            for detection in detections:
                _check_detection(detection)
        case Passed(evidence=evidence):
            assert evidence.statement
        case NotApplicable(reason=reason) | Unable(reason=reason):
            assert reason


def check_attributes(outcome: Outcome, rule: Rule) -> None:
    """Assert that detections carry no attribute that the rule does not declare."""
    for detection in outcome.detections if isinstance(outcome, Detected) else ():
        for attribute in body_attributes(detection.body):
            assert any(fnmatchcase(attribute.key, pattern) for pattern in rule.attributes), attribute.key


def _check_detection(detection: Detection) -> None:
    assert 1 <= len(detection.body.rule_id) <= MAX_RULE_ID
    texts = texts_of(detection.body, "i-1")
    for text in (texts.title, texts.description, texts.recommendation):
        assert 1 <= len(text) <= MAX_TEXT
    assert texts.evidence is not None
    assert texts.evidence.statement
    attributes = body_attributes(detection.body)
    assert len(attributes) < MAX_ATTRIBUTES  # the engine adds INSTANCE_ID
    for attribute in attributes:
        assert 1 <= len(attribute.key) <= MAX_KEY
        assert attribute.value is None or 1 <= len(attribute.value) <= MAX_VALUE


@st.composite
def host_facts(draw: st.DrawFn, rule: Rule) -> HostFacts:
    """Return hosts with any records and sensor states, of the kinds a rule reads and of others."""
    read = st.just(set(rule.reads)) | st.sets(st.sampled_from(rule.reads))
    kinds = draw(st.sets(st.sampled_from(KINDS), max_size=3)) | draw(read)
    records: dict[type[object], tuple[Record, ...]] = {
        kind: tuple(draw(st.lists(_records(kind), min_size=kind in rule.reads, max_size=4)))
        for kind in sorted(kinds, key=lambda kind: kind.__name__)
    }
    states = draw(st.just((SensorState.OK,)) | st.just(tuple(SensorState)))
    named = (*rule.sensors, *rule.optional_sensors)
    names = set(named) if len(states) == 1 else draw(st.sets(st.sampled_from(named)))
    sensors = {
        name: SensorStatus(sensor=name, state=draw(st.sampled_from(states)), records=0, details=("/x: unread",))
        for name in sorted(names)
    }
    return HostFacts(agent_id="i-1", records=records, sensors=sensors)


def watched(facts: HostFacts, rule: Rule) -> HostFacts:
    """Return ``facts`` that raise UndeclaredReadError when ``rule`` reads something undeclared."""
    return replace(
        facts,
        records=_Watched(facts.records, frozenset(rule.reads), rule.name),
        sensors=_Watched(facts.sensors, frozenset((*rule.sensors, *rule.optional_sensors)), rule.name),
    )


def _records(kind: type[Record]) -> st.SearchStrategy[Record]:
    return st.builds(kind, **{name: _field(name, hint) for name, hint in _fields(kind)})


def _fields(kind: type[object]) -> Iterator[tuple[str, object]]:
    """Yield the name and type of each field of a dataclass."""
    return ((name, hint) for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar)


def _field(name: str, hint: object) -> st.SearchStrategy[object]:
    """Return values of a record's field, often ones that rules interpret."""
    if name not in _SAID_OF:
        return _of(hint)
    meant = st.sampled_from(_SAID_OF[name])
    text = st.one_of(meant, meant, meant, meant, _TEXT)
    return text if hint is str else st.lists(text, max_size=4).map(tuple)


def _of(hint: object) -> st.SearchStrategy[object]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple and Ellipsis in arguments:
        return st.lists(_of(arguments[0]), max_size=4).map(tuple)
    if origin is tuple:
        return st.tuples(*map(_of, arguments))
    if origin is dict:
        return _SETTING
    if origin is UnionType:
        return st.one_of(*(_of(argument) for argument in arguments))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return st.builds(hint, **{name: _field(name, inner) for name, inner in _fields(hint)})
    raise TypeError(f"no strategy for {hint}: add one")


class _Watched(Mapping[K, V]):
    """A mapping in which only some keys may be looked up."""

    def __init__(self, content: Mapping[K, V], allowed: frozenset[K], who: str) -> None:
        self._content = content
        self._allowed = allowed
        self._who = who

    def __getitem__(self, key: K) -> V:
        if key not in self._allowed:
            raise UndeclaredReadError(f"{self._who} reads {key} and does not declare it")
        return self._content[key]

    def __iter__(self) -> Iterator[K]:
        raise UndeclaredReadError(f"{self._who} looks at everything the host sent")

    def __len__(self) -> int:
        raise UndeclaredReadError(f"{self._who} counts everything the host sent")


def _failed(rule: Rule) -> dict[str, SensorStatus]:
    return {
        name: SensorStatus(sensor=name, state=SensorState.FAILED, records=0, details=("It failed.",))
        for name in (*rule.sensors, *rule.optional_sensors)
    }
