from openinspector.model.finding import Severity
from openinspector.service.reports.chart import TOP, charts
from openinspector.testing import report_builders as reports


def test_bars_are_drawn_to_the_longest() -> None:
    drawn = charts(reports.small())
    assert [(bar.label, bar.count) for bar in drawn.severities][:2] == [("High", 3), ("Medium", 1)]
    assert [part.length for bar in drawn.severities for part in bar.parts] == [100, 33.333]


def test_parts_of_a_bar_follow_one_another() -> None:
    bar = charts(reports.small()).instances[0]
    assert bar.label == "host-2.example"
    first, second = bar.parts
    assert (first.severity, first.start, second.severity) == (Severity.HIGH, 0, Severity.MEDIUM)
    assert second.start == first.length
    assert second.start + second.length == 100


def test_most_severe_come_first_up_to_the_limit() -> None:
    drawn = charts(reports.large(30, 20))
    assert len(drawn.rules) == len(drawn.instances) == TOP
    assert drawn.rules[0].parts[0].severity is Severity.HIGH


def test_no_chart_without_findings() -> None:
    drawn = charts(reports.frame())
    assert (drawn.severities, drawn.packages, drawn.rules, drawn.instances) == ((), (), (), ())
