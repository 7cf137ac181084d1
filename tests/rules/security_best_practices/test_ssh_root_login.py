from dataclasses import replace

import pytest

from openinspector.agent.sensors.sshd_configuration import SENSOR
from openinspector.engine.evidence import render_evidence
from openinspector.engine.rule import Detected, NotApplicable, Passed, RuleContext, Unable
from openinspector.model.finding import Severity
from openinspector.model.ground import NOT_SET, setting
from openinspector.model.inventory import SshdConfiguration, SshdConnection
from openinspector.rules.security_best_practices.ssh_root_login import RULE
from openinspector.testing.conformance.sensor import run
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import AGENT_ID, host, silent, sshd, troubled
from openinspector.testing.fake_host import FakeHost

CONTEXT = RuleContext()


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"permitrootlogin": "no"}, Passed),
        ({"permitrootlogin": "forced-commands-only"}, Passed),
        ({"permitrootlogin": "yes"}, Detected),
        ({"permitrootlogin": "prohibit-password"}, Detected),
        ({"permitrootlogin": "without-password"}, Detected),
        ({"permitrootlogin": "perhaps"}, Unable),
        ({"permitrootlogin": "yes", "denyusers": "guest root"}, Passed),
        ({"permitrootlogin": "yes", "denyusers": "r??t"}, Passed),
        ({"permitrootlogin": "yes", "denyusers": "root@10.0.0.*"}, Detected),
        ({"permitrootlogin": "yes", "denyusers": "roo"}, Detected),
        ({"permitrootlogin": "yes", "allowusers": "alice bob"}, Passed),
        ({"permitrootlogin": "yes", "allowusers": "alice root@10.0.0.1"}, Detected),
        ({"permitrootlogin": "yes", "allowusers": "*"}, Detected),
        ({"permitrootlogin": "yes", "allowusers": "[root]"}, Passed),
    ],
)
def test_values(values: dict[str, str], outcome: type[object]) -> None:
    assert type(RULE.evaluate(host(sshd(values)), CONTEXT)) is outcome


def test_the_finding_names_host_file_and_line() -> None:
    at = {"permitrootlogin": "/etc/ssh/sshd_config.d/50-cloud.conf:3"}
    outcome = RULE.evaluate(host(sshd({"permitrootlogin": "yes"}, sources=at)), CONTEXT)
    assert isinstance(outcome, Detected)
    found = read(outcome.detections[0])
    assert found.rule_id == "Disable root login over SSH"
    assert found.severity is Severity.MEDIUM
    assert f"Instance {AGENT_ID} is configured to allow users to log in with root credentials over SSH" in found.title
    assert "Change line 3 of /etc/ssh/sshd_config.d/50-cloud.conf to `PermitRootLogin no`." in found.recommendation
    assert "PermitRootLogin is yes [/etc/ssh/sshd_config.d/50-cloud.conf:3]" in render_evidence(found.evidence)
    assert "50-cloud.conf:3" in render_evidence(found.evidence)


def test_the_finding_states_what_a_waiver_may_hold() -> None:
    outcome = RULE.evaluate(host(sshd({"permitrootlogin": "yes", "denyusers": "alice"})), CONTEXT)
    assert isinstance(outcome, Detected)
    assert outcome.detections[0].grounds == (
        setting("PermitRootLogin", "yes"),
        setting("DenyUsers", "alice"),
        setting("AllowUsers", NOT_SET),
    )


def test_a_default_is_called_one() -> None:
    outcome = RULE.evaluate(host(sshd({"permitrootlogin": "prohibit-password"})), CONTEXT)
    assert isinstance(outcome, Detected)
    found = read(outcome.detections[0])
    assert "PermitRootLogin is prohibit-password, the default of OpenSSH 9.2p1" in render_evidence(found.evidence)
    assert "Write `PermitRootLogin no` in /etc/ssh/sshd_config, before any Match block." in found.recommendation


def test_a_host_without_sshd() -> None:
    assert isinstance(RULE.evaluate(host(), CONTEXT), NotApplicable)
    assert isinstance(RULE.evaluate(host(SshdConfiguration(installed=False)), CONTEXT), NotApplicable)


def test_an_unread_file_is_neither_finding_nor_pass() -> None:
    for value in ("yes", "no"):
        facts = host(sshd({"permitrootlogin": value}))
        partial = RULE.evaluate(troubled(facts, "sshd_configuration", "/etc/ssh/x.conf: Permission denied"), CONTEXT)
        assert isinstance(partial, Unable)
        assert "/etc/ssh/x.conf: Permission denied" in partial.reason
        assert isinstance(RULE.evaluate(silent(facts, "sshd_configuration"), CONTEXT), Unable)


def blocks(*for_root: dict[str, str], permitrootlogin: str = "no") -> SshdConfiguration:
    """Return an sshd whose Match blocks treat root in these ways."""
    connections = tuple(
        SshdConnection(
            user="root", ip_version=4, values=values, sources=dict.fromkeys(values, "/etc/ssh/sshd_config:9")
        )
        for values in for_root
    )
    return replace(sshd({"permitrootlogin": permitrootlogin}), connections=connections)


@pytest.mark.parametrize(
    ("configuration", "outcome"),
    [
        (blocks({"permitrootlogin": "yes"}), Detected),
        (blocks({}, {"permitrootlogin": "yes"}), Detected),  # from IPv6 only
        (blocks({"permitrootlogin": "perhaps"}, {"permitrootlogin": "yes"}), Detected),
        (blocks({}, {"permitrootlogin": "perhaps"}), Unable),
        (blocks({"permitrootlogin": "no"}, permitrootlogin="yes"), Passed),
        (blocks({"denyusers": "root"}, permitrootlogin="yes"), Passed),
    ],
)
def test_match_blocks_for_root(configuration: SshdConfiguration, outcome: type[object]) -> None:
    assert type(RULE.evaluate(host(configuration), CONTEXT)) is outcome


def test_the_finding_names_the_line_in_the_block() -> None:
    outcome = RULE.evaluate(host(blocks({"permitrootlogin": "yes"})), CONTEXT)
    assert isinstance(outcome, Detected)
    assert (
        "Change line 9 of /etc/ssh/sshd_config to `PermitRootLogin no`." in read(outcome.detections[0]).recommendation
    )


def test_match_user_root_on_a_host_is_a_finding() -> None:
    """From the file to the outcome."""
    text = "PermitRootLogin no\nMatch User root\n    PermitRootLogin yes\n"
    fake = FakeHost({"/usr/sbin/sshd": b"OpenSSH_9.2p1", "/etc/ssh/sshd_config": text})
    assert isinstance(RULE.evaluate(host(*run(SENSOR, fake)[0]), CONTEXT), Detected)
