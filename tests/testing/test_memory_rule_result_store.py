import pytest

from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.testing.conformance.rule_result_store import RuleResultStoreSuite
from openinspector.testing.memory_rule_result_store import MemoryRuleResultStore


class TestMemoryRuleResultStore(RuleResultStoreSuite):
    @pytest.fixture
    def store(self) -> RuleResultStore:
        return MemoryRuleResultStore()
