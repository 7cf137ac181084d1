"""Stored names and codes: nothing depends on the order of an enumeration."""

from openinspector.model.finding import Severity
from openinspector.service.stores.finding_schema import FINDING
from openinspector.service.stores.findings.bits import BitsKind
from openinspector.service.stores.findings.bodies import SEVERITY_CODES
from openinspector.service.stores.findings.rows import FindingRow


def test_a_row_has_the_columns_of_the_table_in_their_order() -> None:
    assert list(FindingRow._fields) == FINDING.columns.keys()


def test_stored_codes_never_change() -> None:
    assert {severity.value: code for severity, code in SEVERITY_CODES.items()} == {
        "High": 0,
        "Medium": 1,
        "Low": 2,
        "Informational": 3,
        "Undefined": 4,
    }
    assert SEVERITY_CODES.keys() == set(Severity)
    assert {kind.name: kind.value for kind in BitsKind} == {
        "SEVERITY": 0,
        "RULES_PACKAGE": 1,
        "RULE": 2,
        "AGENT": 3,
        "AUTO_SCALING_GROUP": 4,
        "ATTRIBUTE": 5,
        "USER_ATTRIBUTE": 6,
    }
