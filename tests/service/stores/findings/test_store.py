import pytest
from sqlalchemy import Engine, update

from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.columns import to_json
from openinspector.service.stores.engine import writing
from openinspector.service.stores.finding_schema import TEXT
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.testing.conformance.finding_store import FindingStoreSuite
from openinspector.testing.model_builders import finding


class TestSqlFindingStore(FindingStoreSuite):
    @pytest.fixture
    def assessments(self, engine: Engine) -> AssessmentStore:
        return SqlAssessmentStore(engine)

    @pytest.fixture
    def store(self, engine: Engine) -> FindingStore:
        return SqlFindingStore(engine)


def test_hosts_stored_before_they_had_interfaces_are_read(engine: Engine) -> None:
    store = SqlFindingStore(engine)
    store.add_findings([finding(1)])
    new = to_json(finding(1).asset)
    old = new.replace(',"interfaces":[]', "")
    assert old != new
    with writing(engine) as connection:
        assert connection.execute(update(TEXT).where(TEXT.c.body == new).values(body=old)).rowcount == 1
    assert store.findings_by_arn([finding(1).arn]) == {finding(1).arn: finding(1)}
