"""No module reads a clock while it is imported: the value would be as old as the process when it is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("src", "tests", "bench", "scripts") for path in (ROOT / folder).rglob("*.py"))
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "uuid1", "uuid4"}


def reads_at_import(node: ast.AST) -> Iterator[int]:
    """Return the lines of the clock readings that importing the module executes, parameter defaults included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [*child.args.defaults, *child.args.kw_defaults, *child.decorator_list]
            for default in filter(None, defaults):
                yield from reads_at_import(ast.Expr(default))
        elif not isinstance(child, ast.Lambda):
            if isinstance(child, ast.Call) and ast.unparse(child.func).rpartition(".")[2] in CLOCKS:
                yield child.lineno
            yield from reads_at_import(child)


def test_no_module_reads_a_clock_at_import() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in FILES for line in reads_at_import(ast.parse(path.read_text()))
    ]
    assert not found


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("NOW = datetime.now(UTC)", True),
        ("def f(now=datetime.now(UTC)): ...", True),
        ("@parametrize('id', [uuid4()])\ndef f(): ...", True),
        ("class A:\n    x = time.time()", True),
        ("def f():\n    return time.time()", False),
        ("f = lambda: time.time()", False),
        ("X = field(default_factory=time.time)", False),
    ],
)
def test_detects_violations(code: str, *, reads: bool) -> None:
    assert bool(list(reads_at_import(ast.parse(code)))) is reads
