"""Every control of every benchmark has a line in the reference."""

from pathlib import Path

import pytest

from openinspector.cis.benchmarks import BENCHMARKS, BuiltIn

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference" / "benchmarks"


@pytest.mark.parametrize("built_in", BENCHMARKS, ids=lambda built_in: built_in.id)
def test_each_control_has_a_line_in_its_page(built_in: BuiltIn) -> None:
    page = (FOLDER / f"{built_in.id}.md").read_text()
    numbers = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")]
    assert numbers[2:] == [control.number for control in built_in.load().controls]


def test_the_index_lists_every_benchmark_and_no_other() -> None:
    index = (FOLDER / "index.md").read_text()
    assert {path.stem for path in FOLDER.glob("*.md")} == {"index", *(built_in.id for built_in in BENCHMARKS)}
    assert all(f"]({built_in.id}.md)" in index for built_in in BENCHMARKS)
