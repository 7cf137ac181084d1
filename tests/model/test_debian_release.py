from openinspector.model.debian_release import RELEASES


def test_distribution_matches_os_release() -> None:
    assert RELEASES["bookworm"].stream == "debian:12"
    assert RELEASES["sid"].stream == "debian:sid"


def test_releases_follow_one_another() -> None:
    dates = [release.released for release in RELEASES.values() if release.released]
    assert dates == sorted(dates)
    assert len({release.version_id for release in RELEASES.values()}) == len(RELEASES)
