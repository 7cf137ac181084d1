"""Two documents of one publisher about the same vulnerability say the same once they are read.

Where a publisher states a thing in two formats, each is the other's oracle: a difference is an error of a parser, or is
explained here. The collections in shared data have few such pairs.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.quality.native_documents import FEEDS, members

from openinspector.feed import Document
from openinspector.feeds.redhat import stream
from openinspector.model.advisory import Advisory, Fix, FixState, Status

Build = tuple[str, str, str]
"""Stream, name and version."""
NOT_INSTALLED = re.compile(r"-debug(?:info|source)(?:-|$)")


def advisories(feed: str, documents: list[Document]) -> Iterator[Advisory]:
    return (one for one in FEEDS[feed].parse(documents) if isinstance(one, Advisory))


def osv_builds(document: Document) -> set[Build]:
    """Return the builds of an OSV record that Red Hat made of an erratum; it has source packages under their names."""
    found = set()
    for affected in json.loads(document.content)["affected"]:
        cpe = affected["package"]["ecosystem"].removeprefix("Red Hat:")
        for event in affected["ranges"][0]["events"]:
            if "fixed" in event:
                found.add((stream(f"cpe:/a:redhat:{cpe}", ""), affected["package"]["name"], event["fixed"]))
    return {(where, name, version.removeprefix("0:")) for where, name, version in found}


@pytest.mark.shared
@pytest.mark.parametrize("erratum", ["4546", "6220"])
def test_red_hats_csaf_and_the_osv_made_of_it_name_the_same_builds(shared: Path, erratum: str) -> None:
    archive = shared / "data" / "feeds" / "osv-schema-redhat.tar.xz"
    (csaf,) = members(archive, rf"CSAF/rhsa-2024_{erratum}\.json$")
    (record,) = members(archive, rf"OSV/RHSA-2024_{erratum}\.json$")
    ours = {
        (fix.target.stream, fix.target.name, fix.version) for one in advisories("redhat", [csaf]) for fix in one.fixes
    }
    theirs = osv_builds(record)
    assert len(ours) >= 3
    assert ours <= theirs
    sources = set(re.findall(rb'"([A-Za-z0-9_.+-]+?)-[0-9]+:[^"]*\.src"', csaf.content.replace(b"::", b'"')))
    names = {name.decode().rpartition(":")[2] for name in sources}
    left = {name for _, name, _ in theirs - ours if not NOT_INSTALLED.search(name)}
    assert left <= names, left - names


@pytest.mark.shared
def test_ubuntus_osv_and_vex_do_not_contradict_each_other(shared: Path) -> None:
    """VEX says why there is no fix of what OSV holds to be affected, and never denies it."""
    archive = shared / "data" / "feeds" / "vunnel.tar.xz"
    records = list(members(archive, r"ubuntu/test-fixtures/(osv|osv-esm-cases|vex)/.*\.json$"))
    by_kind: dict[bool, dict[Build, list[Fix | Status]]] = {True: {}, False: {}}
    for one in advisories("ubuntu", records):
        for statement in one.statements:
            place = (one.vulnerabilities[0], statement.target.stream, statement.target.name)
            by_kind[one.id.startswith("VEX-")].setdefault(place, []).append(statement)
    vex, osv = by_kind[True], by_kind[False]
    both = vex.keys() & osv.keys()
    assert len(both) >= 25
    for place in both:
        (reason,) = (statement for statement in vex[place] if isinstance(statement, Status))
        assert reason.state is not FixState.NOT_AFFECTED, place
        assert all(isinstance(statement, Status) for statement in osv[place]), place
