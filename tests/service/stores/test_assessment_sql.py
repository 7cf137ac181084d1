from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.testing.conformance.assessment_store import AssessmentStoreSuite


def test_suites_of_the_parts_do_not_overlap() -> None:
    """The nouns' laws are tried in test_target_sql.py, test_template_sql.py and test_run_sql.py."""
    names = [name for suite in AssessmentStoreSuite.__bases__ for name in vars(suite) if not name.startswith("__")]
    assert sorted(names) == sorted(set(names))


def test_parts_cover_the_whole_port() -> None:
    wanted = {name for name in vars(AssessmentStore) if not name.startswith("_")}
    parts = [{name for name in vars(part) if not name.startswith("_")} for part in SqlAssessmentStore.__bases__]
    assert set().union(*parts) == wanted
    assert sum(map(len, parts)) == len(wanted)
