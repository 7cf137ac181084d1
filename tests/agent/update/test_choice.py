"""The service chooses among signed releases that go forward; whatever it says, nothing else comes out."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.update.choice import chosen_release, signed_floor
from openinspector.agent.update.record import MAX_ATTEMPTS, ReleaseRecord
from openinspector.testing.simulated_releases import PLATFORM, release
from openinspector.wire.release import Platform, Runtime, SignedRelease, target_name

OTHER = Platform(os="linux", architecture="aarch64", runtime=Runtime.PYTHON3)


def signed(number: int, min_release: int = 1, platform: Platform = PLATFORM) -> SignedRelease:
    return SignedRelease(
        version=f"{number}.0",
        release=number,
        min_release=min(min_release, number),
        os=platform.os,
        architecture=platform.architecture,
        runtime=platform.runtime,
    )


def listed(*releases: SignedRelease) -> dict[str, SignedRelease]:
    return {target_name(one.version, one.platform): one for one in releases}


@given(
    numbers=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([PLATFORM, OTHER]))),
    current=st.integers(1, 20),
    record=st.builds(ReleaseRecord, highest_release=st.integers(0, 20), min_release=st.integers(0, 20)),
    offered=st.one_of(st.integers(1, 20).map(lambda n: target_name(f"{n}.0", PLATFORM)), st.text(max_size=40)),
)
def test_chosen_release_is_signed_and_newer(
    numbers: list[tuple[int, int, Platform]], current: int, record: ReleaseRecord, offered: str
) -> None:
    releases = listed(*(signed(*one) for one in numbers))
    own = release(f"{current}.0", current)
    raised = record.raised(signed_floor(releases, own))
    chosen = None
    with contextlib.suppress(UpdateError):
        chosen = chosen_release(offered, releases, own, raised)
    if chosen is not None:
        assert releases[offered] == chosen
        assert chosen.platform == own.platform
        assert chosen.release > own.release
        assert chosen.release >= max(record.highest_release, record.min_release)
        assert all(chosen.release >= one.min_release for one in releases.values() if one.platform == own.platform)


def test_a_name_for_another_content_is_refused() -> None:
    crossed = {target_name("3.0", PLATFORM): signed(2)}
    with pytest.raises(UpdateError, match="than its name says"):
        chosen_release(target_name("3.0", PLATFORM), crossed, release("1.0", 1), ReleaseRecord())


def test_the_version_that_runs_is_up_to_date() -> None:
    releases = listed(signed(2))
    assert chosen_release(target_name("2.0", PLATFORM), releases, release("2.0", 2), ReleaseRecord()) is None


def test_another_platforms_floor_is_not_this_hosts() -> None:
    releases = listed(signed(5, 5, OTHER), signed(3, 2))
    assert signed_floor(releases, release("1.0", 1)) == 2
    assert signed_floor({}, release("1.0", 1)) == 0


def test_attempts_are_counted_by_version_and_forgotten_with_a_promotion() -> None:
    record = ReleaseRecord()
    for _ in range(MAX_ATTEMPTS):
        record = record.begun("2.0").failed()
    with pytest.raises(UpdateError, match="failed 3 times") as refused:
        chosen_release(target_name("2.0", PLATFORM), listed(signed(2)), release("1.0", 1), record)
    assert refused.value.code is UpdateCode.RELEASE_REFUSED
    assert record.begun("3.0").stopped("3.0").attempts == {"2.0": 3, "3.0": 0}
    promoted = record.begun("3.0").promoted(3)
    assert (promoted.attempts, promoted.highest_release, promoted.on_trial) == ({}, 3, "")
    assert promoted.promoted(2).highest_release == 3
