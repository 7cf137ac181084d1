from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import AgentId
from openinspector.model.finding import Severity
from openinspector.service.ports.rule_result_store import CheckedRule, RuleTally
from openinspector.service.reports.benchmarks import ControlCounts, benchmark_tallies
from openinspector.service.reports.builder import ReportBuilder
from openinspector.service.reports.html import render_html
from openinspector.service.reports.pdf import render_pdf
from openinspector.testing import model_builders as builders
from openinspector.testing.report_builders import NAMES, frame

ONE, TWO, THREE = (AgentId(f"i-{number}") for number in (1, 2, 3))


def tally(name: str, title: str, **hosts: tuple[AgentId, ...]) -> RuleTally:
    rule = CheckedRule(
        rules_package_arn=builders.rules_package_arn(2), name=name, title=title, severity=Severity.MEDIUM
    )
    return RuleTally(rule=rule, hosts={OutcomeKind[kind]: found for kind, found in hosts.items()})


ROOT_LOGIN = tally("debian_12/5.1.20", "5.1.20 sshd's PermitRootLogin is no", DETECTED=(ONE,), WAIVED=(TWO,))
TALLIES = (
    tally("debian_12/1.1.1.10", "1.1.1.10 The kernel module usb-storage is not available", UNABLE=(ONE, TWO)),
    tally("debian_12/1.1.1.2", "1.1.1.2 The kernel module freevxfs is not available", PASSED=(ONE, TWO)),
    ROOT_LOGIN,
    tally("rhel_9/5.1.20", "5.1.20 sshd's PermitRootLogin is no", NOT_APPLICABLE=(THREE,)),
    tally("benchmark", "CIS benchmark of the operating system", DETECTED=(ONE, TWO)),
)


def test_controls_are_counted_by_benchmark_and_section_failed_first() -> None:
    debian, rhel = benchmark_tallies(TALLIES, {ROOT_LOGIN.rule.title: "Set it to no."})
    assert (debian.product, debian.version, debian.instances) == ("Debian Linux 12", "1.1.0", 2)
    assert debian.counts == ControlCounts(passed=2, failed=1, waived=1, not_judged=2)
    assert [one.number for one in debian.controls] == ["5.1.20", "1.1.1.2", "1.1.1.10"]
    assert debian.failed[0].failed_on == (ONE, TWO)
    assert debian.failed[0].remedy == "Set it to no."
    assert [(one.number, one.counts.share_text) for one in debian.sections] == [("1", "100 %"), ("5", "0 %")]
    assert rhel.counts == ControlCounts(not_applicable=1)
    assert rhel.counts.share_passed is None


def test_the_share_counts_judged_controls_only() -> None:
    assert ControlCounts(passed=1, failed=1, not_judged=98).share_passed == 0.5
    assert ControlCounts(passed=1, waived=1).share_passed == 0.5


def test_a_benchmark_of_a_table_that_is_gone_keeps_its_numbers() -> None:
    (found,) = benchmark_tallies([tally("debian_7/1.1", "1.1 Something", PASSED=(ONE,))])
    assert (found.product, found.version, found.counts.passed) == ("debian_7", "", 1)


def test_a_report_shows_the_benchmark_in_html_and_pdf() -> None:
    builder = ReportBuilder(frame(), NAMES)
    builder.add_finding(
        builders.finding(
            1,
            rules_package_arn=builders.rules_package_arn(2),
            rule_id=ROOT_LOGIN.rule.title,
            recommendation="Set PermitRootLogin to no in /etc/ssh/sshd_config.",
        )
    )
    builder.add_benchmarks(TALLIES)
    builder.add_rules(TALLIES)
    content = builder.build()
    assert [rule.title for rule in content.rules] == ["CIS benchmark of the operating system"]
    page = b"".join(render_html(content)).decode()
    assert "2 passed, 2 failed (1 of them waived), 2 not judged" in page
    assert "Set PermitRootLogin to no in /etc/ssh/sshd_config." in page.partition('id="benchmarks"')[2]
    assert render_pdf(content).startswith(b"%PDF")
