"""Reads a SCAP 1.2 or 1.3 data stream: an XCCDF benchmark, its OVAL definitions and its platforms.

Fix scripts, checks by scripts (SCE) and questionnaires (OCIL) are left out and counted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from openinspector.formats.xml_elements import Element, XmlError, elements
from openinspector.model.errors import OpenInspectorError
from openinspector.scap.content import (
    ApplicablePlatform,
    Component,
    Computed,
    Constant,
    Content,
    ContentProfile,
    ContentRule,
    Criteria,
    Criterion,
    Entity,
    Extension,
    External,
    Filter,
    Function,
    ItemField,
    ItemState,
    LeftOut,
    Literal,
    Object,
    ObjectSet,
    Oval,
    Test,
    Variable,
    VariableValues,
)

MAX_BYTES: Final = 128 * 1024 * 1024
_OVAL_SYSTEM: Final = "http://oval.mitre.org/XMLSchema/oval-definitions-5"
_CIS: Final = "cisecurity.org/benchmark"
_STRUCTURE: Final = frozenset({"set", "filter", "behaviors", "notes", "Signature", "deprecated_info"})


class ContentError(OpenInspectorError):
    """A file that is not a data stream, or one that breaks the rules of its formats."""


def read_stream(document: bytes) -> Content:
    """Return the content of a data stream. Raises ContentError."""
    if len(document) > MAX_BYTES:
        raise ContentError(f"the data stream has more than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        roots = [root for component in elements(document, ("component",)) for root in component.children]
    except XmlError as error:
        raise ContentError(f"the data stream is not accepted: {error}") from error
    benchmark = next((root for root in roots if root.tag == "Benchmark"), None)
    if benchmark is None:
        raise ContentError("the document has no XCCDF benchmark", advice="Give a SCAP data stream (…-ds.xml).")
    oval = [root for root in roots if root.tag == "oval_definitions"]
    try:
        rules = {rule.id: rule for rule in _rules(benchmark, ())}
        return Content(
            title=benchmark.text_of("title"),
            version=benchmark.text_of("version"),
            profiles=_profiles(benchmark, rules),
            rules=rules,
            platforms=dict(_platforms(benchmark, roots)),
            oval=_oval(oval),
            left_out=_left_out(roots),
        )
    except (KeyError, StopIteration, RecursionError) as error:
        raise ContentError(f"the data stream is incomplete: {error!r}") from error


def _left_out(roots: Sequence[Element]) -> LeftOut:
    found = Counter(
        child.get("system") if child.tag == "check" else child.tag
        for root in roots
        for tag in ("fix", "check")
        for child in root.descendants(tag)
    )
    scripts = sum(count for system, count in found.items() if "sce" in system.lower())
    questionnaires = sum(count for system, count in found.items() if "ocil" in system.lower())
    return LeftOut(fixes=found["fix"], scripts=scripts, questionnaires=questionnaires)


def _rules(parent: Element, around: tuple[tuple[str, ...], ...]) -> Iterator[ContentRule]:
    own = _names(parent)
    around = (*around, own) if own else around
    for child in parent.children:
        if child.tag == "Group":
            yield from _rules(child, around)
        elif child.tag == "Rule":
            yield _rule(child, around)


def _names(element: Element) -> tuple[str, ...]:
    return tuple(platform.get("idref") for platform in element.all("platform") if platform.get("idref"))


def _rule(rule: Element, around: tuple[tuple[str, ...], ...]) -> ContentRule:
    check = next((each for each in rule.all("check") if each.get("system") == _OVAL_SYSTEM), None)
    content = check.first("check-content-ref") if check is not None else None
    own = _names(rule)
    references = (each for each in rule.all("reference") if _CIS in each.get("href"))
    return ContentRule(
        id=rule.get("id"),
        title=rule.text_of("title"),
        severity=rule.get("severity"),
        controls=tuple(dict.fromkeys(each.text.strip() for each in references)),
        definition=content.get("name") if content is not None else "",
        exports={e.get("export-name"): e.get("value-id") for e in check.all("check-export")} if check else {},
        negate=check is not None and check.get("negate") == "true",
        platforms=(*around, own) if own else around,
    )


def _profiles(benchmark: Element, rules: Mapping[str, ContentRule]) -> Mapping[str, ContentProfile]:
    values = {
        value.get("id"): {each.get("selector"): each.text.strip() for each in value.all("value")}
        for value in benchmark.descendants("Value")
    }
    selected = frozenset(rule.get("id") for rule in benchmark.descendants("Rule") if rule.get("selected") != "false")
    found = {profile.get("id"): profile for profile in benchmark.all("Profile")}
    return {name: _profile(name, found, values, (selected, rules)) for name in found}


def _profile(
    name: str,
    profiles: Mapping[str, Element],
    values: Mapping[str, Mapping[str, str]],
    known: tuple[frozenset[str], Mapping[str, ContentRule]],
) -> ContentProfile:
    by_default, rules = known
    chosen, set_to = set(by_default), {each: options.get("", "") for each, options in values.items()}
    chain: list[Element] = []
    at = name
    while at and profiles[at] not in chain:
        chain.insert(0, profiles[at])
        at = profiles[at].get("extends")
    for profile in chain:
        for child in profile.children:
            match child.tag:
                case "select":
                    (chosen.add if child.get("selected") == "true" else chosen.discard)(child.get("idref"))
                case "refine-value":
                    options = values.get(child.get("idref"), {})
                    set_to[child.get("idref")] = options.get(child.get("selector"), options.get("", ""))
                case "set-value":
                    set_to[child.get("idref")] = child.text.strip()
    return ContentProfile(
        id=name,
        title=profiles[name].text_of("title"),
        rules=tuple(rule for rule in rules if rule in chosen),
        values=set_to,
    )


def _platforms(benchmark: Element, roots: Sequence[Element]) -> Iterator[tuple[str, ApplicablePlatform]]:
    for specification in benchmark.all("platform-specification"):
        for platform in specification.all("platform"):
            test = platform.first("logical-test")
            if test is not None:
                yield f"#{platform.get('id')}", _logical(test)
    for dictionary in roots:
        for item in dictionary.all("cpe-item") if dictionary.tag == "cpe-list" else ():
            yield item.get("name"), ApplicablePlatform(operator="AND", negate=False, parts=(item.text_of("check"),))


def _logical(test: Element) -> ApplicablePlatform:
    parts: list[ApplicablePlatform | str] = []
    for child in test.children:
        match child.tag:
            case "logical-test":
                parts.append(_logical(child))
            case "check-fact-ref":
                parts.append(child.get("id-ref"))
            case "fact-ref":
                parts.append(child.get("name"))
    return ApplicablePlatform(
        operator=test.get("operator") or "AND", negate=test.get("negate") == "true", parts=tuple(parts)
    )


def _oval(documents: Sequence[Element]) -> Oval:
    definitions: dict[str, Criteria] = {}
    tests: dict[str, Test] = {}
    objects: dict[str, Object] = {}
    states: dict[str, ItemState] = {}
    variables: dict[str, Variable] = {}
    for document in documents:
        for each in _children(document, "definitions"):
            criteria = each.first("criteria")
            if criteria is not None:
                definitions.setdefault(each.get("id"), _criteria(criteria))
        for each in _children(document, "tests"):
            tests.setdefault(each.get("id"), _test(each))
        for each in _children(document, "objects"):
            objects.setdefault(each.get("id"), _object(each))
        for each in _children(document, "states"):
            entities = tuple(_entity(child) for child in each.children if child.tag not in _STRUCTURE)
            state = ItemState(id=each.get("id"), operator=each.get("operator") or "AND", entities=entities)
            states.setdefault(state.id, state)
        for each in _children(document, "variables"):
            variables.setdefault(each.get("id"), _variable(each))
    return Oval(definitions=definitions, tests=tests, objects=objects, states=states, variables=variables)


def _children(document: Element, tag: str) -> Sequence[Element]:
    found = document.first(tag)
    return found.children if found is not None else ()


def _criteria(criteria: Element) -> Criteria:
    parts: list[Criteria | Criterion | Extension] = []
    for child in criteria.children:
        negate = child.get("negate") == "true"
        match child.tag:
            case "criteria":
                parts.append(_criteria(child))
            case "criterion":
                parts.append(Criterion(test=child.get("test_ref"), negate=negate))
            case "extend_definition":
                parts.append(Extension(definition=child.get("definition_ref"), negate=negate))
    return Criteria(
        operator=criteria.get("operator") or "AND", negate=criteria.get("negate") == "true", parts=tuple(parts)
    )


def _test(test: Element) -> Test:
    wanted = test.first("object")
    return Test(
        id=test.get("id"),
        object=wanted.get("object_ref") if wanted is not None else "",
        states=tuple(state.get("state_ref") for state in test.all("state")),
        check=test.get("check") or "all",
        check_existence=test.get("check_existence") or "at_least_one_exists",
        state_operator=test.get("state_operator") or "AND",
    )


def _object(found: Element) -> Object:
    behaviors, combined = found.first("behaviors"), found.first("set")
    return Object(
        id=found.get("id"),
        kind=found.tag.removesuffix("_object"),
        entities={child.tag: _entity(child) for child in found.children if child.tag not in _STRUCTURE},
        behaviors=behaviors.attributes if behaviors is not None else {},
        filters=_filters(found),
        set=_set(combined) if combined is not None else None,
    )


def _set(combined: Element) -> ObjectSet:
    parts = [
        _set(child) if child.tag == "set" else child.text.strip()
        for child in combined.children
        if child.tag in {"set", "object_reference"}
    ]
    return ObjectSet(operator=combined.get("set_operator") or "UNION", parts=tuple(parts), filters=_filters(combined))


def _filters(parent: Element) -> tuple[Filter, ...]:
    return tuple(Filter(state=f.text.strip(), includes=f.get("action") == "include") for f in parent.all("filter"))


def _entity(child: Element) -> Entity:
    return Entity(
        name=child.tag,
        value=child.text,
        operation=child.get("operation") or "equals",
        datatype=child.get("datatype") or "string",
        variable=child.get("var_ref") or (child.text.strip() if child.tag == "var_ref" else ""),
        variable_check=child.get("var_check") or "all",
        entity_check=child.get("entity_check") or "all",
        is_nil=child.get("nil") == "true",
    )


def _variable(variable: Element) -> Variable:
    match variable.tag:
        case "constant_variable":
            return Constant(values=tuple(value.text for value in variable.all("value")))
        case "external_variable":
            return External()
        case _:
            return Computed(component=_component(variable.children[0] if variable.children else variable))


def _component(part: Element) -> Component:
    match part.tag:
        case "literal_component":
            return Literal(value=part.text)
        case "variable_component":
            return VariableValues(variable=part.get("var_ref"))
        case "object_component":
            return ItemField(object=part.get("object_ref"), name=part.get("item_field"))
        case _:
            return Function(name=part.tag, parts=tuple(map(_component, part.children)), options=part.attributes)
