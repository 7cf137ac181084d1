"""Every row of reachability-semantics.md has a test that names its number."""

import ast
import re
from pathlib import Path

ROWS = range(1, 66)
NUMBERS = re.compile(r"test_row((?:_and|_\d+)+)_")


def rows_of(name: str) -> set[int]:
    """Return the rows that the name of a test names, such as `test_row_13_and_16_…`."""
    found = NUMBERS.match(name)
    return {int(number) for number in re.findall(r"\d+", found[1])} if found else set()


def test_every_row_has_a_test() -> None:
    named: set[int] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                named |= rows_of(node.name)
    assert named == set(ROWS)


def test_names_of_tests_name_rows() -> None:
    assert rows_of("test_row_13_and_16_answers") == {13, 16}
    assert rows_of("test_row_07_prefix") == {7}
    assert rows_of("test_80_ports") == set()
