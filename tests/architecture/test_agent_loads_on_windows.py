"""Every module of the agent and the wire loads without Unix: modules that only one system has are imported late."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "openinspector"
FILES = sorted(path for folder in ("agent", "wire", "model") for path in (SOURCE / folder).rglob("*.py"))

OF_UNIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "spwd", "syslog", "termios", "tty"}
OF_WINDOWS = {"_winapi", "msvcrt", "pywintypes", "servicemanager", "winreg", "winsound"}
ATTRIBUTES = {
    "os": {
        "O_CLOEXEC",
        "O_DIRECTORY",
        "O_NOCTTY",
        "O_NOFOLLOW",
        "O_NONBLOCK",
        "geteuid",
        "pipe2",
        "posix_spawn",
        "uname",
    },
    "signal": {"SIGALRM", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGUSR1", "SIGUSR2"},
    "socket": {"AF_NETLINK", "AF_UNIX", "NETLINK_ROUTE"},
}
"""Names that modules of both systems lack on Windows (the standard library's documentation, "Availability")."""

ON_UNIX = {"local_host.py", "root_folder.py", "netlink.py", "sensor_process.py", "trial.py"}
"""Files whose functions are called on a Unix only: `this_platform` chooses; Windows has no slots."""


def is_platform_check(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "sys.platform" in ast.unparse(node.test)


def loaded_at_once(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported: not the bodies of functions, nor what a platform check guards."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.stmt) and is_platform_check(node)
        ):
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))


def unguarded(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield everything but what a platform check guards."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if not (isinstance(node, ast.stmt) and is_platform_check(node)):
            yield node
            pending.extend(ast.iter_child_nodes(node))


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return {name for name in found if name in OF_UNIX | OF_WINDOWS or name.startswith("win32")}


def used(nodes: Iterator[ast.AST]) -> set[str]:
    return {
        f"{node.value.id}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr in ATTRIBUTES.get(node.value.id, ())
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_are_portable(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not imported(loaded_at_once(tree))
    assert not used(loaded_at_once(tree))


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name not in ON_UNIX], ids=lambda path: str(path.relative_to(SOURCE))
)
def test_platform_specific_code_is_guarded(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not imported(unguarded(tree))
    assert not used(unguarded(tree))


@pytest.mark.parametrize(
    "code", ["import fcntl", "import win32api", "import os\nX = os.O_NOFOLLOW", "class A:\n    import pwd"]
)
def test_detects_violations(code: str) -> None:
    tree = ast.parse(code)
    assert imported(loaded_at_once(tree)) or used(loaded_at_once(tree))


def test_guarded_code_is_recognised() -> None:
    tree = ast.parse("import sys\nif sys.platform == 'win32':\n    import winreg\ndef f():\n    import fcntl\n")
    assert not imported(loaded_at_once(tree))
    assert imported(unguarded(tree)) == {"fcntl"}


@pytest.mark.skipif(sys.platform == "win32", reason="compares with what a Unix has")
def test_the_names_are_those_of_the_standard_library() -> None:
    for name, attributes in ATTRIBUTES.items():
        assert attributes <= set(dir(__import__(name)))
    assert OF_UNIX - {"spwd"} <= sys.stdlib_module_names
