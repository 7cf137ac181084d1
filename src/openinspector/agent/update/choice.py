"""The choice among offered releases: the service may pick a signed release that is newer, and nothing else."""

from collections.abc import Mapping

from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.update.record import MAX_ATTEMPTS, ReleaseRecord
from openinspector.wire.release import Release, SignedRelease, target_name


def signed_floor(signed: Mapping[str, SignedRelease], current: Release) -> int:
    """Return the lowest release that may still run on the host's platform according to the signed list; 0 if absent."""
    return max((release.min_release for release in signed.values() if release.platform == current.platform), default=0)


def chosen_release(
    offered: str, signed: Mapping[str, SignedRelease], current: Release, record: ReleaseRecord
) -> SignedRelease | None:
    """Return the release to install, None if it is the current one; UpdateError if it is refused."""
    release = signed.get(offered)
    if release is None:
        raise _refused(f"the service offers {offered}, which is not signed")
    if offered != target_name(release.version, release.platform):
        raise _refused(f"{offered} holds {release.version} for another platform than its name says")
    if release.platform != current.platform:
        raise _refused(f"{offered} is for another platform than this host's")
    if (release.release, release.version) == (current.release, current.version):
        return None
    floor = max(current.release + 1, record.highest_release, record.min_release)
    if release.release < floor:
        raise _refused(f"{offered} is release {release.release}; this host takes {floor} and later")
    if record.attempts.get(release.version, 0) >= MAX_ATTEMPTS:
        raise _refused(f"{release.version} has failed {MAX_ATTEMPTS} times on this host")
    return release


def _refused(sentence: str) -> UpdateError:
    return UpdateError(UpdateCode.RELEASE_REFUSED, sentence)
