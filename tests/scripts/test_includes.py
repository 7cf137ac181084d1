from pathlib import Path

import pytest
from scripts.includes import with_includes

SOURCE = "import re\n\nX: int = 1\n\n\n@cache\ndef f() -> int:\n    return 1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(SOURCE)
    return tmp_path


def test_whole_file_is_included(root: Path) -> None:
    page = "# A\n<!-- include: a.py -->\ntext\n"
    assert with_includes(page, root) == f"# A\n<!-- include: a.py -->\n```python\n{SOURCE}```\ntext\n"


@pytest.mark.parametrize(("name", "text"), [("X", "X: int = 1"), ("f", "@cache\ndef f() -> int:\n    return 1")])
def test_one_definition_is_included(root: Path, name: str, text: str) -> None:
    marker = f"<!-- include: a.py#{name} -->\n"
    assert with_includes(marker, root) == f"{marker}```python\n{text}\n```\n"


def test_an_old_block_is_replaced_and_others_are_kept(root: Path) -> None:
    page = "<!-- include: a.py#X -->\n```python\nold\n```\n\n```sh\nls\n```\n"
    written = with_includes(page, root)
    assert written == "<!-- include: a.py#X -->\n```python\nX: int = 1\n```\n\n```sh\nls\n```\n"
    assert with_includes(written, root) == written


def test_an_absent_name_is_an_error(root: Path) -> None:
    with pytest.raises(LookupError, match="no top-level gone"):
        with_includes("<!-- include: a.py#gone -->\n", root)
