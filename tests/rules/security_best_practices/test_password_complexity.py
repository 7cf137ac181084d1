import pytest

from openinspector.engine.rule import Detected, Passed, RuleContext, Unable
from openinspector.model.inventory import PasswordQuality
from openinspector.model.record import Record
from openinspector.rules.security_best_practices.password_complexity import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import host, pam, silent, troubled

CONTEXT = RuleContext()
UNIX = "passwd password [success=1 default=ignore] pam_unix.so"
REMEMBERS = f"{UNIX} remember=12"
QUALITY = "passwd password requisite pam_pwquality.so"


def conf(**values: str) -> PasswordQuality:
    return PasswordQuality(present=True, values=values)


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ((pam(UNIX),), Detected),
        ((pam(REMEMBERS),), Detected),
        ((pam(QUALITY, REMEMBERS), conf()), Detected),
        ((pam(QUALITY, REMEMBERS), conf(minlen="20")), Detected),
        ((pam(QUALITY, REMEMBERS), conf(ucredit="-1")), Passed),
        ((pam(f"{QUALITY} ocredit=-1", REMEMBERS), conf()), Passed),
        ((pam(f"{QUALITY} ocredit=0", REMEMBERS), conf(ocredit="-1")), Detected),
        ((pam(QUALITY, REMEMBERS), conf(minclass="2")), Passed),
        ((pam(QUALITY, REMEMBERS), conf(minclass="1")), Detected),
        ((pam(QUALITY, UNIX), conf(ucredit="-1")), Detected),
        ((pam(QUALITY, f"{UNIX} remember=11"), conf(ucredit="-1")), Detected),
        ((pam(QUALITY, "passwd password required pam_pwhistory.so remember=24", UNIX), conf(dcredit="-1")), Passed),
        ((pam(QUALITY, "passwd password optional pam_pwhistory.so remember=24", UNIX), conf(dcredit="-1")), Detected),
        ((pam(QUALITY, "passwd password required pam_pwhistory.so", UNIX), conf(dcredit="-1")), Unable),
        ((pam(QUALITY, "passwd password required pam_pwhistory.so", UNIX), conf()), Detected),
        ((pam("passwd password required pam_cracklib.so lcredit=-1", REMEMBERS),), Passed),
        ((pam("passwd password required pam_cracklib.so", REMEMBERS),), Detected),
        ((pam("passwd password required pam_passwdqc.so", REMEMBERS),), Passed),
        ((pam("passwd password sufficient pam_passwdqc.so", REMEMBERS),), Detected),
        ((pam("passwd password [success=ok default=ignore] pam_passwdqc.so", REMEMBERS),), Detected),
        ((pam("passwd password [success=ok default=die] pam_passwdqc.so", REMEMBERS),), Passed),
        ((pam("passwd password required pam_sss.so"),), Unable),
        ((pam(QUALITY, REMEMBERS, "login password required pam_unix.so"), conf(ucredit="-1")), Detected),
        ((), Detected),
    ],
)
def test_policies(records: tuple[Record, ...], outcome: type[object]) -> None:
    assert type(RULE.evaluate(host(*records), CONTEXT)) is outcome


def test_title_names_the_missing_part() -> None:
    neither = RULE.evaluate(host(pam(UNIX)), CONTEXT)
    forgetful = RULE.evaluate(host(pam(QUALITY, UNIX), conf(ucredit="-1")), CONTEXT)
    assert isinstance(neither, Detected)
    assert isinstance(forgetful, Detected)
    assert read(neither.detections[0]).title.startswith(
        "No password complexity mechanism or restrictions are configured"
    )
    assert read(forgetful.detections[0]).title.startswith("No memory of the last 12 passwords is configured")


def test_pwhistory_conf_that_was_not_collected_is_reported() -> None:
    outcome = RULE.evaluate(host(pam(QUALITY, "passwd password required pam_pwhistory.so", UNIX), conf()), CONTEXT)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert "pwhistory.conf" in outcome.unfinished.reason
    assert "earlier passwords are refused" not in read(outcome.detections[0]).title


def test_an_unread_module_may_require_more() -> None:
    facts = host(pam(QUALITY, REMEMBERS), conf())
    assert isinstance(RULE.evaluate(troubled(facts, "password_quality", "unread"), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(troubled(facts, "pam", "unread"), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(silent(facts, "pam", "password_quality"), CONTEXT), Unable)
