"""The core opens no file and prints nothing: import-linter cannot see this."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "openinspector"
CORE = ("model", "versions", "wire", "feeds", "engine", "rules", "sbom")
FILES = sorted(
    [path for folder in CORE for path in (SOURCE / folder).rglob("*.py")] + [SOURCE / "feed.py", SOURCE / "version.py"]
)
BANNED = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}


def calls(tree: ast.AST) -> set[str]:
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_core_calls_no_builtin_that_does_io(path: Path) -> None:
    assert not calls(ast.parse(path.read_text())) & BANNED


def test_detects_a_call() -> None:
    assert calls(ast.parse("x = open('/etc/shadow')")) & BANNED
