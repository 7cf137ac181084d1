"""Files stay small: at most 500 lines, wherever they are (architecture §4)."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path.relative_to(ROOT) for folder in ("src", "tests", "bench", "scripts") for path in (ROOT / folder).rglob("*.py")
)
HARD_LIMIT = 500


@pytest.mark.parametrize("path", FILES, ids=str)
def test_file_is_small(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= HARD_LIMIT
