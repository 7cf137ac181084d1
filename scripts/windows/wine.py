"""A Windows of Wine: one prefix, made new, that calls itself Server 2022; for tests.

Wine is not Windows. It shows that our code and its use of pywin32 and winreg work; it keeps no access lists, knows no
account policy, rights or audit policy, and its registry holds what is imported. Four stand-ins are for it alone:
``python3.dll`` (the archive of the interpreter lacks it), ``bcryptprimitives.dll`` (Wine 8 lacks it), answers about
access lists, and ``policy.dll``, which answers the calls about the security policy (`policy.c`).
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import IO, Final

from scripts.packages.tree import BuildError
from scripts.windows.runtime import SITE

GCC: Final = "x86_64-w64-mingw32-gcc"
PROGRAMS: Final[Mapping[str, str]] = MappingProxyType(
    {"wine": "wine wine64", GCC: "gcc-mingw-w64-x86-64", "mvn": "maven"}
)
"""Programs that the job needs, with Debian's packages of them."""

_NM: Final = "x86_64-w64-mingw32-nm"
_SECONDS: Final = 600
_LINGER_SECONDS: Final = 15.0
_PIECE: Final = 65536
_PRNG: Final = """#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
"""
_EMPTY: Final = "int __stdcall DllMain(void *a, unsigned b, void *c) { return 1; }\n"
_TRUST: Final = '''"""For Wine alone: no access lists, no security policy, and every file belongs to one user."""

import ctypes
import sys
from pathlib import Path

from openinspector.agent.files import windows_acl

POLICY_LIBRARIES = ("netapi32", "advapi32", "samlib", "ntdll")
windows_acl.TRUSTED = windows_acl.TRUSTED | {"S-1-5-21-0-0-0-1000"}
windows_acl.read_access = lambda path: windows_acl.FileAccess(owner="S-1-5-18", entries=())
windows_acl.protect_folder = lambda path: None

whole = ctypes.WinDLL
stand_in = str(Path(sys.executable).with_name("policy.dll"))
ctypes.WinDLL = lambda name, **options: whole(stand_in if name in POLICY_LIBRARIES else name, **options)
'''
SERVER_2022: Final = r"""REGEDIT4

[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion]
"CurrentBuildNumber"="20348"
"CurrentBuild"="20348"
"CurrentMajorVersionNumber"=dword:0000000a
"CurrentMinorVersionNumber"=dword:00000000
"UBR"=dword:000007ef
"ProductName"="Windows Server 2022 Standard"
"DisplayVersion"="21H2"
"EditionID"="ServerStandard"
"InstallationType"="Server"

[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2031.1.6]
"CurrentState"=dword:00000070

[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2461.1.9]
"CurrentState"=dword:00000040

[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Uninstall\Example]
"DisplayName"="Example Program"
"DisplayVersion"="1.2"
"""  # noqa: E501 - names of keys


def missing_programs() -> list[str]:
    """Return the packages of the programs that are not installed."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


def add_stand_ins(folder: Path) -> None:
    """Put what Wine lacks into an agent's folder that was assembled with tests; BuildError."""
    work = folder / "stand-ins"
    work.mkdir(exist_ok=True)
    names = _exports(folder / "libs" / "python3.lib")
    lines = ["LIBRARY python3.dll", "EXPORTS", *(f"  {name}=python314.{name}" for name in names)]
    (work / "python3.def").write_text("\n".join(lines) + "\n")
    (work / "python3.c").write_text(_EMPTY)
    (work / "prng.c").write_text(_PRNG)
    shared = [GCC, "-shared", "-nostdlib", "-e", "DllMain"]
    _run([*shared, "-o", str(folder / "python3.dll"), str(work / "python3.c"), str(work / "python3.def")])
    _run([GCC, "-shared", "-o", str(folder / "bcryptprimitives.dll"), str(work / "prng.c"), "-ladvapi32"])
    policy = [str(folder / "policy.dll"), "-D_WIN32_WINNT=0x0601", "-Wno-attributes"]
    _run([GCC, "-shared", "-o", *policy, str(Path(__file__).with_name("policy.c"))])
    # A query of WMI ends the process under Wine; without the module, platform.* does without.
    (folder / "lib" / "_wmi.pyd").unlink(missing_ok=True)
    (folder / SITE / "sitecustomize.py").write_text(_TRUST)
    shutil.rmtree(work)


class WinePrefix:
    """A Windows in a folder of Linux, which runs until it is stopped.

    Its server persists, so that the service manager does not end with the last program. The first program
    makes the prefix. It is not ``wineboot -i``: that starts a second service manager at the same pipe, and a service
    that was registered with the one does not exist for the other.
    """

    def __init__(self, folder: Path) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WINE"))},
            "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }
        self.drive = folder / "drive_c"
        for command in (["wineserver", "--persistent"], ["wine", "cmd", "/c", "exit"]):
            self._start(command)
        server = folder / "server.reg"
        server.write_text(SERVER_2022.replace("\n", "\r\n"))
        self.run("reg", "import", windows_path(server))
        # The first list of services waits for their manager.
        self.run("net", "start")

    def run(
        self, *command: str, check: bool = True, given: str = "", environment: Mapping[str, str] = MappingProxyType({})
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of Windows; its output comes through a pipe, without which Python does not start."""
        return _run(["wine", *command], {**self._environment, **environment}, check=check, given=given)

    def _start(self, command: list[str]) -> None:
        """Run a program of Wine itself; what it starts lives on and would hold pipes open."""
        null = subprocess.DEVNULL
        subprocess.run(  # noqa: S603 - constants
            command, env=self._environment, stdin=null, stdout=null, stderr=null, check=True, timeout=_SECONDS
        )

    def processes(self) -> list[str]:
        """Return the names of the programs that run in this prefix."""
        mark = f"WINEPREFIX={self._environment['WINEPREFIX']}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    command = (process / "cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace")
                    found.append(command.replace("\\", "/").rpartition("/")[2])
        return found

    def stop(self) -> None:
        """End every process of the prefix."""
        subprocess.run(["wineserver", "-k"], env=self._environment, check=False, timeout=_SECONDS)  # noqa: S607


def windows_path(path: Path) -> str:
    """Return the path of a file of Linux as programs under Wine name it."""
    return "Z:" + str(path).replace("/", "\\")


def _exports(library: Path) -> list[str]:
    lines = _run([_NM, str(library)]).stdout.splitlines()
    return sorted({line.rpartition("__imp_")[2] for line in lines if " I __imp_" in line})


def _run(
    command: list[str], environment: Mapping[str, str] | None = None, *, check: bool = True, given: str = ""
) -> "subprocess.CompletedProcess[str]":
    process = subprocess.Popen(  # noqa: S603 - programs of the build, arguments of this tree
        command,
        env=None if environment is None else dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    outputs: tuple[list[bytes], list[bytes]] = ([], [])
    readers = [
        Thread(target=_read, args=(pipe, output), daemon=True)
        for pipe, output in zip((process.stdout, process.stderr), outputs, strict=True)
    ]
    for reader in readers:
        reader.start()
    with suppress(BrokenPipeError):
        process.stdin.write(given.encode())
        process.stdin.close()
    try:
        status = process.wait(_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise BuildError(f"{command} did not end within {_SECONDS} seconds") from error
    # Programs of Wine that this one started may hold its pipes open for ever.
    for reader in readers:
        reader.join(_LINGER_SECONDS)
    stdout, stderr = (b"".join(output).decode(errors="replace").replace("\r\n", "\n") for output in outputs)
    if check and status != 0:
        said = f"{stdout[-1500:]}\n{stderr[-1500:]}".strip()
        raise BuildError(f"{command[0]} ended with status {status}: {said}")
    return subprocess.CompletedProcess(command, status, stdout, stderr)


def _read(pipe: IO[bytes], output: list[bytes]) -> None:
    while piece := os.read(pipe.fileno(), _PIECE):
        output.append(piece)
