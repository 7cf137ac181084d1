"""The values of a data stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A field of an object or a state, with the operation that compares it."""

    name: str
    value: str = ""
    operation: str = "equals"
    datatype: str = "string"
    variable: str = ""
    """Id of the variable that has the values; ``value`` is empty then."""
    variable_check: str = "all"
    entity_check: str = "all"
    is_nil: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """Conditions that an item should meet."""

    id: str
    operator: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Keeps the items of a state, or drops them."""

    state: str
    includes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSet:
    """Items of one or two other objects or sets, combined."""

    operator: str
    parts: "tuple[str | ObjectSet, ...]"
    """Ids of objects, or sets."""
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """Which items to look at."""

    id: str
    kind: str
    """``textfilecontent54``, ``file``, ``dpkginfo`` …"""
    entities: Mapping[str, Entity] = field(default_factory=dict)
    behaviors: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    set: ObjectSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """An object, and the states its items should have."""

    id: str
    object: str
    states: tuple[str, ...]
    check: str
    check_existence: str
    state_operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """The result of a test."""

    test: str
    negate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """The result of another definition."""

    definition: str
    negate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Results combined."""

    operator: str
    negate: bool
    parts: "tuple[Criteria | Criterion | Extension, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value of the content."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableValues:
    """The values of another variable."""

    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemField:
    """A field of each item of an object."""

    object: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of other components."""

    name: str
    parts: "tuple[Component, ...]"
    options: Mapping[str, str]


Component: TypeAlias = Literal | VariableValues | ItemField | Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A variable with values of the content."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A variable whose value the profile sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A variable computed from facts."""

    component: Component


Variable: TypeAlias = Constant | External | Computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Oval:
    """Definitions with what they refer to, by id."""

    definitions: Mapping[str, Criteria]
    tests: Mapping[str, Test]
    objects: Mapping[str, Object]
    states: Mapping[str, ItemState]
    variables: Mapping[str, Variable]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicablePlatform:
    """Definitions that are true on systems of a platform (CPE applicability language)."""

    operator: str
    negate: bool
    parts: "tuple[ApplicablePlatform | str, ...]"
    """Ids of definitions, or platforms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRule:
    """One rule of a benchmark."""

    id: str
    title: str
    severity: str
    controls: tuple[str, ...]
    """Numbers of the rule's controls in CIS benchmarks."""
    definition: str
    """Id of the OVAL definition; empty if the rule has no check that is evaluated."""
    exports: Mapping[str, str]
    """Id of the value for each variable."""
    negate: bool
    platforms: tuple[tuple[str, ...], ...]
    """Names of platforms: of the rule and of each group around it. One of each has to match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentProfile:
    """A selection of rules and values."""

    id: str
    title: str
    rules: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Number of elements that were left out."""

    fixes: int = 0
    scripts: int = 0
    questionnaires: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One data stream."""

    title: str
    version: str
    profiles: Mapping[str, ContentProfile]
    rules: Mapping[str, ContentRule]
    platforms: Mapping[str, ApplicablePlatform]
    oval: Oval
    left_out: LeftOut
