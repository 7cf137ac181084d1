"""Every file, function and test the threat model names is there, and every promise says how it is tested."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("threat-model*.md"))
LINES = [line for page in PAGES for line in page.read_text().splitlines()]
PROMISES = [line for line in LINES if line.startswith("| ") and not line.startswith("| Promise")]
UNTESTED = re.compile(r"not tested yet")


def named(text: str) -> Iterator[tuple[str, str]]:
    """Yield (file, name) for each name in back quotes that follows a file; the name is empty for the file itself."""
    path = ""
    for token in re.findall(r"`([^`]+)`", text):
        if re.fullmatch(r"[\w/]+\.py|packaging/[\w.-]+", token):
            path = token
            yield path, ""
        elif path and re.fullmatch(r"[\w.]+", token):
            yield path, token.rpartition(".")[2]


def place(path: str) -> Path:
    return (
        ROOT / path if path.startswith(("tests/", "scripts/", "packaging/")) else ROOT / "src" / "openinspector" / path
    )


@cache
def defined(path: Path) -> frozenset[str]:
    if path.suffix != ".py":
        return frozenset(re.findall(r"^(\w+)\(\) \{", path.read_text(), re.MULTILINE))
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return frozenset(names)


@pytest.mark.parametrize(("path", "name"), sorted({pair for line in LINES for pair in named(line)}))
def test_named_code_exists(path: str, name: str) -> None:
    assert place(path).is_file()
    assert not name or name in defined(place(path)), f"{path} has no {name}"


@pytest.mark.parametrize("promise", PROMISES, ids=lambda line: line[2:60])
def test_every_promise_names_its_code_and_its_test_or_is_marked_untested(promise: str) -> None:
    _, _, kept_by, fails, _ = (cell.strip() for cell in promise.split("|"))
    assert list(named(kept_by))
    assert any(name for path, name in named(fails) if "test" in path) or UNTESTED.search(fails)


def test_the_pages_are_short_and_have_their_parts() -> None:
    assert all(len(page.read_text().splitlines()) <= 200 for page in PAGES)
    headings = {line[3:] for line in LINES if line.startswith("## ")}
    assert {"Hostile host", "Hostile service", "Hostile network", "Hostile feed", "Thief of the disk"} <= headings
    assert len(PROMISES) > 40


def test_detects_missing_code() -> None:
    assert list(named("| `agent/spool/spool.py` `Spool.view`, `x.py` |")) == [
        ("agent/spool/spool.py", ""),
        ("agent/spool/spool.py", "view"),
        ("x.py", ""),
    ]
    assert not place("x.py").is_file()
    assert "nothing" not in defined(place("agent/spool/spool.py"))
