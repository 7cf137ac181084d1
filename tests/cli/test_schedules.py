import click
import pytest

from openinspector.cli.schedules import expression_of


@pytest.mark.parametrize(
    ("every", "cron", "expression"),
    [
        ("7d", None, "rate(7 days)"),
        ("1d", None, "rate(1 days)"),
        ("12 h", None, "rate(12 hours)"),
        ("30min", None, "rate(30 minutes)"),
        (None, "0 3 * * 1", "cron(0 3 * * 1)"),
    ],
)
def test_options_mean_an_expression(every: str | None, cron: str | None, expression: str) -> None:
    assert expression_of(every, cron) == expression


@pytest.mark.parametrize(("every", "cron"), [(None, None), ("7d", "0 3 * * *"), ("7", None), ("d", None), ("7w", None)])
def test_invalid_options_are_explained(every: str | None, cron: str | None) -> None:
    with pytest.raises(click.UsageError):
        expression_of(every, cron)
