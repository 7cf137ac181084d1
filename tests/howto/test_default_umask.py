import pytest
from tests.howto.default_umask import RULE

from openinspector.engine.rule import Detected, NotApplicable, Passed, Rule, RuleContext
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import LoginDefinitions, SensorState, SensorStatus
from openinspector.testing.conformance.rule import RuleConformance

READ = {"login_definitions": SensorStatus(sensor="login_definitions", state=SensorState.OK, records=1)}


class TestDefaultUmask(RuleConformance):
    @pytest.fixture
    def rule(self) -> Rule:
        return RULE


@pytest.mark.parametrize(("umask", "outcome"), [("022", Detected), ("027", Passed), ("077", Passed), ("", Detected)])
def test_the_setting_decides(umask: str, outcome: type[Detected | Passed]) -> None:
    definitions = LoginDefinitions(values={"UMASK": umask})
    facts = HostFacts(agent_id="i-1", records={LoginDefinitions: (definitions,)}, sensors=READ)
    assert isinstance(RULE.evaluate(facts, RuleContext()), outcome)


def test_a_host_without_the_file_is_not_judged() -> None:
    facts = HostFacts(agent_id="i-1", sensors=READ)
    assert isinstance(RULE.evaluate(facts, RuleContext()), NotApplicable)
