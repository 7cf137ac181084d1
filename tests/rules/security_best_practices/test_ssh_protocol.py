import pytest

from openinspector.engine.rule import Detected, NotApplicable, Passed, RuleContext, Unable
from openinspector.rules.security_best_practices.ssh_protocol import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import host, silent, sshd

CONTEXT = RuleContext()


@pytest.mark.parametrize(
    ("version", "protocol", "outcome"),
    [
        ("9.2p1", None, Passed),
        ("10.0p2", "1", Passed),  # ignored, and 10 is not below 7
        ("7.6p1", "2,1", Passed),
        ("7.4p1", "1", Passed),
        ("7.3p1", "2", Passed),
        ("7.3p1", "2,1", Detected),
        ("6.6.1p1", "1", Detected),
        ("5.3p1", "1,2", Detected),
        ("6.6.1p1", "two", Unable),
        ("6.6.1p1", None, Unable),
        ("", "2", Passed),
        ("", "2,1", Unable),
        ("", None, Unable),
    ],
)
def test_versions_and_values(version: str, protocol: str | None, outcome: type[object]) -> None:
    values = {} if protocol is None else {"protocol": protocol}
    assert type(RULE.evaluate(host(sshd(values, version=version)), CONTEXT)) is outcome


def test_finding_names_the_line() -> None:
    outcome = RULE.evaluate(
        host(sshd({"protocol": "2,1"}, version="6.6p1", sources={"protocol": "/etc/ssh/sshd_config:21"})), CONTEXT
    )
    assert isinstance(outcome, Detected)
    assert "Change line 21 of /etc/ssh/sshd_config to `Protocol 2`." in read(outcome.detections[0]).recommendation


def test_without_sshd_or_telemetry() -> None:
    assert isinstance(RULE.evaluate(host(), CONTEXT), NotApplicable)
    assert isinstance(RULE.evaluate(silent(host(sshd()), "sshd_configuration"), CONTEXT), Unable)
