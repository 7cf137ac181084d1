"""Runs the scenarios under coverage and fails on any module of production code that no scenario executes.

A module is executed if a line inside one of its functions ran, in any process: importing it does not count. A module
without functions is not judged. scripts/scenario_exceptions.toml lists the reviewed exceptions with their reasons; an
exception that a scenario executes after all fails too, so that the list only shrinks.
"""

import argparse
import ast
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import coverage

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src" / "openinspector"
EXCEPTIONS: Final = ROOT / "scripts" / "scenario_exceptions.toml"
NOT_PRODUCTION: Final = ("testing/*",)
CONFIGURATION: Final = """[run]
source = {source}
parallel = true
patch =
    subprocess
    _exit
sigterm = true
concurrency = thread
data_file = {folder}/data
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the scenarios, or read the data of an earlier run; the exit status is 1 if anything has to be done."""
    parser = argparse.ArgumentParser(description="Find modules that no scenario executes.")
    parser.add_argument("--data", type=Path, help="folder of an earlier run's data; the scenarios are not run")
    parser.add_argument("--keep", type=Path, help="folder to keep the data in")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or options.keep or Path(temporary)
        if options.data is None and (status := run_scenarios(folder)):
            return status
        problems = list(judge(modules(), executed_lines(folder), load_exceptions()))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def run_scenarios(folder: Path) -> int:
    """Run the scenarios, leave their data in ``folder`` and return pytest's exit status."""
    configuration = folder / "coveragerc"
    configuration.write_text(CONFIGURATION.format(source=SOURCE, folder=folder))
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={configuration}", "-m", "pytest", "tests/scenarios"]
    return subprocess.run([*command, "-q", "-p", "no:cacheprovider"], cwd=ROOT, check=False).returncode  # noqa: S603


def executed_lines(folder: Path) -> Mapping[str, frozenset[int]]:
    """Return the lines that ran in any process, by module path below the package."""
    combined = coverage.CoverageData(basename=str(folder / "combined"))
    for path in sorted(folder.glob("data*")):
        part = coverage.CoverageData(basename=str(path))
        part.read()
        combined.update(part)
    found = {name: combined.lines(name) or [] for name in combined.measured_files()}
    return {
        str(Path(name).relative_to(SOURCE)): frozenset(lines)
        for name, lines in found.items()
        if Path(name).is_relative_to(SOURCE)
    }


def modules() -> Mapping[str, str]:
    """Return the source of every production module, by its path below the package."""
    found = {str(path.relative_to(SOURCE)): path.read_text() for path in sorted(SOURCE.rglob("*.py"))}
    return {name: text for name, text in found.items() if not any(fnmatch(name, each) for each in NOT_PRODUCTION)}


def load_exceptions() -> Mapping[str, str]:
    """Return the reviewed exceptions: a pattern of module paths, and the reason."""
    loaded: Mapping[str, str] = tomllib.loads(EXCEPTIONS.read_text())["exceptions"]
    return loaded


def judge(
    sources: Mapping[str, str], executed: Mapping[str, Collection[int]], exceptions: Mapping[str, str]
) -> Iterable[str]:
    """Return a sentence for each module that no scenario executes, and for each exception that is not needed."""
    used = set()
    for name, source in sources.items():
        inside = function_lines(ast.parse(source))
        if not inside or inside & set(executed.get(name, ())):
            continue
        matching = [pattern for pattern in exceptions if fnmatch(name, pattern)]
        used.update(matching)
        if not matching:
            yield f"{name}: no scenario executes it; add a scenario, or an exception to {EXCEPTIONS.name}"
    for pattern in exceptions.keys() - used:
        yield f"{pattern}: this exception is not needed; remove it from {EXCEPTIONS.name}"


def function_lines(tree: ast.AST) -> set[int]:
    """Return the lines of the statements inside functions, docstrings excluded."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            for statement in body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    continue  # the body of a protocol
                lines.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


if __name__ == "__main__":
    sys.exit(main())
