from openinspector.engine.detection import MAX_LISTED, detection, listed
from openinspector.model.evidence import Evidence
from openinspector.rules.security_best_practices.ssh_root_login import RULE
from openinspector.testing.detection_texts import read


def test_description_states_the_evidence() -> None:
    why = Evidence(statement="it is so", because=(Evidence(statement="x is 1", source="/etc/x:2"),))
    found = read(detection(RULE, "title", "remedy", why))
    assert found.rule_id == RULE.title
    assert found.severity is RULE.severity
    assert found.description == RULE.description


def test_excess_evidence_is_counted() -> None:
    many = [Evidence(statement=str(number)) for number in range(MAX_LISTED + 3)]
    assert listed(many[:MAX_LISTED], "things") == tuple(many[:MAX_LISTED])
    assert listed(many, "things")[MAX_LISTED:] == (Evidence(statement="and 3 more things"),)
