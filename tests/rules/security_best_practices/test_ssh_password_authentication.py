from dataclasses import replace

import pytest

from openinspector.engine.rule import Detected, NotApplicable, Passed, RuleContext, Unable
from openinspector.model.inventory import SshdConnection
from openinspector.rules.security_best_practices.ssh_password_authentication import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import host, silent, sshd

CONTEXT = RuleContext()


def outcome(**values: str) -> type[object]:
    return type(RULE.evaluate(host(sshd(values)), CONTEXT))


@pytest.mark.parametrize(
    ("password", "keyboard", "pam", "expected"),
    [
        ("no", "no", "yes", Passed),
        ("yes", "no", "no", Detected),
        ("yes", "yes", "yes", Detected),
        ("no", "yes", "yes", Detected),  # PAM asks for the password
        ("no", "yes", "no", Passed),  # PAM is off
        ("maybe", "no", "yes", Unable),
    ],
)
def test_the_two_ways(password: str, keyboard: str, pam: str, expected: type[object]) -> None:
    assert outcome(passwordauthentication=password, kbdinteractiveauthentication=keyboard, usepam=pam) is expected


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ("any", Detected),
        ("publickey", Passed),
        ("publickey,password", Passed),
        ("publickey,password password", Detected),
        ("keyboard-interactive:pam", Passed),  # that way is off
        ("password,keyboard-interactive", Passed),
        ("publickey publickey,keyboard-interactive", Passed),
    ],
)
def test_methods_that_also_ask_for_a_key_pass(methods: str, expected: type[object]) -> None:
    assert outcome(passwordauthentication="yes", authenticationmethods=methods) is expected


def test_the_recommendation_names_both_keywords() -> None:
    at = {"passwordauthentication": "/etc/ssh/sshd_config:57"}
    both = {"passwordauthentication": "yes", "kbdinteractiveauthentication": "yes"}
    found = RULE.evaluate(host(sshd(both, sources=at)), CONTEXT)
    assert isinstance(found, Detected)
    remedy = read(found.detections[0]).recommendation
    assert "Change line 57 of /etc/ssh/sshd_config to `PasswordAuthentication no`." in remedy
    assert "Write `KbdInteractiveAuthentication no`" in remedy


def test_without_sshd_or_telemetry() -> None:
    assert isinstance(RULE.evaluate(host(), CONTEXT), NotApplicable)
    assert isinstance(RULE.evaluate(silent(host(sshd()), "sshd_configuration"), CONTEXT), Unable)


@pytest.mark.parametrize(
    ("user", "values", "expected"),
    [
        ("", {"passwordauthentication": "yes"}, Detected),
        ("root", {"passwordauthentication": "yes", "permitrootlogin": "yes"}, Detected),
        ("root", {"passwordauthentication": "yes"}, Passed),  # root may not log in with one
        ("root", {"passwordauthentication": "yes", "permitrootlogin": "prohibit-password"}, Passed),
    ],
)
def test_match_blocks(user: str, values: dict[str, str], expected: type[object]) -> None:
    connections = (SshdConnection(user=user, ip_version=4, values=values),)
    assert type(RULE.evaluate(host(replace(sshd(), connections=connections)), CONTEXT)) is expected
