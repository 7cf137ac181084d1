"""Layout of tables and paragraphs: nothing is lost and nothing is wider than the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openinspector.cli.layout import GAP, Styled, columns_of, table_lines, wrap, wrap_indented

LETTERS = st.text(st.sampled_from("ab ä漢-"), max_size=40)
ROWS = st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[LETTERS] * n), min_size=1, max_size=5))


def lines(rows: list[tuple[str, ...]], width: int) -> list[str]:
    styled = [[Styled(cell) for cell in row] for row in rows]
    return ["".join(piece.text for piece in line) for line in table_lines(styled, width)]


@given(ROWS, st.integers(20, 90))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(columns_of(line) <= width for line in lines(rows, width))


@given(LETTERS, st.integers(2, 50))
def test_wrapping_loses_only_spaces(text: str, width: int) -> None:
    wrapped = wrap(text, width)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")
    assert all(columns_of(line) <= width for line in wrapped)


@given(st.lists(st.lists(st.sampled_from(["one", "four", "eleventh", "漢字"]), min_size=1).map(" ".join), min_size=1))
def test_one_column_is_laid_out_as_rich_does(texts: list[str]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    for text in texts:
        table.add_row(Text(text))
    console = Console(width=30, file=None)
    with console.capture() as capture:
        console.print(table)
    assert [line.rstrip() for line in capture.get().splitlines()] == lines([(text,) for text in texts], 30)


def test_the_widest_column_gives_way() -> None:
    shown = lines([("SEVERITY", "RULE", "TITLE"), ("High", "CVE-2026-1", "word " * 9)], 40)
    assert shown[0] == f"SEVERITY{GAP}RULE      {GAP}TITLE"
    assert [line.strip() for line in shown[2:]] == ["word word word"] * 2


@pytest.mark.parametrize("text", ["ascii", "漢字", "ä"])
def test_columns_are_those_of_rich(text: str) -> None:
    assert columns_of(text) == cell_len(text)


def test_an_indented_line_stays_indented() -> None:
    assert wrap_indented("  aaa bbb ccc", 9) == ["  aaa bbb", "  ccc"]
