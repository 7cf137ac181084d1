"""Content of an administrator against oscap's verdicts on the same root folder, rule by rule.

oscap 1.3.7 ran inside the root with the same content (``data/scap``). It read units over D-Bus, which a folder has not,
and looked for sshd's program, which is not recorded.
"""

import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from tests.quality.recorded_root import read_recorded, recorded_files

from openinspector.agent.registry import sensors
from openinspector.agent.sensing import collect_messages
from openinspector.cli.facts_file import facts_of
from openinspector.scap.judge import RuleStatus, judge
from openinspector.scap.stream import read_stream
from openinspector.testing.fake_host import FakeHost

_PREFIX: Final = "xccdf_org.ssgproject.content_"
_DECIDED: Final = frozenset({RuleStatus.PASS, RuleStatus.FAIL, RuleStatus.NOT_APPLICABLE})
REVIEWED: Final[Mapping[str, str]] = {
    "package_iptables_installed": "environment: the rule applies unless a unit is enabled, which oscap could not see",
}
"""Rules on which the two differ, each with the reason."""


@pytest.mark.shared
def test_only_reviewed_rules_differ_from_oscap(shared: Path) -> None:
    folder = shared / "data" / "scap"
    recorded = read_recorded(folder)
    host = FakeHost({**recorded_files(recorded), "/usr/sbin/sshd": "OpenSSH_9.2p1"})
    facts = facts_of(collect_messages(tuple(sensors()), 1, host), None)
    content = read_stream(lzma.decompress((folder / "streams" / "ssg-debian12-ds.stripped.xml.xz").read_bytes()))
    results = judge(content, content.profiles[f"{_PREFIX}profile_cis_level2_server"], facts)
    ours = {result.rule.id.removeprefix(f"{_PREFIX}rule_"): result.status for result in results}
    assert ours.keys() == recorded["verdicts"].keys()
    both = {name for name, verdict in recorded["verdicts"].items() if ours[name] in _DECIDED and verdict in _DECIDED}
    different = {name for name in both if ours[name] != recorded["verdicts"][name]}
    print(f"{len(both)} rules judged by both, {len(different)} different: {sorted(different)}")
    assert len(both) >= 435
    assert different == REVIEWED.keys()


@pytest.mark.shared
def test_every_stream_loads(shared: Path) -> None:
    streams = sorted((shared / "data" / "scap" / "streams").glob("*.xml.xz"))
    assert len(streams) == 11
    for stream in streams:
        content = read_stream(lzma.decompress(stream.read_bytes()))
        known = content.oval.definitions
        assert {rule.definition for rule in content.rules.values()} - {""} <= known.keys()
        assert any("cis" in name for name in content.profiles)
