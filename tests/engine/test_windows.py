from collections.abc import Iterable, Sequence

import pytest

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.windows import WindowsAssessment, assess_windows, windows_host
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status, Target, VendorUpdate
from openinspector.model.facts import HostFacts
from openinspector.model.windows import WindowsHotfix
from openinspector.model.windows_release import SERVER_CORE, parse_windows_version
from openinspector.plugins import discover
from openinspector.testing.windows_hosts import windows_server
from openinspector.version import VersionScheme

CVE = "CVE-2026-0001"
SERVER_2022 = "Windows Server 2022"
SERVER_2019 = "Windows Server 2019"
SERVER_2012 = "Windows Server 2012 R2"


def target(name: str, branch: str, *architectures: str, core: bool = False) -> Target:
    return Target(
        stream=f"windows:{branch}",
        kind=PackageKind.BINARY,
        name=name,
        architectures=architectures,
        flavour=SERVER_CORE if core else "",
    )


def fix(name: str, version: str, *architectures: str, core: bool = False, introduced: str = "") -> Fix:
    parsed = parse_windows_version(version)
    assert parsed is not None
    return Fix(target=target(name, parsed.branch, *architectures, core=core), version=version, introduced=introduced)


def advisory(
    *statements: Fix | Status, identity: str = CVE, remedies: Iterable[VendorUpdate] = (), published: str = "2026-01-13"
) -> Advisory:
    return Advisory(
        id=identity,
        feed="microsoft",
        vulnerabilities=(identity.rpartition("/")[2],),
        fixes=tuple(one for one in statements if isinstance(one, Fix)),
        statuses=tuple(one for one in statements if isinstance(one, Status)),
        remedies=tuple(remedies),
        published=published,
    )


def index(*advisories: Advisory) -> AdvisoryIndex:
    schemes = discover("openinspector.versions", "SCHEME", VersionScheme)
    return AdvisoryIndex(advisories, schemes=schemes, fingerprints={"microsoft": "0"})


def assessed(facts: HostFacts, *advisories: Advisory) -> WindowsAssessment:
    host = windows_host(facts)
    assert host is not None
    return assess_windows(facts, host, index(*advisories))


def found(facts: HostFacts, *advisories: Advisory) -> list[str]:
    return [match.vulnerability for match in assessed(facts, *advisories).matches]


HOTPATCH_PAIR = advisory(fix(SERVER_2022, "10.0.20348.2461"), fix(SERVER_2022, "10.0.20348.2458"))


@pytest.mark.parametrize(("revision", "vulnerable"), [(2457, True), (2458, False), (2460, False), (2461, False)])
def test_fixed_from_the_smaller_of_hotpatch_and_rollup(revision: int, vulnerable: bool) -> None:  # noqa: FBT001
    assert bool(found(windows_server(f"10.0.20348.{revision}"), HOTPATCH_PAIR)) is vulnerable


def test_the_product_is_by_build_and_installation_type_not_by_name() -> None:
    client = advisory(fix("Windows 10 Version 1809", "10.0.17763.5936"))
    server = advisory(fix(SERVER_2019, "10.0.17763.5936"))
    for name in ("Windows Server 2019 Datacenter", "Windows 10 Pro", "Windows Serveur 2019 Édition Standard", ""):
        assert not found(windows_server("10.0.17763.1", name=name), client)
        assert found(windows_server("10.0.17763.1", name=name), server)
        assert found(windows_server("10.0.17763.1", name=name, installation="Client"), client)


def test_without_an_installation_type_the_name_is_an_assumption_that_is_shown() -> None:
    server = windows_host(windows_server("10.0.17763.1", installation=None, name="Windows Server 2019 Standard"))
    client = windows_host(windows_server("10.0.17763.1", installation=None, name="Windows 10 Pro"))
    certain = windows_host(windows_server("10.0.20348.1", installation=None, name="Windows 10 Pro"))
    assert server is not None
    assert client is not None
    assert certain is not None
    assert (server.server, bool(server.assumed)) == (True, True)
    assert (client.server, bool(client.assumed)) == (False, True)
    assert (certain.server, bool(certain.assumed)) == (True, False)


def test_server_core_has_separate_statements() -> None:
    full = advisory(fix(SERVER_2019, "10.0.17763.2"), identity="CVE-2026-0002")
    core = advisory(fix(SERVER_2019, "10.0.17763.2", core=True), identity="CVE-2026-0003")
    assert found(windows_server("10.0.17763.1"), full, core) == ["CVE-2026-0002"]
    assert found(windows_server("10.0.17763.1", installation="Server Core"), full, core) == ["CVE-2026-0003"]


def test_where_records_do_not_tell_server_core_apart_all_concern_it() -> None:
    both = advisory(fix(SERVER_2022, "10.0.20348.2"))
    only = advisory(fix("Windows Server 2022, 23H2 Edition", "10.0.25398.2", core=True))
    assert found(windows_server("10.0.20348.1", installation="Server Core"), both)
    assert found(windows_server("10.0.25398.1", installation="Server"), only)


def test_an_edition_of_the_same_name_is_another_product() -> None:
    edition = advisory(fix("Windows Server 2022, 23H2 Edition", "10.0.25398.2", core=True))
    assert not found(windows_server("10.0.20348.1", installation="Server Core"), edition)


def test_architectures_limit_a_statement() -> None:
    arm = advisory(fix("Windows 11 Version 23H2", "10.0.22631.3810", "aarch64"))
    host = windows_server("10.0.22631.1", installation="Client")
    assert assessed(host, arm).other_architectures == (CVE,)
    assert not found(host, arm)
    assert found(windows_server("10.0.22631.1", installation="Client", architecture="aarch64"), arm)


def test_builds_of_a_branch_share_their_revisions() -> None:
    stated = advisory(fix("Windows 10 Version 21H2", "10.0.19041.3920"))
    assert found(windows_server("10.0.19044.3919", installation="Client"), stated)
    assert not found(windows_server("10.0.19044.3920", installation="Client"), stated)
    assert not found(windows_server("10.0.19045.1", installation="Client"), stated)


def test_a_product_without_a_build_is_unknown() -> None:
    status = Status(target=target(SERVER_2019, "10.0.17763"), state=FixState.UNDER_INVESTIGATION, word="publication")
    result = assessed(windows_server("10.0.17763.1"), advisory(status))
    assert not result.matches
    assert [(one.vulnerability, one.word) for one in result.unknown] == [(CVE, "publication")]
    assert result.fixed == 0


def test_a_build_older_than_the_fault_does_not_have_it() -> None:
    stated = advisory(fix("Windows 11 Version 24H2", "10.0.26100.3000", introduced="10.0.26100.1742"))
    assert not found(windows_server("10.0.26100.1741", installation="Client"), stated)
    assert found(windows_server("10.0.26100.1742", installation="Client"), stated)


def test_service_pack_2_of_2008_with_its_old_build_lacks_every_update() -> None:
    stated = advisory(fix("Windows Server 2008 Service Pack 2", "6.0.6003.20500"))
    assert found(windows_server("6.0.6002.24298"), stated)
    assert not found(windows_server("6.0.6003.20500"), stated)


def test_a_build_that_is_not_in_the_table_meets_its_branch_by_server_or_client() -> None:
    server = advisory(fix("Windows Server 2031", "10.0.31000.5"))
    client = advisory(fix("Windows 12 Version 31H1", "10.0.31000.5"), identity="CVE-2026-0002")
    assert found(windows_server("10.0.31000.1"), server, client) == [CVE]
    assert found(windows_server("10.0.31000.1", installation="Client"), server, client) == ["CVE-2026-0002"]


ROLLUP_FIX = advisory(fix(SERVER_2012, "6.3.9600.22074"))


def remedies(*rows: tuple[str, Sequence[str]], identity: str = CVE) -> Advisory:
    named = target(SERVER_2012, "6.3.9600")
    updates = [VendorUpdate(target=named, update=update, supersedes=tuple(older)) for update, older in rows]
    return advisory(identity=f"2026-Jan/{identity}", remedies=updates)


REMEDIES = remedies(("KB5039294", ("KB5037823",)), ("KB5039282", ()))
LATER = remedies(("KB5040456", ("KB5039294",)), ("KB5041828", ("KB5040456",)), identity="CVE-2026-0009")


@pytest.mark.parametrize(
    ("installed", "vulnerable"),
    [
        ((), True),
        (("KB5037823",), True),
        (("KB5039282",), False),
        (("KB5039294",), False),
        (("KB5041828",), False),
    ],
)
def test_before_windows_10_an_installed_update_counts_too(
    installed: Sequence[str],
    vulnerable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    host = windows_server("6.3.9600.21000", *(WindowsHotfix(kb=kb) for kb in installed))
    assert bool(found(host, ROLLUP_FIX, REMEDIES, LATER)) is vulnerable


def test_since_windows_10_only_the_build_counts() -> None:
    named = VendorUpdate(target=target(SERVER_2022, "10.0.20348"), update="KB5039227")
    update = advisory(identity=f"2026-Jan/{CVE}", remedies=[named])
    host = windows_server("10.0.20348.2457", WindowsHotfix(kb="KB5039227"))
    (match,) = assessed(host, HOTPATCH_PAIR, update).matches
    assert [remedy.update for remedy in match.remedies] == ["KB5039227"]


def test_a_staged_update_is_not_installed() -> None:
    old = windows_server("6.3.9600.21000", WindowsHotfix(kb="KB5039294", state=64))
    (match,) = assessed(old, ROLLUP_FIX, REMEDIES).matches
    assert match.waiting is not None
    rollup = WindowsHotfix(kb="", package="Package_for_RollupFix", version="20348.2461.1.9", state=96)
    (match,) = assessed(windows_server("10.0.20348.2031", rollup), HOTPATCH_PAIR).matches
    assert match.waiting == rollup


@pytest.mark.parametrize("version", ["20348.2457.1.1", "", "20348", "x.y", "17763.9999.1.1"])
def test_an_update_without_the_fix_does_not_wait(version: str) -> None:
    host = windows_server("10.0.20348.2031", WindowsHotfix(kb="", version=version, state=64))
    (match,) = assessed(host, HOTPATCH_PAIR).matches
    assert match.waiting is None


@pytest.mark.parametrize("version", ["", "10", "garbage"])
def test_a_version_that_cannot_be_read_is_none(version: str) -> None:
    assert windows_host(windows_server(version)) is None


def test_the_newest_record_of_product_and_branch() -> None:
    old = advisory(fix("Windows 10 Version 20H2", "10.0.19042.5"), published="2023-05-09")
    new = advisory(fix("Windows 10 Version 22H2", "10.0.19045.9"), identity="CVE-2026-0002", published="2024-10-08")
    result = assessed(windows_server("10.0.19042.5", installation="Client"), old, new)
    assert (result.newest, result.newest_of_branch) == ("2023-05-09", "2024-10-08")
