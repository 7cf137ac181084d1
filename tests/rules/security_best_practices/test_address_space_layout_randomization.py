import pytest

from openinspector.engine.evidence import render_evidence
from openinspector.engine.rule import Detected, Passed, RuleContext, Unable
from openinspector.model.inventory import KernelParameters
from openinspector.rules.security_best_practices.address_space_layout_randomization import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import AGENT_ID, host, silent, troubled

CONTEXT = RuleContext()


@pytest.mark.parametrize(("value", "outcome"), [("2", Passed), ("1", Detected), ("0", Detected), ("3", Unable)])
def test_values(value: str, outcome: type[object]) -> None:
    facts = host(KernelParameters(values={"kernel.randomize_va_space": value}))
    assert type(RULE.evaluate(facts, CONTEXT)) is outcome


def test_finding_names_the_current_state() -> None:
    outcome = RULE.evaluate(host(KernelParameters(values={"kernel.randomize_va_space": "1"})), CONTEXT)
    assert isinstance(outcome, Detected)
    found = read(outcome.detections[0])
    assert AGENT_ID in found.title
    assert "off for the heap" in render_evidence(found.evidence)
    assert "echo 2 | sudo tee /proc/sys/kernel/randomize_va_space" in found.recommendation


def test_an_unread_value_is_not_a_finding() -> None:
    others = host(KernelParameters(values={"kernel.sysrq": "0"}))
    for facts in (host(), others, troubled(others, "kernel_parameters", "unread"), silent(host(), "kernel_parameters")):
        assert isinstance(RULE.evaluate(facts, CONTEXT), Unable)


def test_another_parameter_that_was_not_read_does_not_matter() -> None:
    facts = host(KernelParameters(values={"kernel.randomize_va_space": "2"}))
    assert isinstance(RULE.evaluate(troubled(facts, "kernel_parameters", "unread"), CONTEXT), Passed)
