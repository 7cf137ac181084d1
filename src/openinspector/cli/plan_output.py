"""Fix plans as a table, as JSON, as shell lines and as an Ansible playbook. Nothing is run.

Names of packages and units come from hosts. The plan holds only names that their package manager accepts
(`openinspector.engine.plan`); here every one is quoted once more.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Final

import msgspec

from openinspector.model.inventory import PackageManager
from openinspector.model.plan import Plan, Step, WindowsStep
from openinspector.model.windows import WINDOWS

_TOOLS: Final = (
    ("yum", re.compile(r"(centos|ol|oracle|rhel|redhat):[67](\..*)?|amzn:(1|2|2\..*|201[0-9]\..*)")),
    ("tdnf", re.compile(r"(photon|mariner|azurelinux):.*")),
    ("zypper", re.compile(r"(sle|sl-micro|opensuse).*")),
)
"""By ``<ID>:<VERSION_ID>``; every other rpm distribution has dnf."""
_UPGRADE: Final = {
    "apt-get": ("apt-get", "install", "--only-upgrade", "--"),
    "dnf": ("dnf", "upgrade", "--"),
    "yum": ("yum", "update", "--"),
    "tdnf": ("tdnf", "update"),
    "zypper": ("zypper", "update", "--"),
    "apk": ("apk", "upgrade", "--"),
    "pacman": ("pacman", "-Syu"),
}
_REFRESH: Final = {"apt-get": ("apt-get", "update"), "apk": ("apk", "update"), "zypper": ("zypper", "refresh")}
_WHOLE_UPGRADE: Final = "pacman"
"""Distributions whose package manager cannot upgrade single packages."""


def tool_of(plan: Plan, step: Step) -> str:
    """Return the command that upgrades packages on a plan's distribution."""
    match step.manager:
        case PackageManager.DPKG:
            return "apt-get"
        case PackageManager.APK:
            return "apk"
        case PackageManager.PACMAN:
            return "pacman"
    return next((tool for tool, names in _TOOLS if names.fullmatch(plan.distribution)), "dnf")


def upgrade_command(plan: Plan, step: Step) -> tuple[str, ...]:
    """Return the arguments that take one step."""
    tool = tool_of(plan, step)
    return _UPGRADE[tool] if tool == _WHOLE_UPGRADE else (*_UPGRADE[tool], *step.install)


def plan_json(plan: Plan) -> dict[str, object]:
    """Return a plan as the command line prints it in JSON."""
    return {
        "agentId": plan.agent_id,
        "hostname": plan.hostname,
        "distribution": plan.distribution,
        "closes": plan.closes,
        "steps": [
            {
                "manager": step.manager.value,
                "source": step.source,
                "packages": [asdict(goal) for goal in step.goals],
                "closes": list(step.closes),
                "helps": step.helps,
                "urgency": asdict(step.urgency),
                "restarts": list(step.restarts),
                "reboot": step.reboot,
                "command": list(upgrade_command(plan, step)),
            }
            for step in plan.steps
        ],
        "windows": asdict(plan.windows) if plan.windows else None,
        "notAssessed": plan.not_assessed,
        "restarts": list(plan.restarts),
        "reboot": asdict(plan.reboot) if plan.reboot else None,
        "remains": [asdict(one) for one in plan.remains],
    }


def shell_lines(plan: Plan) -> Iterator[str]:
    """Yield a plan as lines of sh, one a step; reboots are comments."""
    yield f"# {comment(plan)}"
    if plan.windows is not None:
        yield f"# {windows_line(plan.windows)}"
    tools = dict.fromkeys(tool_of(plan, step) for step in plan.steps)
    for tool in tools:
        if tool in _REFRESH:
            yield shlex.join(_REFRESH[tool])
    for command in dict.fromkeys(upgrade_command(plan, step) for step in plan.steps):
        yield shlex.join(command)
    if plan.restarts:
        yield shlex.join(("systemctl", "try-restart", "--", *plan.restarts))
    if plan.reboot is not None:
        yield f"# Restart the host: {_words(' '.join(plan.reboot.reasons))}"
        if not _is_windows(plan):
            yield "# systemctl reboot"


def playbook(plans: Iterable[Plan]) -> str:
    """Return an Ansible playbook with one play for hosts of the same tasks; JSON, which is YAML too."""
    plays: dict[bytes, tuple[list[str], list[object], bool]] = {}
    for plan in plans:
        tasks = list(_tasks(plan))
        if tasks:
            hosts, _, _ = plays.setdefault(msgspec.json.encode(tasks), ([], tasks, _is_windows(plan)))
            hosts.append(_ansible_host(plan))
    written = [
        {
            "name": f"Close vulnerability findings {number}",
            "hosts": hosts,
            **({} if is_windows else {"become": True}),
            "serial": "25%",
            "tasks": tasks,
        }
        for number, (hosts, tasks, is_windows) in enumerate(plays.values(), start=1)
    ]
    return "---\n" + msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"


def comment(plan: Plan) -> str:
    """Return the summary of a plan in one line."""
    who = f"{_words(plan.agent_id)} {_words(plan.hostname)}".rstrip()
    if plan.not_assessed:
        return f"{who}: not assessed. {_words(plan.not_assessed)}"
    count, remain = len(plan.steps) + (plan.windows is not None), len({one.finding for one in plan.remains})
    upgrades = f"{count} upgrade closes" if count == 1 else f"{count} upgrades close"
    findings = f"{plan.closes} finding{'s' * (plan.closes != 1)}"
    return f"{who}: {upgrades} {findings}; {remain} remain."


def windows_line(step: WindowsStep) -> str:
    """Return what to install on a Windows host, in one line."""
    update = " or ".join(step.updates) or "the cumulative update"
    closes = f"{len(step.closes)} finding{'s' * (len(step.closes) != 1)}"
    return _words(f"Install {update} or a later one: {step.product} gets build {step.required}, which closes {closes}.")


def _tasks(plan: Plan) -> Iterator[object]:
    if _is_windows(plan):
        yield from _windows_tasks(plan)
        return
    by_tool: dict[str, list[str]] = {}
    for step in plan.steps:
        by_tool.setdefault(tool_of(plan, step), []).extend(step.install)
    for tool, names in by_tool.items():
        yield {"name": f"Upgrade packages with {tool}", **_module(tool, list(dict.fromkeys(names)))}
    for unit in plan.restarts:
        yield {"name": f"Restart {unit}", "ansible.builtin.systemd_service": {"name": unit, "state": "restarted"}}
    if plan.reboot is not None:
        yield {"name": "Restart the host", "ansible.builtin.reboot": {}}


def _is_windows(plan: Plan) -> bool:
    return plan.distribution.startswith(f"{WINDOWS}:")


def _windows_tasks(plan: Plan) -> Iterator[object]:
    if plan.windows is not None:
        # Without the names of updates, the module's own categories: critical and security updates, rollups.
        chosen = {"accept_list": list(plan.windows.updates)} if plan.windows.updates else {}
        yield {"name": "Update Windows", "ansible.windows.win_updates": {**chosen, "reboot": False}}
    if plan.reboot is not None:
        yield {"name": "Restart the host", "ansible.windows.win_reboot": {}}


def _module(tool: str, names: Sequence[str]) -> dict[str, object]:
    match tool:
        case "apt-get":
            arguments = {"name": names, "state": "latest", "only_upgrade": True, "update_cache": True}
            return {"ansible.builtin.apt": arguments}
        case "dnf" | "yum":
            return {f"ansible.builtin.{tool}": {"name": names, "state": "latest", "update_only": True}}
        case "zypper":
            return {"community.general.zypper": {"name": names, "state": "latest"}}
        case "apk":
            return {"community.general.apk": {"name": names, "state": "latest", "update_cache": True}}
        case "pacman":
            return {"community.general.pacman": {"upgrade": True, "update_cache": True}}
        case _:
            return {"ansible.builtin.command": {"argv": [*_UPGRADE[tool], "--assumeyes", *names]}}


def _ansible_host(plan: Plan) -> str:
    """Return the name of a host in an inventory: its host name, else the agent's id."""
    name = plan.hostname
    plain = name and all(part.isalnum() and part.isascii() for part in name.replace("-", ".").split("."))
    return name if plain else plan.agent_id


def _words(text: str) -> str:
    """Return a host's text for a comment, without anything that could end it."""
    return "".join(one if one.isprintable() and one != "\\" else "?" for one in text)
