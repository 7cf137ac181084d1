from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.waiver import (
    WAIVED_BY,
    WAIVED_UNTIL,
    WAIVER,
    WAIVER_ENDED,
    WAIVER_REASON,
    WAIVER_SUSPENDED,
    Applies,
    Ended,
    Expired,
    Issue,
    OutOfScope,
    Suspended,
    WaiverStatus,
    attributes,
    decisive,
    holds,
    status_of,
)
from openinspector.model.ground import Ground, Part, setting
from openinspector.model.waiver import GroundChange, Waiver, WaiverEnd, WaiverError, WaiverScope, WaiverVerdict

DAY = date(2026, 12, 1)
ROOT_LOGIN = setting("PermitRootLogin", "yes")
ISSUE = Issue(name="debian_12/5.1.20", subject="", agent_id="i-1", grounds=(ROOT_LOGIN,))
WAIVER_OF_ISSUE = Waiver(
    id="w-1",
    scope=WaiverScope(issues=("debian_12/5.1.20",)),
    reason="The old backup logs in as root.",
    owner="ops@example.org",
    created_on=DAY,
    expires=DAY + timedelta(days=90),
    holds=(ROOT_LOGIN,),
)


def port(number: int) -> Ground:
    return Ground(part=Part.EXPOSURE, key="port", value=f"tcp/{number}")


def waiver(**changes: object) -> Waiver:
    return replace(WAIVER_OF_ISSUE, **changes)  # type: ignore[arg-type]  # a test's own keywords


def issue(**changes: object) -> Issue:
    return replace(ISSUE, **changes)  # type: ignore[arg-type]  # a test's own keywords


def shown(found: WaiverStatus) -> dict[str, str | None]:
    return {attribute.key: attribute.value for attribute in attributes(found)}


def test_a_waiver_applies_through_its_last_day() -> None:
    assert status_of(waiver(), ISSUE, WAIVER_OF_ISSUE.expires) == Applies(waiver=WAIVER_OF_ISSUE)
    assert status_of(waiver(), ISSUE, WAIVER_OF_ISSUE.expires + timedelta(days=1)) == Expired(waiver=WAIVER_OF_ISSUE)


def test_a_waived_finding_shows_owner_day_reason_and_waiver() -> None:
    assert shown(Applies(waiver=WAIVER_OF_ISSUE)) == {
        WAIVED_BY: "ops@example.org",
        WAIVED_UNTIL: "2027-03-01",
        WAIVER_REASON: "The old backup logs in as root.",
        WAIVER: "w-1",
    }


def test_a_changed_ground_ends_the_waiver_on_this_host_only() -> None:
    found = status_of(waiver(), issue(grounds=(setting("PermitRootLogin", "prohibit-password"),)), DAY)
    change = GroundChange(part=Part.SETTING, key="PermitRootLogin", was=("yes",), now=("prohibit-password",))
    end = WaiverEnd(agent_id="i-1", ended_on=DAY, change=change)
    assert found == Ended(waiver=WAIVER_OF_ISSUE, end=end)
    assert shown(found)[WAIVER_ENDED] == "On 2026-12-01: PermitRootLogin was yes, is now prohibit-password."
    remembered = waiver(ends=(end,))
    assert status_of(remembered, ISSUE, DAY) == Ended(waiver=remembered, end=end), "it does not begin again"
    assert isinstance(status_of(remembered, issue(agent_id="i-2"), DAY), Applies)


def test_a_ground_that_the_host_does_not_show_suspends_the_waiver() -> None:
    found = status_of(waiver(), issue(grounds=()), DAY)
    assert found == Suspended(waiver=WAIVER_OF_ISSUE, missing=ROOT_LOGIN)
    assert shown(found)[WAIVER_SUSPENDED] == "The host does not show PermitRootLogin."


def test_a_ground_that_the_waiver_does_not_hold_may_change() -> None:
    assert isinstance(status_of(waiver(), issue(grounds=(ROOT_LOGIN, setting("UsePAM", "no"))), DAY), Applies)


@pytest.mark.parametrize(
    ("now", "expected"), [((80, 443), Applies), ((443,), Applies), ((80, 443, 8080), Ended), ((22, 443), Ended)]
)
def test_an_exposure_may_shrink_but_not_grow(now: tuple[int, ...], expected: type) -> None:
    held = waiver(holds=(port(80), port(443)))
    found = status_of(held, issue(grounds=tuple(port(number) for number in now)), DAY)
    assert isinstance(found, expected)


@pytest.mark.parametrize(
    "other",
    [
        issue(name="debian_12/5.1.2"),
        issue(name="ubuntu_24_04/5.1.20"),
        issue(agent_id="i-2"),
        issue(subject="libssl3"),
    ],
)
def test_a_waiver_is_only_for_its_scope(other: Issue) -> None:
    scope = WaiverScope(issues=("debian_12/5.1.20",), subject="openssl*", agent_ids=("i-1",))
    mine = issue(subject="openssl-bin")
    assert isinstance(status_of(waiver(scope=scope), mine, DAY), Applies)
    assert status_of(waiver(scope=scope), replace(other, subject=other.subject or "openssl"), DAY) == OutOfScope()


def test_names_of_issues_compare_without_regard_to_case() -> None:
    scope = WaiverScope(issues=("cve-2024-6387",))
    assert isinstance(status_of(waiver(scope=scope), issue(name="CVE-2024-6387"), DAY), Applies)


def test_a_waiver_in_force_decides_over_one_that_ended() -> None:
    ended = waiver(id="w-0", holds=(setting("PermitRootLogin", "no"),))
    assert decisive((ended, WAIVER_OF_ISSUE), ISSUE, DAY) == Applies(waiver=WAIVER_OF_ISSUE)
    assert isinstance(decisive((ended,), ISSUE, DAY), Ended)
    assert decisive((), ISSUE, DAY) == OutOfScope()
    assert shown(OutOfScope()) == {}


def test_expired_waiver_is_reported() -> None:
    found = status_of(waiver(), ISSUE, date(2028, 1, 1))
    assert shown(found) == {WAIVER_ENDED: "It expired on 2027-03-01.", WAIVER: "w-1"}


def test_each_verdict_rests_on_its_own_parts() -> None:
    grounds = (
        Ground(part=Part.VERSION, key="openssl", value="3.0.1"),
        Ground(part=Part.FIX, key="openssl", value="none"),
        Ground(part=Part.EXPLOITED, key="kev", value="no"),
    )
    assert {ground.part for ground in holds(grounds, WaiverVerdict.ACCEPTED)} == {Part.FIX, Part.EXPLOITED}
    assert {ground.part for ground in holds(grounds, WaiverVerdict.NOT_AFFECTED)} == {Part.VERSION}
    assert holds(grounds, WaiverVerdict.MITIGATED) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "  "},
        {"owner": ""},
        {"owner": "o" * 129},
        {"expires": DAY - timedelta(days=1)},
        {"expires": DAY + timedelta(days=400)},
        {"holds": tuple(port(number) for number in range(33))},
    ],
)
def test_a_waiver_without_reason_owner_or_a_near_end_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(WaiverError):
        waiver(**change)


@pytest.mark.parametrize("issues", [(), ("",), ("CVE-2024-1", " ")])
def test_a_waiver_for_everything_is_refused(issues: tuple[str, ...]) -> None:
    with pytest.raises(WaiverError):
        WaiverScope(issues=issues)


def test_only_an_accepted_risk_has_a_longest_time() -> None:
    waiver(verdict=WaiverVerdict.NOT_AFFECTED, expires=DAY + timedelta(days=4000))


_VALUES = st.lists(st.builds(setting, st.sampled_from("abc"), st.sampled_from("xyz")), max_size=6)


@given(held=_VALUES, now=_VALUES)
def test_a_waiver_applies_exactly_if_every_name_that_it_holds_has_the_same_values(
    held: list[Ground], now: list[Ground]
) -> None:
    found = status_of(waiver(holds=tuple(held)), issue(grounds=tuple(now)), DAY)
    names = {ground.key for ground in held}
    same = all(
        {ground.value for ground in held if ground.key == name}
        == {ground.value for ground in now if ground.key == name}
        for name in names
    )
    assert isinstance(found, Applies) == same
