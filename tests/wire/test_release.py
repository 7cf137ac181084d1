import msgspec
import pytest

from openinspector.testing.simulated_releases import PLATFORM
from openinspector.wire.release import Release, SignedRelease, target_name

GOOD = {"version": "1.2.3-rc.1+b~2", "release": 7, "os": "linux", "architecture": "x86_64", "runtime": "python3"}


def test_a_release_is_read_and_named() -> None:
    read = msgspec.convert({**GOOD, "min_release": 3}, SignedRelease)
    assert target_name(read.version, read.platform) == "openinspector-agent-1.2.3-rc.1+b~2-linux-x86_64-python3.tar.gz"
    assert read.platform == PLATFORM


@pytest.mark.parametrize(
    "changes",
    [
        {"version": ""},
        {"version": ".."},
        {"version": "1/2"},
        {"version": "1..2"},
        {"version": "-1"},
        {"version": "1\n"},
        {"version": "x" * 65},
        {"release": 0},
        {"release": "7"},
        {"release": True},
        {"os": "Linux"},
        {"runtime": "java"},
        {"more": 1},
    ],
)
def test_rejects_invalid_releases(changes: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**GOOD, **changes}, Release)
