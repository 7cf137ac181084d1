"""The two Windows services (F1.4, F1.51, F1.52): the agent and its updater.

The service control manager starts ``python -I -B -m openinspector.agent.windows_service run agent``. ``install``
registers both services and ``remove`` unregisters them. A `ServiceWork` does the work of a service; the class that
pywin32 needs around it is a thin wrapper over injected modules. It runs under Wine; a real Windows has not been seen
(docs/howto/windows.md).
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event as Flag
from types import MappingProxyType
from typing import Any, Final, Protocol

from openinspector.agent.operation.event_log import EventLog, EventLogModule
from openinspector.agent.settings.settings import load_settings
from openinspector.model.errors import OpenInspectorError

UPDATE_EVERY_SECONDS: Final = 6 * 3600.0
STOP_MILLISECONDS: Final = 30_000
"""How long stopping may take, as reported to Windows: a last heartbeat, and a collection that is stopped."""
RESTART_MILLISECONDS: Final = 60_000
_DAY_SECONDS: Final = 86_400
_EVENT_LOG: Final = "Application"
_NO_SUCH_SERVICE: Final = 1060
"""ERROR_SERVICE_DOES_NOT_EXIST."""
_MODULE: Final = "openinspector.agent.windows_service"
_USAGE: Final = f"python -m {_MODULE} install [--manual-updates] | remove | run agent | run updater"


class ServiceWork:
    """The work of one service, from start to stop. `stop` may be called at any time and from any thread."""

    def __init__(self, work: "Callable[[ServiceWork], None]", log: EventLog) -> None:
        self._work = work
        self.log = log
        self._stopped = Flag()
        self._stopper: Callable[[], object] = lambda: None

    def run(self) -> None:
        """Work until stopped; OpenInspectorError is logged and raised, so that Windows restarts the service."""
        try:
            self._work(self)
        except OpenInspectorError as error:
            self.log.tell("error", f"{error} {error.advice}".strip())
            raise

    def stop(self) -> None:
        """End the work, or make it end as soon as it begins."""
        self._stopped.set()
        self._stopper()

    def stops_with(self, stopper: Callable[[], object]) -> None:
        """Let ``stop`` call ``stopper``; call it at once if ``stop`` was called already."""
        self._stopper = stopper
        if self._stopped.is_set():
            stopper()

    def wait(self, seconds: float) -> bool:
        """Wait. Return True if the work must end."""
        return self._stopped.wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsService:
    """One service as Windows lists it."""

    name: str
    display_name: str
    description: str
    work: Callable[[ServiceWork], None]


def run_as_agent(work: ServiceWork) -> None:
    """Run the agent itself, as `openinspector-agent run` does."""
    from openinspector.agent.runtime import run_agent  # noqa: PLC0415 - the updater does without

    settings = load_settings(None, os.environ)
    run_agent(settings, log_to=work.log, ready=lambda loop: work.stops_with(loop.stop))


def run_updates(work: ServiceWork, update: Callable[[], int] | None = None) -> None:
    """Make one pass of `openinspector-agent update` now and every six hours; a pass that fails is logged."""
    if update is None:
        from openinspector.agent.__main__ import main  # noqa: PLC0415 - the agent does without

        update = lambda: main(["update"])  # noqa: E731 - a default that is loaded late
    while True:
        try:
            status = update()
        except SystemExit as error:  # the option parser's way to say that there is no such command
            status = error.code if isinstance(error.code, int) else 1
        if status != 0:
            work.log.tell("error", f"A pass of the updater ended with status {status}.")
        if work.wait(UPDATE_EVERY_SECONDS):
            return


SERVICES: Final[Mapping[str, WindowsService]] = MappingProxyType(
    {
        "agent": WindowsService(
            name="openinspector-agent",
            display_name="openinspector Agent Service",
            description="Collects the data that assessment runs request and sends it to the openinspector service.",
            work=run_as_agent,
        ),
        "updater": WindowsService(
            name="openinspector-agent-updater",
            display_name="openinspector Agent Updater Service",
            description="Keeps the openinspector agent up to date. Do not stop it: the agent would get no more fixes.",
            work=run_updates,
        ),
    }
)


class ServiceModules(Protocol):
    """The modules of pywin32 that a service needs, by their names."""

    win32evtlogutil: Any
    win32serviceutil: Any
    win32service: Any
    servicemanager: Any


def service_class(service: WindowsService, modules: ServiceModules) -> type:
    """Return the class that pywin32 hosts: its start, stop and shutdown are those of the service's work."""
    event_log: EventLogModule = modules.servicemanager

    class Framework(modules.win32serviceutil.ServiceFramework):  # type: ignore[name-defined,misc]  # given, not imported
        """The service as pywin32 hosts it."""

        _svc_name_ = service.name
        _svc_display_name_ = service.display_name
        _svc_description_ = service.description

        def __init__(self, arguments: Sequence[str]) -> None:
            super().__init__(arguments)
            self.work = ServiceWork(service.work, EventLog(event_log))

        def SvcDoRun(self) -> None:  # noqa: N802 - pywin32's name
            """Work from start to stop."""
            self.work.log.tell("info", f"{service.display_name} started.")
            self.work.run()
            self.work.log.tell("info", f"{service.display_name} stopped.")

        def SvcStop(self) -> None:  # noqa: N802 - pywin32's name
            """End the work. Reports to Windows that this takes a while."""
            self.ReportServiceStatus(modules.win32service.SERVICE_STOP_PENDING, waitHint=STOP_MILLISECONDS)
            self.work.stop()

        SvcShutdown = SvcStop

    return Framework


def main(arguments: Sequence[str], modules: ServiceModules) -> int:
    """Register, remove or host services; returns the exit status."""
    match list(arguments):
        case ["run", ("agent" | "updater") as name]:
            modules.servicemanager.Initialize()
            modules.servicemanager.PrepareToHostSingle(service_class(SERVICES[name], modules))
            modules.servicemanager.StartServiceCtrlDispatcher()
        case ["install"]:
            _install(modules, manual_updates=False)
        case ["install", "--manual-updates"]:
            _install(modules, manual_updates=True)
        case ["remove"]:
            _remove(modules)
        case _:
            sys.stderr.write(f"{_USAGE}\n")
            return 2
    return 0


def _install(modules: ServiceModules, *, manual_updates: bool) -> None:
    """Register both services as LocalSystem, started with Windows (F1.4); updates by hand are F1.31's AUTOUPDATE=No.

    Services that are registered already get these settings again: an upgrade is an installation. Their interpreter is
    isolated (``-I``): neither PYTHONPATH nor the working folder decides what LocalSystem runs.
    """
    for name, service in SERVICES.items():
        by_hand = manual_updates and name == "updater"
        register = (
            modules.win32serviceutil.ChangeServiceConfig
            if _is_registered(modules, service.name)
            else modules.win32serviceutil.InstallService
        )
        register(
            f"{_MODULE}.{name}",
            service.name,
            displayName=service.display_name,
            startType=modules.win32service.SERVICE_DEMAND_START if by_hand else modules.win32service.SERVICE_AUTO_START,
            exeName=sys.executable,
            exeArgs=f"-I -B -m {_MODULE} run {name}",
            description=service.description,
        )
        _restart_on_failure(modules, service.name)
        modules.win32evtlogutil.AddSourceToRegistry(service.name, modules.servicemanager.__file__, _EVENT_LOG)


def _remove(modules: ServiceModules) -> None:
    """Stop and unregister both services and their event sources; one that is not there is passed over."""
    for service in SERVICES.values():
        if _is_registered(modules, service.name):
            with suppress(modules.win32service.error):
                modules.win32serviceutil.StopService(service.name)
            modules.win32serviceutil.RemoveService(service.name)
        with suppress(modules.win32service.error):
            modules.win32evtlogutil.RemoveSourceFromRegistry(service.name, _EVENT_LOG)


def _is_registered(modules: ServiceModules, name: str) -> bool:
    try:
        modules.win32serviceutil.QueryServiceStatus(name)
    except modules.win32service.error as error:
        if error.winerror == _NO_SUCH_SERVICE:
            return False
        raise
    return True


def _restart_on_failure(modules: ServiceModules, name: str) -> None:
    """Let Windows restart a service that ends by itself: after one minute, and again for a day."""
    api = modules.win32service
    manager = api.OpenSCManager(None, None, api.SC_MANAGER_ALL_ACCESS)
    try:
        service = api.OpenService(manager, name, api.SERVICE_ALL_ACCESS)
        try:
            restart = (api.SC_ACTION_RESTART, RESTART_MILLISECONDS)
            actions = {"ResetPeriod": _DAY_SECONDS, "RebootMsg": "", "Command": "", "Actions": [restart] * 3}
            api.ChangeServiceConfig2(service, api.SERVICE_CONFIG_FAILURE_ACTIONS, actions)
        finally:
            api.CloseServiceHandle(service)
    finally:
        api.CloseServiceHandle(manager)


if sys.platform == "win32" and __name__ == "__main__":
    from types import SimpleNamespace

    import servicemanager
    import win32evtlogutil
    import win32service
    import win32serviceutil

    sys.exit(
        main(
            sys.argv[1:],
            SimpleNamespace(
                servicemanager=servicemanager,
                win32evtlogutil=win32evtlogutil,
                win32service=win32service,
                win32serviceutil=win32serviceutil,
            ),
        )
    )
