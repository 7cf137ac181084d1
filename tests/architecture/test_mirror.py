"""Tests mirror the tree: every module of a plugin folder, and every adapter, has a test file of its name.

The folders are read from the code: what `openinspector.plugins` is asked for, and what `OPENING` takes adapters from.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "openinspector"
PACKAGE = "openinspector."
OPENING = ("bootstrap.py", "store_access.py")
"""The modules that take adapters."""


def plugin_folders(tree: ast.Module) -> Iterator[str]:
    """Return the folders below the package that ``discover()`` and ``modules()`` are called with."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"discover", "modules"}:
            asked: ast.expr | None = node.args[0] if node.args else None
            if isinstance(asked, ast.Name):
                asked = constants.get(asked.id)
            match asked:
                case ast.Constant(value=str(name)) if name.startswith(PACKAGE):
                    yield folder_of(name)
                case ast.JoinedStr(values=[ast.Constant(value=str(name)), *_]) if name.startswith(PACKAGE):
                    yield f"{folder_of(name)}*"


def adapters(tree: ast.Module) -> Iterator[Path]:
    """Return the modules of stores and notify that the module imports a class from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("openinspector.service."):
            path = Path(folder_of(node.module)).with_suffix(".py")
            if path.parts[1] in {"stores", "notify"} and any(alias.name[0].isupper() for alias in node.names):
                yield path


def folder_of(name: str) -> str:
    return name.removeprefix(PACKAGE).replace(".", "/")


def plugins() -> set[Path]:
    patterns = {folder for path in SOURCE.rglob("*.py") for folder in plugin_folders(ast.parse(path.read_text()))}
    found = {path for pattern in patterns for path in SOURCE.glob(f"{pattern}/[!_]*.py")}
    packages = {path.parent for pattern in patterns for path in SOURCE.glob(f"{pattern}/[!_]*/__init__.py")}
    adapted = {path for name in OPENING for path in adapters(ast.parse((SOURCE / "service" / name).read_text()))}
    return {path.relative_to(SOURCE) for path in found | packages} | adapted


PLUGINS = sorted(plugins())


@pytest.mark.parametrize("plugin", PLUGINS, ids=str)
def test_every_plugin_has_a_test(plugin: Path) -> None:
    expected = ROOT / "tests" / plugin.parent / f"test_{plugin.stem}.py"
    assert expected.is_file(), f"{plugin} needs {expected.relative_to(ROOT)}"


@pytest.mark.parametrize(
    "expected",
    [
        "agent/commands/run.py",
        "agent/identities/aws_role.py",
        "agent/sensors/rpm.py",
        "feeds/debian.py",
        "rules/common_vulnerabilities/known_vulnerabilities.py",
        "rules/security_best_practices/ssh_protocol.py",
        "service/api/operations/runs.py",
        "service/attestors/join_token.py",
        "service/notify/topic_sns.py",
        "service/stores/agent_sql.py",
        "versions/rpm.py",
    ],
)
def test_each_kind_of_plugin_folder_is_found(expected: str) -> None:
    assert Path(expected) in PLUGINS


def test_detects_a_new_folder() -> None:
    tree = ast.parse("_X: Final = 'openinspector.a.b'\ndiscover(_X, 'C', K)\nmodules(f'openinspector.r.{name}')")
    assert list(plugin_folders(tree)) == ["a/b", "r/*"]
