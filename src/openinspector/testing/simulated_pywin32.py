"""Simulated pywin32: the parts of it that a service touches, with its interface (win32serviceutil, servicemanager)."""

from collections.abc import Sequence
from typing import Final

STOP: Final = 1
INTERROGATE: Final = 4
SHUTDOWN: Final = 5
STOP_PENDING: Final = 3
RUNNING: Final = 4


class SimulatedPywin32:
    """The three modules as one object's attributes, and what was done with them."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        """(level, message) of the event log."""
        self.statuses: list[int] = []
        """The reports of services, in order."""
        self.installed: dict[str, dict[str, object]] = {}
        """Service name to what it was installed with."""
        self.hosted: list[type] = []
        self.dispatched = 0
        self.failure_actions: dict[str, dict[str, object]] = {}
        """Service name to its recovery actions."""
        self.event_sources: set[str] = set()
        self.stopped: list[str] = []
        self.win32evtlogutil = _Win32EvtLogUtil(self)
        self.win32service = _Win32Service(self)
        self.servicemanager = _ServiceManager(self)
        self.win32serviceutil = _Win32ServiceUtil(self)


class SimulatedWin32Error(Exception):
    """As pywintypes.error."""

    def __init__(self, winerror: int) -> None:
        super().__init__(winerror)
        self.winerror = winerror


class _Win32EvtLogUtil:
    def __init__(self, world: SimulatedPywin32) -> None:
        self._world = world

    def AddSourceToRegistry(self, appName: str, msgDLL: str, eventLogType: str) -> None:  # noqa: N802, N803
        """Register a source of events with the file of its messages."""
        assert msgDLL
        assert eventLogType == "Application"
        self._world.event_sources.add(appName)

    def RemoveSourceFromRegistry(self, appName: str, eventLogType: str) -> None:  # noqa: N802, N803
        """Remove a source; an error where it is not there."""
        assert eventLogType == "Application"
        if appName not in self._world.event_sources:
            raise SimulatedWin32Error(2)
        self._world.event_sources.remove(appName)


class _Win32Service:
    error = SimulatedWin32Error
    SC_MANAGER_ALL_ACCESS = 0xF003F
    SERVICE_ALL_ACCESS = 0xF01FF
    SERVICE_CONFIG_FAILURE_ACTIONS = 2
    SC_ACTION_RESTART = 1
    SERVICE_STOP_PENDING = STOP_PENDING
    SERVICE_RUNNING = RUNNING
    SERVICE_AUTO_START = 2
    SERVICE_DEMAND_START = 3
    SERVICE_ACCEPT_STOP = 1
    SERVICE_ACCEPT_SHUTDOWN = 4

    def __init__(self, world: SimulatedPywin32) -> None:
        self._world = world
        self.open_handles = 0

    def OpenSCManager(self, machine: None, database: None, access: int) -> str:  # noqa: N802
        """Open the manager."""
        assert (machine, database, access) == (None, None, self.SC_MANAGER_ALL_ACCESS)
        self.open_handles += 1
        return "manager"

    def OpenService(self, manager: str, name: str, access: int) -> str:  # noqa: N802
        """Open a registered service."""
        assert (manager, access) == ("manager", self.SERVICE_ALL_ACCESS)
        if name not in self._world.installed:
            raise SimulatedWin32Error(1060)
        self.open_handles += 1
        return name

    def ChangeServiceConfig2(self, service: str, level: int, info: dict[str, object]) -> None:  # noqa: N802
        """Keep the recovery actions."""
        assert level == self.SERVICE_CONFIG_FAILURE_ACTIONS
        self._world.failure_actions[service] = info

    def CloseServiceHandle(self, handle: str) -> None:  # noqa: N802
        """Close a handle."""
        assert handle
        self.open_handles -= 1


class _ServiceManager:
    __file__ = "servicemanager.pyd"

    def __init__(self, world: SimulatedPywin32) -> None:
        self._world = world

    def LogInfoMsg(self, msg: str, /) -> None:  # noqa: N802 - pywin32's name
        """Keep the message."""
        self._world.events.append(("info", msg))

    def LogWarningMsg(self, msg: str, /) -> None:  # noqa: N802
        """Keep the message."""
        self._world.events.append(("warning", msg))

    def LogErrorMsg(self, msg: str, /) -> None:  # noqa: N802
        """Keep the message."""
        self._world.events.append(("error", msg))

    def Initialize(self) -> None:  # noqa: N802
        """Get ready to host."""

    def PrepareToHostSingle(self, klass: type, /) -> None:  # noqa: N802
        """Take the class to host."""
        self._world.hosted.append(klass)

    def StartServiceCtrlDispatcher(self) -> None:  # noqa: N802
        """Host what was prepared; the real one returns when the service has stopped."""
        self._world.dispatched += 1


class _Win32ServiceUtil:
    def __init__(self, world: SimulatedPywin32) -> None:
        self._world = world
        statuses = world.statuses

        class ServiceFramework:
            """As pywin32's: the control handler calls the methods that a subclass has."""

            def __init__(self, args: Sequence[str]) -> None:
                self.name = args[0]

            def GetAcceptedControls(self) -> int:  # noqa: N802
                """Return the controls for which there are methods."""
                stop = _Win32Service.SERVICE_ACCEPT_STOP if hasattr(self, "SvcStop") else 0
                return stop | (_Win32Service.SERVICE_ACCEPT_SHUTDOWN if hasattr(self, "SvcShutdown") else 0)

            def ReportServiceStatus(  # noqa: N802
                self,
                serviceStatus: int,  # noqa: N803
                waitHint: int = 5000,  # noqa: ARG002, N803
                win32ExitCode: int = 0,  # noqa: ARG002, N803
                svcExitCode: int = 0,  # noqa: ARG002, N803
            ) -> None:
                """Keep the status."""
                statuses.append(serviceStatus)

            def ServiceCtrlHandlerEx(self, control: int, event_type: int, data: object) -> None:  # noqa: ARG002, N802
                """Do what a control asks for."""
                names = {STOP: "SvcStop", SHUTDOWN: "SvcShutdown"}
                if control in names:
                    getattr(self, names[control])()
                else:
                    self.ReportServiceStatus(RUNNING)

            def SvcRun(self) -> None:  # noqa: N802
                """Run from start to stop, as the host calls it; exceptions pass through."""
                self.ReportServiceStatus(RUNNING)
                self.SvcDoRun()  # type: ignore[attr-defined]  # the subclass's
                self.ReportServiceStatus(STOP_PENDING)

        self.ServiceFramework = ServiceFramework

    def InstallService(  # noqa: N802
        self,
        pythonClassString: str,  # noqa: N803
        serviceName: str,  # noqa: N803
        displayName: str,  # noqa: N803
        **options: object,
    ) -> None:
        """Keep what was installed; error 1073 where it is registered already."""
        if serviceName in self._world.installed:
            raise SimulatedWin32Error(1073)
        self._world.installed[serviceName] = {"class": pythonClassString, "displayName": displayName, **options}

    def ChangeServiceConfig(  # noqa: N802
        self,
        pythonClassString: str,  # noqa: N803
        serviceName: str,  # noqa: N803
        **options: object,
    ) -> None:
        """Change what was installed; error 1060 where it is not registered."""
        self.QueryServiceStatus(serviceName)
        self._world.installed[serviceName] = {"class": pythonClassString, **options}

    def QueryServiceStatus(self, serviceName: str) -> tuple[int, ...]:  # noqa: N802, N803
        """Return the status; error 1060 where the service is not registered."""
        if serviceName not in self._world.installed:
            raise SimulatedWin32Error(1060)
        return (16, RUNNING, 0, 0, 0, 0, 0)

    def StopService(self, serviceName: str) -> None:  # noqa: N802, N803
        """Note that it was stopped; error 1062 where it does not run."""
        if serviceName in self._world.stopped:
            raise SimulatedWin32Error(1062)
        self._world.stopped.append(serviceName)

    def RemoveService(self, serviceName: str) -> None:  # noqa: N802, N803
        """Forget the service; error 1060 where it is not registered."""
        self.QueryServiceStatus(serviceName)
        del self._world.installed[serviceName]
