"""Evaluates OVAL definitions over the items of a host, in three values."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar, assert_never

from openinspector.scap.comparison import checked, compare, exists
from openinspector.scap.content import (
    Component,
    Computed,
    Constant,
    Criteria,
    Criterion,
    Entity,
    Extension,
    External,
    Filter,
    Function,
    ItemField,
    ItemState,
    Literal,
    Object,
    ObjectSet,
    Oval,
    Test,
    VariableValues,
)
from openinspector.scap.functions import apply
from openinspector.scap.host_items import HostItems, Item, ObjectQuery, Wanted
from openinspector.scap.truth import NotKnownError, Truth, combined

T = TypeVar("T")

MAX_DEPTH: Final = 50


class OvalEvaluation:
    """Definitions, tests, objects and variables of one host and one profile, each evaluated once."""

    def __init__(self, oval: Oval, items: HostItems, values: Mapping[str, str]) -> None:
        self._oval = oval
        self._items = items
        self._values = values
        """Values of external variables."""
        self._answers: dict[str, Truth] = {}
        self._found: dict[str, Sequence[Item] | NotKnownError] = {}
        self._variables: dict[str, tuple[str, ...] | NotKnownError] = {}
        self._depth = 0

    def definition(self, name: str) -> Truth:
        """Return whether a definition is true."""
        return self._once(name, lambda: self._criteria(_known(self._oval.definitions, name)))

    def _once(self, name: str, evaluate: Callable[[], Truth]) -> Truth:
        if name not in self._answers:
            self._answers[name] = Truth(None, f"{name} refers to itself")
            if self._depth == MAX_DEPTH:
                return Truth(None, "the content's definitions are nested too deeply")
            self._depth += 1
            try:
                self._answers[name] = evaluate()
            except NotKnownError as error:
                self._answers[name] = Truth(None, str(error))
            finally:
                self._depth -= 1
        return self._answers[name]

    def _criteria(self, criteria: Criteria) -> Truth:
        return combined(criteria.operator, [self._part(part) for part in criteria.parts]).negated(criteria.negate)

    def _part(self, part: Criteria | Criterion | Extension) -> Truth:
        match part:
            case Criteria():
                return self._criteria(part)
            case Criterion(test=name, negate=negate):
                return self._once(name, lambda: self._test(_known(self._oval.tests, name))).negated(negate)
            case Extension(definition=name, negate=negate):
                return self.definition(name).negated(negate)
            case _:
                assert_never(part)

    def _test(self, test: Test) -> Truth:
        items = self.items(test.object)
        found = exists(test.check_existence, len(items))
        if not found or not test.states or not items:
            # check_existence alone decides if there is no state to compare with, or nothing to compare
            return Truth(found)
        states = [_known(self._oval.states, name) for name in test.states]
        parts = [combined(test.state_operator, [self._state(state, item) for state in states]) for item in items]
        return checked(test.check, parts)

    def items(self, name: str) -> Sequence[Item]:
        """Return the items of an object. Raises NotKnownError."""
        found = self._found.get(name)
        if found is None:
            self._found[name] = NotKnownError(f"{name} refers to itself")
            try:
                found = self._items_of(_known(self._oval.objects, name))
            except NotKnownError as error:
                found = error
            self._found[name] = found
        if isinstance(found, NotKnownError):
            raise found
        return found

    def _items_of(self, wanted: Object) -> Sequence[Item]:
        if wanted.set is not None:
            return self._filtered(self._set(wanted.set), wanted.filters)
        if wanted.kind == "variable":
            reference = wanted.entities["var_ref"]
            return [{"var_ref": (reference.variable,), "value": (v,)} for v in self.variable(reference.variable)]
        question = ObjectQuery(
            kind=wanted.kind,
            wanted={name: self._wanted(e) for name, e in wanted.entities.items() if not e.is_nil},
            behaviors=wanted.behaviors,
            nil=frozenset(name for name, entity in wanted.entities.items() if entity.is_nil),
        )
        return self._filtered(self._items.items(question), wanted.filters)

    def _set(self, combined_set: ObjectSet) -> Sequence[Item]:
        parts = [
            self._filtered(self._set(part) if isinstance(part, ObjectSet) else self.items(part), combined_set.filters)
            for part in combined_set.parts
        ]
        first, second = parts[0], parts[1] if len(parts) > 1 else ()
        match combined_set.operator:
            case "UNION":
                return [*first, *(item for item in second if item not in first)]
            case "INTERSECTION":
                return [item for item in first if item in second]
            case "COMPLEMENT":
                return [item for item in first if item not in second]
            case _:
                raise NotKnownError(f"the set operator {combined_set.operator} is not evaluated")

    def _filtered(self, items: Sequence[Item], filters: Sequence[Filter]) -> Sequence[Item]:
        for each in filters:
            state = _known(self._oval.states, each.state)
            answers = [self._state(state, item) for item in items]
            because = next((answer.because for answer in answers if answer.value is None), None)
            if because is not None:
                raise NotKnownError(because)
            items = [i for i, answer in zip(items, answers, strict=True) if answer.value is each.includes]
        return items

    def _state(self, state: ItemState, item: Item) -> Truth:
        return combined(state.operator, [self._entity(entity, item) for entity in state.entities])

    def _entity(self, entity: Entity, item: Item) -> Truth:
        if entity.name not in item:
            return Truth(None, f"the facts have no {entity.name}")
        wanted = self._wanted(entity)
        return checked(entity.entity_check, [Truth(wanted.accepts(value)) for value in item[entity.name]])

    def _wanted(self, entity: Entity) -> Wanted:
        values = self.variable(entity.variable) if entity.variable else (entity.value,)

        def accepts(value: str) -> bool:
            found = [compare(entity.operation, entity.datatype, value, each, self._items.patterns) for each in values]
            return checked(entity.variable_check, list(map(Truth, found))).value is True

        return Wanted(operation=entity.operation, values=values, accepts=accepts)

    def variable(self, name: str) -> tuple[str, ...]:
        """Return the values of a variable. Raises NotKnownError."""
        found = self._variables.get(name)
        if found is None:
            self._variables[name] = NotKnownError(f"{name} refers to itself")
            try:
                found = self._values_of(name)
            except NotKnownError as error:
                found = error
            self._variables[name] = found
        if isinstance(found, NotKnownError):
            raise found
        return found

    def _values_of(self, name: str) -> tuple[str, ...]:
        variable = _known(self._oval.variables, name)
        match variable:
            case Constant(values=values):
                return values
            case External():
                if name not in self._values:
                    raise NotKnownError(f"the profile sets no value for {name}")
                return (self._values[name],)
            case Computed(component=component):
                return self._component(component)
            case _:
                assert_never(variable)

    def _component(self, component: Component) -> tuple[str, ...]:
        match component:
            case Literal(value=value):
                return (value,)
            case VariableValues(variable=name):
                return self.variable(name)
            case ItemField(object=name, name=field):
                return tuple(value for item in self.items(name) for value in item.get(field, ()))
            case Function(name=name, parts=parts, options=options):
                return apply(name, [self._component(part) for part in parts], options, self._items.patterns)
            case _:
                assert_never(component)


def _known(among: Mapping[str, T], name: str) -> T:
    if name not in among:
        raise NotKnownError(f"the content refers to {name}, which it does not have")
    return among[name]
