"""The services on a simulated pywin32; the agent's own work against a simulated gateway is test_runtime's."""

import sys
from threading import Thread

import pytest

from openinspector.agent.operation.event_log import EventLog
from openinspector.agent.windows_service import (
    RESTART_MILLISECONDS,
    SERVICES,
    ServiceWork,
    WindowsService,
    main,
    run_updates,
    service_class,
)
from openinspector.model.errors import OpenInspectorError
from openinspector.testing.simulated_pywin32 import INTERROGATE, RUNNING, SHUTDOWN, STOP, STOP_PENDING, SimulatedPywin32


@pytest.fixture
def pywin32() -> SimulatedPywin32:
    return SimulatedPywin32()


def service(work: "Work") -> WindowsService:
    return WindowsService(name="example", display_name="Example Service", description="", work=work)


class Work:
    """Waits to be stopped, as the agent does."""

    def __init__(self) -> None:
        self.ended = False

    def __call__(self, work: ServiceWork) -> None:
        while not work.wait(60):
            pass
        self.ended = True


@pytest.mark.parametrize("control", [STOP, SHUTDOWN])
def test_runs_until_stop_or_shutdown(pywin32: SimulatedPywin32, control: int) -> None:
    work = Work()
    hosted = service_class(service(work), pywin32)(["example"])
    running = Thread(target=hosted.SvcRun)
    running.start()
    hosted.ServiceCtrlHandlerEx(INTERROGATE, 0, None)
    hosted.ServiceCtrlHandlerEx(control, 0, None)
    running.join(30)
    assert work.ended
    assert not running.is_alive()
    assert sorted(pywin32.statuses) == sorted([RUNNING, RUNNING, STOP_PENDING, STOP_PENDING])
    assert pywin32.events == [("info", "Example Service started."), ("info", "Example Service stopped.")]


def test_the_service_accepts_stop_and_shutdown(pywin32: SimulatedPywin32) -> None:
    hosted = service_class(service(Work()), pywin32)(["example"])
    accepted = pywin32.win32service.SERVICE_ACCEPT_STOP | pywin32.win32service.SERVICE_ACCEPT_SHUTDOWN
    assert hosted.GetAcceptedControls() == accepted


def test_failing_work_is_logged_and_raised(pywin32: SimulatedPywin32) -> None:
    def fail(_: ServiceWork) -> None:
        raise OpenInspectorError("this host is not enrolled.", advice="Enrol it.")

    failing = WindowsService(name="example", display_name="Example Service", description="", work=fail)
    with pytest.raises(OpenInspectorError):
        service_class(failing, pywin32)(["example"]).SvcRun()
    assert pywin32.events[-1] == ("error", "this host is not enrolled. Enrol it.")
    assert pywin32.statuses == [RUNNING]


def test_early_stop_is_not_lost(pywin32: SimulatedPywin32) -> None:
    stopped = []
    work = ServiceWork(lambda work: work.stops_with(lambda: stopped.append(1)), EventLog(pywin32.servicemanager))
    work.stop()
    work.run()
    assert stopped == [1]


def test_updater_runs_at_once_and_logs_failed_passes(pywin32: SimulatedPywin32) -> None:
    passes = []

    def update() -> int:
        passes.append(1)
        if len(passes) == 1:
            return 1
        raise SystemExit(2)

    work = ServiceWork(lambda work: run_updates(work, update), EventLog(pywin32.servicemanager))
    work.stop()
    work.run()
    work.run()
    assert len(passes) == 2
    assert [level for level, _ in pywin32.events] == ["error", "error"]


def test_service_names_match_the_guide(pywin32: SimulatedPywin32) -> None:
    """F1.51 in our name; stopping the updater is discouraged where one would do it (F1.52)."""
    assert main(["install"], pywin32) == 0
    assert [options["displayName"] for options in pywin32.installed.values()] == [
        "openinspector Agent Service",
        "openinspector Agent Updater Service",
    ]
    assert "Do not stop it" in str(pywin32.installed["openinspector-agent-updater"]["description"])
    for name, options in zip(SERVICES, pywin32.installed.values(), strict=True):
        assert options["exeName"] == sys.executable
        assert options["exeArgs"] == f"-I -B -m openinspector.agent.windows_service run {name}"
        assert options["startType"] == pywin32.win32service.SERVICE_AUTO_START
        assert "userName" not in options, "LocalSystem (F1.4)"


def test_updates_by_hand_leave_the_updater_unstarted(pywin32: SimulatedPywin32) -> None:
    assert main(["install", "--manual-updates"], pywin32) == 0
    starts = [options["startType"] for options in pywin32.installed.values()]
    assert starts == [pywin32.win32service.SERVICE_AUTO_START, pywin32.win32service.SERVICE_DEMAND_START]


def test_both_are_removed(pywin32: SimulatedPywin32) -> None:
    main(["install"], pywin32)
    assert main(["remove"], pywin32) == 0
    assert pywin32.installed == {}


def test_failed_service_is_restarted_by_windows(pywin32: SimulatedPywin32) -> None:
    main(["install"], pywin32)
    restart = (pywin32.win32service.SC_ACTION_RESTART, RESTART_MILLISECONDS)
    assert {name: actions["Actions"] for name, actions in pywin32.failure_actions.items()} == {
        service.name: [restart] * 3 for service in SERVICES.values()
    }
    assert pywin32.win32service.open_handles == 0


def test_services_are_sources_of_events_while_installed(pywin32: SimulatedPywin32) -> None:
    main(["install"], pywin32)
    assert pywin32.event_sources == {service.name for service in SERVICES.values()}
    main(["remove"], pywin32)
    assert pywin32.event_sources == set()


def test_install_repeats_with_new_settings(pywin32: SimulatedPywin32) -> None:
    main(["install"], pywin32)
    assert main(["install", "--manual-updates"], pywin32) == 0
    assert pywin32.installed["openinspector-agent-updater"]["startType"] == pywin32.win32service.SERVICE_DEMAND_START
    assert pywin32.installed["openinspector-agent"]["displayName"] == "openinspector Agent Service"


def test_remove_repeats_and_stops_first(pywin32: SimulatedPywin32) -> None:
    main(["install"], pywin32)
    assert main(["remove"], pywin32) == 0
    assert pywin32.stopped == [service.name for service in SERVICES.values()]
    assert main(["remove"], pywin32) == 0


@pytest.mark.parametrize("name", SERVICES)
def test_windows_starts_a_service_by_name(pywin32: SimulatedPywin32, name: str) -> None:
    assert main(["run", name], pywin32) == 0
    assert [getattr(hosted, "_svc_name_", "") for hosted in pywin32.hosted] == [SERVICES[name].name]
    assert pywin32.dispatched == 1


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "other"], ["start"]])
def test_unknown_arguments_are_refused(
    pywin32: SimulatedPywin32, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, pywin32) == 2
    assert "install" in capsys.readouterr().err
