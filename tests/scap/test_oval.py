"""Evaluation of definitions: sets, filters, variables, and content that refers to itself or to nothing."""

import pytest
from tests.scap.small_stream import CPE, READ, RECORDS, XCCDF, facts, file, stream

from openinspector.scap.host_items import HostItems
from openinspector.scap.oval import OvalEvaluation
from openinspector.scap.stream import read_stream
from openinspector.scap.truth import Truth

HEAD = "<oval_definitions><definitions><definition id='d'><criteria>{criteria}</criteria></definition>{more}"
REST = "</definitions><tests>{tests}</tests><objects>{objects}</objects><states>{states}</states>"
TAIL = "<variables>{variables}</variables></oval_definitions>"
LINES = """<textfilecontent54_object id="{id}"><filepath>/etc/sysctl.d/a.conf</filepath>
  <pattern operation="pattern match">{pattern}</pattern></textfilecontent54_object>"""
HOST = facts(READ, RECORDS["package"], RECORDS["mount"], file("/etc/sysctl.d/a.conf", "a = 1", "b = 2"))


def answer(criteria: str, **parts: str) -> Truth:
    empty = dict.fromkeys(("more", "tests", "objects", "states", "variables"), "")
    document = (HEAD + REST + TAIL).format(**{**empty, "criteria": criteria, **parts})
    content = read_stream(stream(XCCDF, CPE, document))
    return OvalEvaluation(content.oval, HostItems(HOST), {"v:outside": "2"}).definition("d")


CRITERION = "<criterion test_ref='t'/>"
VARIABLE_TEST = "<variable_test id='t' check='{check}'><object object_ref='o'/><state state_ref='s'/></variable_test>"
VARIABLE_OBJECT = "<variable_object id='o'><var_ref>v</var_ref></variable_object>"


def variable_is(wanted: str, variables: str, *objects: str, check: str = "all") -> Truth:
    return answer(
        CRITERION,
        tests=VARIABLE_TEST.format(check=check),
        objects=VARIABLE_OBJECT + "".join(objects),
        states=f"<variable_state id='s'><value>{wanted}</value></variable_state>",
        variables=variables,
    )


def test_variables_of_every_kind() -> None:
    constant = "<constant_variable id='v'><value>2</value><value>3</value></constant_variable>"
    assert variable_is("2", constant).value is False
    assert variable_is("2", constant, check="at least one").value is True
    computed = "<local_variable id='v'><concat><literal_component>1</literal_component>{}</concat></local_variable>"
    outside = "<external_variable id='v:outside'/>"
    reference = computed.format("<variable_component var_ref='v:outside'/>") + outside
    assert variable_is("12", reference).value is True
    of_items = computed.format("<object_component object_ref='x' item_field='subexpression'/>")
    assert variable_is("12", of_items, LINES.format(id="x", pattern=r"^b = (\d)")).value is True


@pytest.mark.parametrize(
    "variables",
    [
        "<local_variable id='v'><variable_component var_ref='v'/></local_variable>",
        "<external_variable id='v'/>",
        "<local_variable id='v'><merge/></local_variable>",
        "",
    ],
)
def test_a_variable_without_a_value_is_not_known(variables: str) -> None:
    found = variable_is("1", variables)
    assert found.value is None
    assert found.because


def test_sets_and_filters() -> None:
    parts = LINES.format(id="a", pattern=r"^\w = (\d)") + LINES.format(id="b", pattern=r"^a = (\d)")
    for operator, count in (("UNION", 2), ("INTERSECTION", 1), ("COMPLEMENT", 1)):
        both = (
            f"<textfilecontent54_object id='x'><set set_operator='{operator}'><object_reference>a</object_reference>"
            "<object_reference>b</object_reference></set></textfilecontent54_object>"
        )
        number = "<local_variable id='v'><count><object_component object_ref='x' item_field='text'/></count>"
        assert variable_is(str(count), f"{number}</local_variable>", parts, both).value is True, operator
    kept = (
        "<partition_object id='m'><mount_point operation='pattern match'>.*</mount_point>"
        "<filter action='{}'>f</filter></partition_object>"
    )
    for action, result in (("include", True), ("exclude", False)):
        found = answer(
            CRITERION,
            tests="<partition_test id='t'><object object_ref='m'/></partition_test>",
            objects=kept.format(action),
            states="<partition_state id='f'><mount_options entity_check='at least one'>nodev</mount_options>"
            "</partition_state>",
        )
        assert found.value is result


def test_definitions_that_extend_each_other_end() -> None:
    back = "<definition id='e'><criteria><extend_definition definition_ref='d'/></criteria></definition>"
    assert answer("<extend_definition definition_ref='e'/>", more=back).value is None


@pytest.mark.parametrize("criteria", [CRITERION, "<extend_definition definition_ref='absent'/>", ""])
def test_content_that_refers_to_nothing_is_not_known(criteria: str) -> None:
    assert answer(criteria).value is None


def test_a_known_part_decides() -> None:
    present = "<dpkginfo_test id='p'><object object_ref='n'/></dpkginfo_test>"
    named = "<dpkginfo_object id='n'><name>telnet</name></dpkginfo_object>"
    either = f"<criteria operator='OR'>{CRITERION}<criterion test_ref='p'/></criteria>"
    assert answer(either, tests=present, objects=named).value is True
    assert answer(either.replace("OR", "AND"), tests=present, objects=named).value is None
    assert answer("<criterion test_ref='p' negate='true'/>", tests=present, objects=named).value is False
