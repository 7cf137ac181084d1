import pytest
from sqlalchemy import Engine

from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.stores.rule_result_sql import SqlRuleResultStore
from openinspector.testing.conformance.rule_result_store import RuleResultStoreSuite


class TestSqlRuleResultStore(RuleResultStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> RuleResultStore:
        return SqlRuleResultStore(engine)
