import pytest

from openinspector.engine.rule import Detected, NotApplicable, Passed, RuleContext, Unable
from openinspector.model.inventory import ProcessorFeatures
from openinspector.rules.security_best_practices.data_execution_prevention import RULE
from openinspector.testing.detection_texts import read
from openinspector.testing.fact_builders import host, silent, troubled

CONTEXT = RuleContext()


@pytest.mark.parametrize(
    ("architecture", "flag", "argument", "outcome"),
    [
        ("x86_64", True, "", Passed),
        ("x86_64", False, "", Detected),
        ("x86_64", True, "noexec=off", Detected),
        ("i686", True, "noexec32=off", Detected),
        ("i386", True, "", Passed),
        ("aarch64", False, "", NotApplicable),
        ("armv7l", False, "", NotApplicable),
        ("s390x", False, "", NotApplicable),
    ],
)
def test_processors(architecture: str, flag: bool, argument: str, outcome: type[object]) -> None:  # noqa: FBT001
    facts = host(ProcessorFeatures(architecture=architecture, nx_flag=flag, nx_disabled_by=argument))
    assert type(RULE.evaluate(facts, CONTEXT)) is outcome


def test_the_remedy_fits_the_cause() -> None:
    def remedy(*, flag: bool, argument: str) -> str:
        outcome = RULE.evaluate(
            host(ProcessorFeatures(architecture="x86_64", nx_flag=flag, nx_disabled_by=argument)), CONTEXT
        )
        assert isinstance(outcome, Detected)
        return read(outcome.detections[0]).recommendation

    assert "firmware" in remedy(flag=False, argument="")
    assert "Remove `noexec=off` from the kernel's command line" in remedy(flag=True, argument="noexec=off")


def test_unread_values() -> None:
    unread = "/proc/cmdline: Permission denied"
    on = host(ProcessorFeatures(architecture="x86_64", nx_flag=True))
    off = host(ProcessorFeatures(architecture="x86_64", nx_flag=False))
    assert isinstance(RULE.evaluate(troubled(on, "processor_features", unread), CONTEXT), Unable)
    outcome = RULE.evaluate(troubled(off, "processor_features", unread), CONTEXT)
    assert isinstance(outcome, Detected)
    assert outcome.unfinished is not None
    assert isinstance(RULE.evaluate(host(), CONTEXT), Unable)
    assert isinstance(RULE.evaluate(silent(on, "processor_features"), CONTEXT), Unable)
