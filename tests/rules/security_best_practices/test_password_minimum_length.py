import pytest

from openinspector.engine.evidence import render_evidence
from openinspector.engine.rule import Detected, Passed, RuleContext, Unable
from openinspector.model.inventory import LoginDefinitions, PasswordQuality
from openinspector.model.record import Record
from openinspector.rules.security_best_practices.password_minimum_length import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import host, pam, silent, troubled

CONTEXT = RuleContext()
DEBIAN = "passwd password [success=1 default=ignore] pam_unix.so obscure yescrypt"
QUALITY = "passwd password requisite pam_pwquality.so retry=3"


def conf(**values: str) -> PasswordQuality:
    return PasswordQuality(present=True, values=values)


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ((pam(DEBIAN),), Detected),
        ((pam(f"{DEBIAN} minlen=14"),), Passed),
        ((pam(QUALITY, DEBIAN), conf()), Detected),
        ((pam(QUALITY, DEBIAN), conf(minlen="14")), Passed),
        ((pam(f"{QUALITY} minlen=13", DEBIAN), conf(minlen="14")), Detected),
        ((pam(f"{QUALITY} minlen=14", DEBIAN), conf(minlen="8")), Passed),
        ((pam(QUALITY, DEBIAN), conf(minlen="14", dcredit="1")), Detected),
        ((pam(QUALITY, DEBIAN), conf(minlen="14", dcredit="-1")), Passed),
        ((pam(QUALITY, DEBIAN), conf(minlen="14", enforcing="0")), Detected),
        ((pam("passwd password optional pam_pwquality.so minlen=14", DEBIAN), conf()), Detected),
        ((pam("passwd password required pam_cracklib.so minlen=14", DEBIAN),), Detected),  # credits of 1 each
        ((pam("passwd password required pam_cracklib.so minlen=18", DEBIAN),), Passed),
        ((pam("passwd password required pam_passwdqc.so", DEBIAN),), Detected),
        ((pam("passwd password required pam_passwdqc.so min=disabled,24,16,14,14", DEBIAN),), Passed),
        ((pam("passwd password required pam_passwdqc.so min=disabled,24,16,14,14 enforce=none", DEBIAN),), Detected),
        ((pam("passwd password required pam_passwdqc.so config=/etc/x", DEBIAN),), Unable),
        ((pam("passwd password required pam_sss.so"),), Unable),
        # one service that takes less is enough
        ((pam(f"{DEBIAN} minlen=14", "login password required pam_unix.so"),), Detected),
        # nothing but authentication: PAM sets no passwords
        ((pam("sshd auth required pam_unix.so"),), Detected),
        ((pam("sshd auth required pam_unix.so"), LoginDefinitions(values={"PASS_MIN_LEN": "14"})), Passed),
        ((), Detected),
        ((LoginDefinitions(values={"PASS_MIN_LEN": "14"}),), Passed),
        ((LoginDefinitions(values={"PASS_MIN_LEN": "5"}),), Detected),
        ((pam(DEBIAN), LoginDefinitions(values={"PASS_MIN_LEN": "14"})), Detected),  # ignored with PAM
    ],
)
def test_policies(records: tuple[Record, ...], outcome: type[object]) -> None:
    assert type(RULE.evaluate(host(*records), CONTEXT)) is outcome


def test_finding_explains_the_effective_length() -> None:
    outcome = RULE.evaluate(host(pam(QUALITY, DEBIAN), conf(minlen="14", dcredit="2")), CONTEXT)
    assert isinstance(outcome, Detected)
    text = render_evidence(read(outcome.detections[0]).evidence)
    assert "passwd: 12 characters" in text
    assert "takes 12 characters (minlen 14, minus 2 for positive credits)" in text
    assert "[/etc/pam.d/passwd:1]" in text


def test_an_unread_module_may_require_more() -> None:
    facts = host(pam(QUALITY, DEBIAN), conf(minlen="8"))
    unread = "/etc/security/pwquality.conf: Permission denied"
    outcome = RULE.evaluate(troubled(facts, "password_quality", unread), CONTEXT)
    assert isinstance(outcome, Unable)
    assert unread in outcome.reason
    assert isinstance(RULE.evaluate(troubled(facts, "pam", "/etc/pam.d/passwd: loop"), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(silent(facts, "pam"), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(silent(host(), "login_definitions"), CONTEXT), Unable)


def test_definite_violation_is_found_despite_unread_files() -> None:
    facts = host(pam(QUALITY, DEBIAN, "login password required pam_unix.so"), conf())
    outcome = RULE.evaluate(troubled(facts, "password_quality", "unread"), CONTEXT)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert "login: no minimum length is set" in render_evidence(read(outcome.detections[0]).evidence)
    assert "passwd:" not in render_evidence(read(outcome.detections[0]).evidence)
