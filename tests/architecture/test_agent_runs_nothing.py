"""The agent and the wire have no way to run what somebody sends: no eval, no unpickling, no shell, one fixed child."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "openinspector"
FILES = sorted(path for folder in ("agent", "wire") for path in (SOURCE / folder).rglob("*.py"))
THE_ONE_CHILD = SOURCE / "agent" / "collection" / "sensor_process.py"
THE_ONE_CHILD_OF_WINDOWS = SOURCE / "agent" / "collection" / "windows_sensor_process.py"
"""Windows has no posix_spawn: the same child, started by the means it has (ADR 0041)."""
THE_CALLS_OF_WINDOWS = SOURCE / "agent" / "windows" / "policy_calls.py"
"""Reads the security policy of Windows; `test_calls_of_windows_only_read` names its calls (ADR 0082)."""
ALLOWED = {
    THE_ONE_CHILD: {"os.posix_spawn"},
    THE_ONE_CHILD_OF_WINDOWS: {"CreateProcess"},
    THE_CALLS_OF_WINDOWS: {"ctypes"},
}

MODULES = {"subprocess", "pickle", "marshal", "shelve", "ctypes", "runpy", "code", "codeop", "pty", "multiprocessing"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
OF_WINDOWS = {"CreateProcess", "CreateProcessAsUser", "ShellExecute", "ShellExecuteEx", "WinExec", "startfile"}
OF_OS = ("system", "popen", "exec", "spawn", "posix_spawn", "fork")


def ways_to_run(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (module for _ in names[:1] if module.partition(".")[0] in MODULES)
                yield from (f"os.{a.name}" for a in names if module == "os" and a.name.startswith(OF_OS))
            case ast.Name(id=name) if name in BUILTINS:
                yield name
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name.startswith(OF_OS):
                yield f"os.{name}"
            case ast.Attribute(attr=name) if name in OF_WINDOWS:
                yield name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_agent_cannot_execute_received_data(path: Path) -> None:
    found = set(ways_to_run(ast.parse(path.read_text())))
    assert found == ALLOWED.get(path, set())


def test_only_child_process_has_fixed_arguments() -> None:
    tree = ast.parse(THE_ONE_CHILD.read_text())
    spawns = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "os.posix_spawn"]
    assert [ast.unparse(n) for n in spawns] == [
        "os.posix_spawn(command[0], command, child_environment(), file_actions=actions, setsid=False)"
    ]
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    returned = [n.value for n in ast.walk(functions["sensing_command"]) if isinstance(n, ast.Return) and n.value]
    assert {ast.unparse(value) for value in returned} == {
        "(sys.executable, WORD)",
        "(sys.executable, '-I', '-S', '-B', FOLDER, WORD)",
        "(sys.executable, '-I', '-B', '-m', MODULE)",
        "(sys.executable, '-m', MODULE)",
    }
    constants = {
        ast.unparse(n.target): ast.unparse(n.value) for n in tree.body if isinstance(n, ast.AnnAssign) and n.value
    }
    assert constants["WORD"] == "'sensing'"
    assert constants["MODULE"] == "'openinspector.agent.sensing'"
    assert constants["FOLDER"] == "str(Path(__file__).resolve().parents[3])"


def test_no_caller_overrides_the_child_command() -> None:
    given = [
        ast.unparse(n)
        for path in FILES
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Call) and ast.unparse(n.func).endswith("SensorProcess")
    ]
    assert set(given) == {"SensorProcess()", "WindowsSensorProcess()"}


def test_the_child_of_windows_is_the_same_one() -> None:
    """It takes its command from the class that fixes it, and starts it in one place."""
    tree = ast.parse(THE_ONE_CHILD_OF_WINDOWS.read_text())
    starts = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func).endswith("CreateProcess")]
    assert len(starts) == 1
    assert ast.unparse(starts[0].args[0]) == "program"
    (made,) = [
        n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.bases and n.name == "WindowsSensorProcess"
    ]
    assert ast.unparse(made.bases[0]) == "SensorProcess"
    assert not [n for n in made.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]


def test_calls_of_windows_only_read() -> None:
    tree = ast.parse(THE_CALLS_OF_WINDOWS.read_text())
    attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    assert {name for name in attributes if name[0].isupper() and not name.isupper()} - {"WinDLL", "Array"} == {
        *("NetUserModalsGet", "NetUserGetInfo", "NetApiBufferFree", "LookupAccountSidW"),
        *("LsaOpenPolicy", "LsaQueryInformationPolicy", "LsaEnumerateAccountsWithUserRight"),
        *("LsaFreeMemory", "LsaClose", "AuditQuerySystemPolicy", "AuditFree", "RtlAdjustPrivilege"),
        *("SamConnect", "SamOpenDomain", "SamQueryInformationDomain", "SamFreeMemory", "SamCloseHandle"),
    }
    loads = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "libraries.load"]
    assert {ast.unparse(n.args[0]) for n in loads} == {"'netapi32'", "'advapi32'", "'samlib'", "'ntdll'"}
    used = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "ctypes"}
    # Nothing that makes a function of an address, or writes to one.
    assert used <= {
        *("ctypes.WinDLL", "ctypes.get_last_error", "ctypes.Array", "ctypes.c_char", "ctypes.c_ubyte"),
        *("ctypes.c_uint32", "ctypes.c_void_p", "ctypes.addressof", "ctypes.byref", "ctypes.string_at"),
        "ctypes.create_string_buffer",
    }


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "win32api.ShellExecute(1)",
        "os.startfile(1)",
        "from subprocess import run",
        "import os\nos.popen('x')",
        "eval('1')",
        "from os import execv",
    ],
)
def test_detects_violations(code: str) -> None:
    assert list(ways_to_run(ast.parse(code)))
