"""Bodies of findings from cases: what cases share changes no body."""

from dataclasses import replace

from openinspector.engine.case import case_of
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.vulnerable_packages import BodyMaker
from openinspector.model.exposure import Exposure
from openinspector.model.finding import VulnerablePackages
from openinspector.testing.match_builders import advisory, fix, host, index, installed

CVE = "CVE-2026-0001"


def bodies(maker: BodyMaker, known: AdvisoryIndex) -> list[VulnerablePackages]:
    """Return the bodies of two hosts that have the same vulnerability in different versions."""
    made = []
    for version in ("1.0-1", "1.0-2"):
        matches = known.matches(host([installed("bash", version)]))
        made.append(maker.body_of(case_of(CVE, matches, Exposure.INSTALLED, known)))
    return made


def test_earlier_bodies_do_not_change_a_body() -> None:
    known = index(advisory(CVE, fix("bash", "2.0-1")))
    maker = BodyMaker()
    first, second = bodies(maker, known)
    assert first.packages[0].version != second.packages[0].version
    assert bodies(maker, known) == [first, second] == bodies(BodyMaker(), known)


def test_bodies_of_one_vulnerability_share_its_rating() -> None:
    first, second = bodies(BodyMaker(), index(advisory(CVE, fix("bash", "2.0-1"))))
    assert first.advisories is second.advisories


def test_advisories_of_one_id_are_kept_apart() -> None:
    old, new = (replace(advisory(CVE, fix("bash", "2.0-1")), summary=words) for words in ("old", "new"))
    maker = BodyMaker()
    assert [bodies(maker, index(one))[0].advisories[0].summary for one in (old, new)] == ["old", "new"]
