"""Tables, bars, times: at most 80 columns, and nothing from outside is taken for markup."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.cli.api_answers import FINDING, HOSTILE, widest

from openinspector.cli.presentation import (
    attribute,
    console,
    duration_text,
    print_json,
    print_table,
    severity_bars,
    time_text,
)


def test_a_table_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME", "WHAT", "ARN"), [("a" * 60, "words " * 30, FINDING)], empty="")
    shown = capsys.readouterr().out
    assert 70 < widest(shown) <= 80
    assert shown.count("a") >= 60


def test_a_wider_terminal_is_used(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_table(("ARN",), [(FINDING,)], empty="")
    assert FINDING in capsys.readouterr().out


def test_an_empty_table_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A",), [], empty="Nothing.")
    assert capsys.readouterr().out == "Nothing.\n"


def test_cells_are_neither_markup_nor_control_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("HOST",), [(HOSTILE,)], empty="")
    shown = capsys.readouterr().out
    assert "[/x] [red]" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_json_renders_times_and_rejects_unknown_types(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"at": datetime(2026, 11, 23, tzinfo=UTC), "name": "ä"})
    assert json.loads(capsys.readouterr().out) == {"at": "2026-11-23T00:00:00+00:00", "name": "ä"}
    with pytest.raises(TypeError, match="set"):
        print_json({1, 2})


def test_times_are_utc_to_the_second() -> None:
    there = datetime(2026, 11, 23, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert time_text(there) == "2026-11-22 23:02:03"
    assert time_text(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (119, "119 s"), (180, "3 min"), (7200, "2 h"), (86_400, "24 h"), (1e6, "12 d")]
)
def test_durations_in_the_largest_fitting_unit(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_bars_are_scaled_to_the_largest_and_never_empty(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(severity_bars({"High": 1, "Medium": 1000, "Low": 0}))
    lengths = [line.count("█") for line in capsys.readouterr().out.splitlines()]
    assert lengths == [1, 40, 0, 0, 0]


def test_bars_without_findings(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(severity_bars({}))
    assert "█" not in capsys.readouterr().out


def test_an_attribute() -> None:
    item = {"attributes": [{"key": "a", "value": "1"}, {"key": "b"}]}
    assert (attribute(item, "a"), attribute(item, "b"), attribute(item, "c")) == ("1", "", "")


def test_cell_is_one_printable_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME",), [("a\x1b[31m\nforged\u202e",)], empty="none")
    assert capsys.readouterr().out.splitlines()[1:] == ["a\ufffd[31m\ufffdforged\ufffd"]
