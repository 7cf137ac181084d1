from dataclasses import replace

import pytest

from openinspector.engine.password_policy import number, password_policy
from openinspector.model.inventory import PamConfiguration, PasswordQuality
from openinspector.testing.fact_builders import host, pam


@pytest.mark.parametrize(
    ("text", "value"),
    [("14", 14), ("-1", -1), ("+3", 3), ("", None), ("-", None), ("1.5", None), ("٣", None), ("9" * 11, None)],
)
def test_numbers(text: str, value: int | None) -> None:
    assert number(text) == value


def test_services_that_include_the_same_lines_are_one() -> None:
    (line,) = pam("passwd password required pam_unix.so minlen=14").modules
    modules = (line, replace(line, service="login"), replace(line, service="sshd", arguments=()))
    policy = password_policy(host(PamConfiguration(modules=modules)))
    assert [(stack.services, stack.length) for stack in policy.stacks] == [(("passwd", "login"), 14), (("sshd",), 0)]


def test_the_strictest_module_of_a_stack_counts() -> None:
    policy = password_policy(
        host(
            pam(
                "passwd password requisite pam_pwquality.so minclass=3",
                "passwd password required pam_pwhistory.so remember=24",
                "passwd password sufficient pam_unix.so minlen=10 remember=5",
                "passwd password required pam_deny.so",
                "passwd auth required pam_unix.so minlen=99",
            ),
            PasswordQuality(present=True, values={"minlen": "12", "lcredit": "-2"}),
        )
    )
    (stack,) = policy.stacks
    assert (stack.length, stack.demands, stack.remembered) == (12, ("lcredit=-2", "minclass=3"), 24)
    assert policy.through_pam
    assert not policy.foreign


def test_foreign_modules_are_named_once() -> None:
    policy = password_policy(host(pam("passwd password required pam_sss.so", "login password required pam_sss.so")))
    assert policy.foreign == ("pam_sss.so",)


def test_no_pam_no_policy() -> None:
    assert not password_policy(host()).through_pam
