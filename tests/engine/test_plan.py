"""Plans of hosts made here, and the law that a plan closes what it says: judged again afterwards, the rest remains."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.plan import plan_of
from openinspector.model.activity import CodeModule, Process
from openinspector.model.advisory import Advisory, Exploitability, FixState, KnownExploit, Restart, Score, Vulnerability
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package
from openinspector.model.plan import Plan, PlanLimit, Remains, Step
from openinspector.model.record import Record
from openinspector.testing.match_builders import advisory, fix, host, index, installed, status, version_schemes

OPENSSL = installed("libssl3", "3.0-1", source=("openssl", "3.0-1"))
CURL = installed("curl", "7.0-1")
IMAGE = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=("linux", "6.1.123-1"))
META = installed("linux-image-amd64", "6.1.123-1", source=("linux", "6.1.123-1"))
UNAME = ("6.1.0-29-amd64", "#1 SMP Debian 6.1.123-1 (2025-01-02)")


def plan(facts: HostFacts, *advisories: Advisory, limit: PlanLimit = PlanLimit.ALL) -> Plan:
    return plan_of(facts, index(*advisories), limit)


def closed(found: Plan) -> dict[str, tuple[str, ...]]:
    return {step.source: step.closes for step in found.steps}


def step(found: Plan, source: str) -> Step:
    return next(one for one in found.steps if one.source == source)


def test_one_step_a_source_to_the_newest_version_that_is_needed() -> None:
    both = (OPENSSL, replace(OPENSSL, name="openssl"))
    found = plan(
        host(both),
        advisory("CVE-2026-0001", fix("openssl", "3.1-1")),
        advisory("CVE-2026-0002", fix("openssl", "3.2-1")),
    )
    (one,) = found.steps
    assert one.closes == ("CVE-2026-0001", "CVE-2026-0002")
    assert {(goal.name, goal.required, goal.of_source) for goal in one.goals} == {
        ("libssl3", "3.2-1", True),
        ("openssl", "3.2-1", True),
    }
    assert one.install == ("libssl3", "openssl")
    assert (found.closes, found.reboot, found.remains) == (2, None, ())


def test_a_finding_of_two_sources_is_closed_by_the_last_of_its_steps() -> None:
    shared = advisory("CVE-2026-0001", fix("openssl", "3.1-1"), fix("curl", "7.1-1"))
    alone = advisory("CVE-2026-0002", fix("curl", "7.1-1"))
    found = plan(host([OPENSSL, CURL]), shared, alone)
    assert closed(found) == {"curl": ("CVE-2026-0002",), "openssl": ("CVE-2026-0001",)}
    assert [one.source for one in found.steps] == ["curl", "openssl"]


def rated(identity: str, *, kev: bool = False, epss: float = 0, score: float = 5.0) -> Vulnerability:
    return Vulnerability(
        id=identity,
        scores=(Score(version="3.1", base=score, vector="", origin="nvd"),),
        epss=Exploitability(probability=epss, percentile=0, date="2026-11-01") if epss else None,
        kev=KnownExploit(added="2026-01-01", due="2026-02-01", ransomware=False) if kev else None,
    )


def test_the_most_urgent_step_comes_first() -> None:
    """Exploited before likely before severe before exposed before many."""
    names = ("many", "exposed", "severe", "likely", "exploited")
    records = [
        rated("CVE-2026-0003", score=9.0),
        rated("CVE-2026-0004", epss=0.9),
        rated("CVE-2026-0005", kev=True, score=1.0),
        *(rated(f"CVE-2026-{number}") for number in (1001, 1002, 1003)),
    ]
    advisories = [
        *(advisory(f"CVE-2026-{number}", fix("many", "2")) for number in (1001, 1002)),
        advisory("CVE-2026-1003", fix("exposed", "2")),
        advisory("CVE-2026-0003", fix("severe", "2")),
        advisory("CVE-2026-0004", fix("likely", "2")),
        advisory("CVE-2026-0005", fix("exploited", "2")),
    ]
    running = Process(process_id=2, parent_id=1, uid=1, name="exposed", package="exposed")
    known = AdvisoryIndex(
        advisories, schemes=version_schemes(), fingerprints={}, vulnerabilities={one.id: one for one in records}
    )
    found = plan_of(host([installed(name, "1") for name in names], others=[running]), known)
    assert [one.source for one in found.steps] == list(reversed(names))
    assert step(found, "exploited").urgency.exploited == 1


def test_a_finding_without_a_fix_remains_with_the_reason() -> None:
    found = plan(
        host([OPENSSL, CURL]),
        advisory("CVE-2026-0001", status("openssl")),
        advisory("CVE-2026-0002", status("openssl", FixState.WONT_FIX, word="no-dsa")),
        advisory("CVE-2026-0003", status("openssl"), fix("curl", "8")),
    )
    assert {(one.finding, one.package, one.why, one.word) for one in found.remains} == {
        ("CVE-2026-0001", "libssl3", Remains.NO_FIX, ""),
        ("CVE-2026-0002", "libssl3", Remains.WONT_FIX, "no-dsa"),
        ("CVE-2026-0003", "libssl3", Remains.NO_FIX, ""),
    }
    assert step(found, "curl").closes == ()
    assert step(found, "curl").helps == 1


def test_services_that_run_the_code_are_restarted() -> None:
    others: list[Record] = [
        Process(process_id=2, parent_id=1, uid=0, name="nginx", package="nginx", unit="nginx.service"),
        Process(process_id=3, parent_id=1, uid=0, name="x", package="curl", unit="x.service; reboot"),
        Process(process_id=4, parent_id=1, uid=0, name="bus", package="curl", unit="dbus.service"),
        Process(process_id=5, parent_id=1, uid=0, name="box", package="curl", unit="box.service", contained=True),
        Process(process_id=6, parent_id=1, uid=0, name="login", package="curl", unit="session-3.scope"),
        CodeModule(path="/usr/lib/libssl.so.3", package="libssl3", processes=2, process_ids=(2, 9)),
    ]
    fixes = (advisory("CVE-2026-0001", fix("openssl", "4")), advisory("CVE-2026-0002", fix("curl", "8")))
    facts = host([OPENSSL, CURL], others=others)
    found = plan(facts, *fixes)
    assert found.restarts == ("nginx.service",)
    without = plan(facts, *fixes, limit=PlanLimit.NO_RESTART)
    assert closed(without) == {"curl": ("CVE-2026-0002",)}
    assert [(one.finding, one.why) for one in without.remains] == [("CVE-2026-0001", Remains.NEEDS_RESTART)]


def test_the_running_kernel_is_upgraded_through_its_metapackage_and_a_reboot() -> None:
    fixed = advisory("CVE-2026-0001", fix("linux", "6.1.128-1"))
    found = plan(host([IMAGE, META], kernel=UNAME), fixed)
    assert step(found, "linux").install == ("linux-image-amd64",)
    assert step(found, "linux").reboot
    assert found.reboot is not None
    assert found.reboot.reasons == ("The running kernel is upgraded.",)
    without = plan(host([IMAGE, META], kernel=UNAME), fixed, limit=PlanLimit.NO_REBOOT)
    assert (without.steps, without.reboot) == ((), None)
    assert without.remains[0].why is Remains.NEEDS_REBOOT


def test_a_fix_that_is_installed_needs_only_the_reboot() -> None:
    newer = installed("linux-image-6.1.0-32-amd64", "6.1.129-1", source=("linux", "6.1.129-1"))
    found = plan(host([IMAGE, newer], kernel=UNAME), advisory("CVE-2026-0001", fix("linux", "6.1.128-1")))
    assert found.steps == ()
    assert found.reboot is not None
    assert found.reboot.closes == ("CVE-2026-0001",)
    assert found.closes == 1


def test_a_publisher_may_ask_for_a_reboot() -> None:
    asks = replace(advisory("ALSA-1", fix("curl", "8")), restart=Restart.REBOOT)
    found = plan(host([CURL]), asks)
    assert found.reboot is not None
    assert found.reboot.reasons == ("ALSA-1 asks for it.",)


def test_a_name_that_no_package_manager_accepts_is_never_a_step() -> None:
    hostile = installed("curl; reboot", "7", source=("curl", "7"))
    option = installed("--allow-downgrades", "7", source=("curl", "7"))
    found = plan(host([hostile, option]), advisory("CVE-2026-0001", fix("curl", "8")))
    assert found.steps == ()
    assert {one.why for one in found.remains} == {Remains.UNSAFE_NAME}


names = st.sampled_from(["a", "b", "c", "d", "e"])
numbers = st.integers(1, 9)
fixes = st.builds(lambda name, number: fix(f"s{name}", str(number)), names, numbers)
statements = st.one_of(fixes, st.builds(lambda name: status(f"s{name}"), names))
advisories_ = st.lists(st.lists(statements, min_size=1, max_size=4), max_size=8).map(
    lambda found: [advisory(f"CVE-2026-{number:04}", *message) for number, message in enumerate(found)]
)
hosts = st.lists(st.tuples(names, st.sampled_from(["", "-libs"]), numbers), max_size=8, unique_by=lambda one: one[:2])


@given(hosts, advisories_)
@settings(max_examples=200)
def test_judged_again_after_the_steps_exactly_the_rest_remains(
    chosen: list[tuple[str, str, int]], advisories: list[Advisory]
) -> None:
    packages = [installed(f"{n}{end}", str(v), source=(f"s{n}", str(v))) for n, end, v in chosen]
    known = index(*advisories)
    found = plan_of(host(packages), known)
    before = {identity for match in known.matches(host(packages)) for identity in match.identities}
    for count in range(len(found.steps) + 1):
        after = {
            one for match in known.matches(host(upgraded(packages, found.steps[:count]))) for one in match.identities
        }
        assert after == before - {identity for one in found.steps[:count] for identity in one.closes}
    assert after == {one.finding for one in found.remains}


def upgraded(packages: list[Package], steps: tuple[Step, ...]) -> list[Package]:
    wanted = {goal.name: goal.required for one in steps for goal in one.goals}
    return [
        replace(package, version=wanted[package.name], source_version=wanted[package.name])
        if package.name in wanted
        else package
        for package in packages
    ]
