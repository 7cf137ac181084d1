from dataclasses import replace

import pytest

from openinspector.engine.evidence import render_evidence
from openinspector.engine.password_policy import number, password_policy
from openinspector.model.inventory import PamConfiguration, PasswordQuality
from openinspector.testing.fact_builders import host, pam

UNIX = "passwd password required pam_unix.so"


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


def test_strictest_module_of_a_stack_applies() -> None:
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


@pytest.mark.parametrize(
    ("module", "length", "demands"),
    [
        ("pam_pwquality.so MINLEN=20", 20, ()),
        ("pam_pwquality.so minlen=2", 6, ()),
        ("pam_pwquality.so minlen=20x", 12, ()),  # skipped: pwquality.conf holds
        ("pam_pwquality.so minlen", 12, ()),
        ("pam_pwquality.so minclass=9", 12, ("minclass=4",)),
        ("pam_cracklib.so minlen=2 dcredit=0 ucredit=0 lcredit=0 ocredit=0", 5, ()),
        ("pam_cracklib.so minlen=20x dcredit=0 ucredit=0 lcredit=0 ocredit=0", 20, ()),
        ("pam_cracklib.so minlen=x dcredit=x ucredit=0 lcredit=0 ocredit=0", 5, ()),
        ("pam_cracklib.so minclass=9", 5, ("minclass=4",)),
    ],
)
def test_arguments_are_parsed_like_the_module(module: str, length: int, demands: tuple[str, ...]) -> None:
    quality = PasswordQuality(present=True, values={"minlen": "12"})
    (stack,) = password_policy(host(pam(f"passwd password requisite {module}", UNIX), quality)).stacks
    assert (stack.length, stack.demands) == (length, demands)


def test_the_line_at_which_the_library_stops_is_evidence() -> None:
    stopped = "/etc/security/pwquality.conf:3: minlength is not a setting"
    quality = PasswordQuality(present=True, stopped_at=stopped)
    (stack,) = password_policy(host(pam("passwd password requisite pam_pwquality.so", UNIX), quality)).stacks
    assert stack.length == 8
    assert stopped in render_evidence(stack.evidence("8 characters"))


def test_foreign_modules_are_named_once() -> None:
    policy = password_policy(host(pam("passwd password required pam_sss.so", "login password required pam_sss.so")))
    assert policy.foreign == ("pam_sss.so",)


def test_no_policy_without_pam() -> None:
    assert not password_policy(host()).through_pam
