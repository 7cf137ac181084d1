"""Facts that a hostile host sends: judged in bounded time, never an exception."""

import pytest
from tests.cis.judging import facts, file, unit

from openinspector.cis.benchmarks import BENCHMARKS, BuiltIn
from openinspector.cis.verdict import Violated
from openinspector.model.hardening import FileAttributes, FileKind
from openinspector.model.inventory import Group, KernelParameters, LoginDefinitions, PasswordState, User
from openinspector.model.tailoring import AS_PUBLISHED
from openinspector.testing.fact_builders import operating_system, package, sshd

LONG = "a" * 65536
LINES = (
    f"MACs {LONG}!",
    LONG,
    f"-w {LONG} -p wa",
    f"-a always,exit {'-S x ' * 8000}",
    f"umask {LONG}",
    f"TMOUT={'9' * 65536}",
    f"server {LONG}",
    "Defaults " + "!" * 65536,
    "= = =",
    "\udce9\x00\x1b[2J",
    f"timestamp_timeout={'1' * 65536}x",
)
PATHS = (
    "/etc/audit/rules.d/x.rules",
    "/etc/audit/auditd.conf",
    "/etc/sudoers",
    "/etc/profile",
    "/root/.bashrc",
    "/etc/rsyslog.conf",
    "/etc/chrony.conf",
    "/etc/modprobe.d/x.conf",
    "/etc/sysctl.d/x.conf",
    "/etc/security/faillock.conf",
    "/etc/systemd/journald.conf",
    "/etc/motd",
    "/boot/grub/grub.cfg",
)
VALUES = dict.fromkeys(("macs", "ciphers", "maxauthtries", "maxstartups", "logingracetime"), f"{LONG}!")


@pytest.mark.parametrize("built_in", BENCHMARKS, ids=lambda built_in: built_in.id)
def test_every_benchmark_judges_every_hostile_host(built_in: BuiltIn) -> None:
    host = facts(
        operating_system(),
        sshd(VALUES),
        KernelParameters(values={"kernel.randomize_va_space": "9" * 5000, LONG: LONG}),
        LoginDefinitions(values={"PASS_MAX_DAYS": "9" * 5000, "UMASK": LONG}),
        *(file(path, *LINES) for path in PATHS),
        *(User(name=f"{LONG}{n}", uid=-n, gid=2**63, shell="\x00", password=PasswordState.SET) for n in range(3)),
        *(Group(name="shadow", gid=42) for _ in range(3)),
        *(package(f"p{n}", LONG) for n in range(50)),
        *(unit(f"u{n}@\n.service") for n in range(50)),
        *(FileAttributes(path=f"/etc/{'*' * 99}{n}", kind=FileKind.FILE, mode=-1, uid=-1, gid=0) for n in range(50)),
    )
    benchmark = built_in.load()
    results = benchmark.judge(host, AS_PUBLISHED)
    assert len(results) == len(benchmark.controls)
    without = [r.control.number for r in results if isinstance(r.verdict, Violated) and not r.verdict.grounds]
    assert without == [], "a waiver must have something to hold"
