"""Texts of each kind of body, as reviewed. ``OPENINSPECTOR_GOLDEN=write`` writes them anew."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from openinspector.engine.finding_text import finding_text
from openinspector.model.advisory import FixState, RecordState
from openinspector.model.finding import (
    INSTANCE,
    AnyBody,
    Attribute,
    CveRecord,
    InstalledVersion,
    KernelState,
    NoIssues,
    OutdatedByProduct,
    Severity,
    UpdateRestart,
    WaitingUpdate,
    WindowsUpdate,
)
from openinspector.model.inventory import PackageManager
from openinspector.testing import model_builders as builders
from openinspector.testing import report_builders as reports

GOLDEN: Final = Path(__file__).parent / "data" / "finding_texts.txt"
replace = msgspec.structs.replace


def bodies() -> Iterator[tuple[str, AnyBody]]:
    """Yield one body of each kind, and of each thing that a vulnerability may ask for."""
    update = reports.vulnerable_packages(3, exploited=True)
    yield "an update", update
    yield "an advisory without a CVE", replace(update, rule_id="DSA-3-1", is_cve=False, record=None, scores=())
    first = update.packages[0]
    unfixed = replace(first.comparison, fixed="", state=FixState.WONT_FIX, word="no-dsa (Minor issue)")
    rejected = CveRecord(state=RecordState.REJECTED)
    yield "no fix", replace(update, packages=(replace(first, comparison=unfixed),), record=rejected)
    runs = KernelState(release="6.1.0-29-amd64", uname="uname 6.1.0-29-amd64 #1 SMP", runs=True)
    kernel = replace(first, kernel=runs)
    yield "a running kernel", replace(update, packages=(kernel,), kernel_metapackages=("linux-image-amd64",))
    ready = replace(first.package, name="linux-image-6.1.0-32-amd64", version="6.1.129-1")
    yield "a restart", replace(update, packages=(replace(first, kernel=replace(runs, ready=ready)),))
    idle = replace(runs, runs=False)
    yield "a kernel that does not run", replace(update, packages=(replace(first, kernel=idle),))
    yield (
        "a by-product",
        OutdatedByProduct(
            rule_id="Outdated by-product linux-libc-dev",
            severity=Severity.INFORMATIONAL,
            package=InstalledVersion(
                name="linux-libc-dev", version="6.1.123-1", architecture="amd64", manager=PackageManager.DPKG
            ),
            source="linux",
            content="kernel header files",
            policy="Debian Linux Kernel Handbook, chapter 2",
            fixed="6.1.192-1",
            closed=("CVE-2026-0001", "CVE-2026-0002"),
            unfixed=("CVE-2026-0003",),
        ),
    )
    windows = reports.vulnerable_windows(7)
    yield "a build of Windows", windows
    waiting = WaitingUpdate(package="Package_for_RollupFix~~amd64~~20348.2007.1.1", state=64)
    old = WindowsUpdate(name="KB5000007", supersedes=False)
    restart = UpdateRestart.PENDING
    yield "a restart of Windows", replace(windows, waiting=waiting, restart=restart, restart_pending=("RebootPending",))
    yield "a release before Windows 10", replace(windows, updates=(old,), is_cumulative=False)
    yield "a control", replace(reports.failed_control("Level 1 Server"), newer="2.0.0")
    yield "a stated issue", builders.stated_issue(1, title=f"Instance {INSTANCE} lets everybody read new files.")
    yield "no issues", NoIssues(rule_id="No potential security issues found", severity=Severity.INFORMATIONAL, hosts=2)


def rendered() -> str:
    parts = []
    for name, body in bodies():
        text = finding_text(builders.finding(1, body=body, attributes=(Attribute(key="INSTANCE_ID", value="i-1"),)))
        attributes = "\n".join(f"{one.key}: {one.value}" for one in text.attributes)
        sections = (text.title, text.description, text.recommendation, text.evidence, attributes)
        parts.append("\n\n".join((f"=== {name} ===", *filter(None, sections))))
    return "\n\n".join(parts) + "\n"


def test_texts_are_as_they_were_reviewed() -> None:
    if os.environ.get("OPENINSPECTOR_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(rendered())
    assert rendered() == GOLDEN.read_text()
