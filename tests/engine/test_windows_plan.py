from dataclasses import replace

import pytest
from tests.engine.test_windows import SERVER_2022, advisory, assessed, fix, index, target

from openinspector.engine.plan import plan_of
from openinspector.model.advisory import Advisory, Restart, VendorUpdate
from openinspector.model.exposure import Exposure
from openinspector.model.plan import PlanLimit, Remains
from openinspector.model.windows import WindowsHotfix
from openinspector.testing.windows_hosts import windows_server

OLD = "10.0.20348.2000"


def stated(number: int, revision: int, *remedies: VendorUpdate) -> Advisory:
    return advisory(fix(SERVER_2022, f"10.0.20348.{revision}"), identity=f"CVE-2026-000{number}", remedies=remedies)


def update(kb: str, restart: Restart = Restart.REBOOT) -> VendorUpdate:
    return VendorUpdate(target=target(SERVER_2022, "10.0.20348"), update=kb, restart=restart)


def test_one_update_closes_everything() -> None:
    advisories = [stated(1, 2100, update("KB1")), stated(2, 2300, update("KB3")), stated(3, 2200, update("KB2"))]
    plan = plan_of(windows_server(OLD), index(*advisories, stated(4, 1999)))
    assert plan.windows is not None
    assert plan.windows.required == "10.0.20348.2300"
    assert plan.windows.installed == OLD
    assert plan.windows.updates == ("KB3",)
    assert plan.windows.closes == ("CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003")
    assert plan.windows.urgency.exposure is Exposure.RUNNING_KERNEL
    assert plan.reboot is not None
    assert plan.reboot.reasons == ("Windows is updated.",)
    assert (plan.closes, plan.steps, plan.remains, plan.not_assessed) == (3, (), (), "")


def test_after_the_update_nothing_is_left() -> None:
    advisories = [stated(number, 2000 + 100 * number) for number in (1, 2, 3)]
    plan = plan_of(windows_server(OLD), index(*advisories))
    assert plan.windows is not None
    host = windows_server(plan.windows.required)
    assert assessed(host, *advisories).matches == ()
    done = plan_of(host, index(*advisories))
    assert (done.windows, done.reboot, done.closes, done.not_assessed) == (None, None, 0, "")


def test_an_update_on_the_disk_needs_only_a_restart() -> None:
    staged = WindowsHotfix(kb="KB1", package="Rollup", version="20348.2100.1.1", state=0x70)
    plan = plan_of(windows_server(OLD, staged), index(stated(1, 2100), stated(2, 2200)))
    assert plan.windows is not None
    assert plan.windows.closes == ("CVE-2026-0002",)
    assert plan.reboot is not None
    assert plan.reboot.closes == ("CVE-2026-0001",)
    assert plan.reboot.reasons == ("KB1 is on the disk and not in force.", "Windows is updated.")
    assert plan.closes == 2


@pytest.mark.parametrize("limit", [PlanLimit.NO_REBOOT, PlanLimit.NO_RESTART])
def test_without_a_restart_only_hotpatches_are_installed(limit: PlanLimit) -> None:
    hotpatch = stated(1, 2100, update("KB1", Restart.NONE))
    plan = plan_of(windows_server(OLD), index(hotpatch, stated(2, 2200)), limit)
    assert plan.windows is not None
    assert plan.windows.closes == ("CVE-2026-0001",)
    assert plan.reboot is None
    assert [(one.finding, one.why) for one in plan.remains] == [("CVE-2026-0002", Remains.NEEDS_REBOOT)]


def test_a_host_that_cannot_be_judged_is_named_with_the_reason() -> None:
    known = index(stated(1, 2100))
    assert "revision (UBR)" in plan_of(windows_server("10.0.20348"), known).not_assessed
    assert "No feed in use covers windows:10.0.17763" in plan_of(windows_server("10.0.17763.1"), known).not_assessed
    nothing_sent = replace(windows_server(OLD), records={})
    assert plan_of(nothing_sent, known).not_assessed == "The host's distribution is unknown."
