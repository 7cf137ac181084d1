import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts.packages.release import AgentBuild, Runtime, this_release
from scripts.packages.tree import BuildError

from openinspector import __version__

RELEASE = AgentBuild(version="1.2.3", architecture="x86_64", epoch=1)
PARTS = st.tuples(*[st.integers(0, 999)] * 3)


@given(PARTS, PARTS)
def test_the_release_number_grows_as_the_version_does(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    first, second = (replace(RELEASE, version=".".join(map(str, parts))).number for parts in (a, b))
    assert (first < second) == (a < b)
    assert second < 2**31


@pytest.mark.parametrize("version", ["1.2", "1.2.3rc1", "1.2.1000", "../1.2.3", ""])
def test_version_without_a_release_number_is_refused(version: str) -> None:
    with pytest.raises(BuildError, match="three numbers"):
        _ = replace(RELEASE, version=version).number


def test_release_json() -> None:
    assert json.loads(RELEASE.describe(Runtime.PYTHON3)) == {
        "version": "1.2.3",
        "release": 1_002_003,
        "os": "linux",
        "architecture": "x86_64",
        "runtime": "python3",
    }


def test_time_is_from_the_last_commit_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "77")
    assert this_release().epoch == 77
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert this_release().epoch > 1_700_000_000
    assert this_release().version == __version__
