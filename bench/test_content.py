"""A data stream of 9.8 MB read, and one host judged by its largest CIS profile."""

import lzma
import os
import time
from pathlib import Path

import pytest
from tests.quality.recorded_root import read_recorded, recorded_files

from openinspector.agent.registry import sensors
from openinspector.agent.sensing import collect_messages
from openinspector.cli.facts_file import facts_of
from openinspector.scap.judge import judge
from openinspector.scap.stream import read_stream
from openinspector.testing.fake_host import FakeHost

FOLDER = Path(os.environ.get("OPENINSPECTOR_SHARED", "../shared")) / "data" / "scap"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the shared data")
def test_debian_12() -> None:
    document = lzma.decompress((FOLDER / "streams" / "ssg-debian12-ds.stripped.xml.xz").read_bytes())
    began = time.process_time()
    content = read_stream(document)
    print(f"\n{len(document) / 1e6:.1f} MB read in {time.process_time() - began:.2f} s of processor time")
    host = FakeHost({**recorded_files(read_recorded(FOLDER)), "/usr/sbin/sshd": "OpenSSH_9.2p1"})
    facts = facts_of(collect_messages(tuple(sensors()), 1, host), None)
    profile = content.profiles["xccdf_org.ssgproject.content_profile_cis_level2_server"]
    for what in ("first host", "next host"):
        began = time.process_time()
        judge(content, profile, facts)
        print(f"{what}: {len(profile.rules)} rules in {time.process_time() - began:.2f} s of processor time")
