"""The CIS benchmark of Debian 12 against oscap's verdicts on the same root folder, control by control.

The root, its facts and the verdicts are recorded (``data/scap``). A control of the content is the sum of its rules:
failed if one failed, passed if one passed and none failed. Controls that only one side judges are not compared.
"""

import lzma
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from tests.quality.recorded_root import read_recorded, recorded_files

from openinspector.agent.registry import sensors
from openinspector.agent.sensing import collect_messages
from openinspector.cis.benchmarks import benchmark_for
from openinspector.cis.verdict import Satisfied, Violated
from openinspector.cli.facts_file import facts_of
from openinspector.model.inventory import OperatingSystem
from openinspector.model.tailoring import AS_PUBLISHED
from openinspector.testing.fake_host import FakeHost

_XCCDF: Final = "{http://checklists.nist.gov/xccdf/1.2}"
_RULE: Final = "xccdf_org.ssgproject.content_rule_"

REVIEWED: Final[Mapping[str, str]] = {
    "1.3.1.4": "environment: AppArmor was not loaded where the root lay; a pass of no profiles is a pass of nothing",
    "1.6.1": "ours right: Debian's motd names Debian, which the benchmark forbids",
    "1.6.2": "ours right: Debian's issue names Debian",
    "1.6.3": "ours right: Debian's issue.net names Debian",
    "5.2.6": "ours right: sudo's own default is 15 minutes; the content asks for the line",
    "5.4.1.4": "ours right: the benchmark allows SHA512 beside yescrypt",
    "6.2.4.5": "ours right: the rule files have mode 0640, as the benchmark asks",
}
"""Controls on which the two differ, each with who is right and why."""


@pytest.mark.shared
def test_only_reviewed_controls_differ_from_oscap(shared: Path) -> None:
    folder = shared / "data" / "scap"
    recorded = read_recorded(folder)
    facts = facts_of(collect_messages(tuple(sensors()), 1, FakeHost(recorded_files(recorded))), None)
    system = facts.only(OperatingSystem)
    assert system is not None
    benchmark = benchmark_for(system)
    assert benchmark is not None
    ours = {result.control.number: result.verdict for result in benchmark.judge(facts, AS_PUBLISHED)}
    theirs = dict(_controls(recorded["verdicts"], _numbers(folder / "streams" / "ssg-debian12-ds.stripped.xml.xz")))
    both = [number for number in theirs if isinstance(ours.get(number), Satisfied | Violated)]
    different = {number for number in both if isinstance(ours[number], Satisfied) is not theirs[number]}
    print(f"{len(both)} controls judged by both, {len(different)} different: {sorted(different)}")
    assert len(both) >= 170
    assert different == REVIEWED.keys()


def _numbers(stream: Path) -> Mapping[str, list[str]]:
    """Return the control numbers of each rule of a data stream."""
    numbers: dict[str, list[str]] = {}
    with lzma.open(stream) as file:
        for rule in ET.parse(file).iter(f"{_XCCDF}Rule"):
            references = rule.findall(f"{_XCCDF}reference")
            numbers[rule.get("id", "").removeprefix(_RULE)] = [
                each.text or "" for each in references if "cisecurity.org/benchmark" in each.get("href", "")
            ]
    return numbers


def _controls(verdicts: Mapping[str, str], numbers: Mapping[str, list[str]]) -> Iterator[tuple[str, bool]]:
    gathered: dict[str, set[str]] = defaultdict(set)
    for rule, verdict in verdicts.items():
        for number in numbers.get(rule, ()):
            gathered[number].add(verdict)
    for number, found in gathered.items():
        if "fail" in found:
            yield number, False
        elif "pass" in found and found <= {"pass", "notapplicable"}:
            yield number, True
