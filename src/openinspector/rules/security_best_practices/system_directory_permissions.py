"""Only root may change system directories and what is in them (F5.63 rule 9).

A finding names each directory with binaries or configuration, and each entry in one, that others may change: everyone
(other-writable), a group, or an owner other than root, who can always add the right to write.

- A sticky bit is not an excuse: it prevents people from removing each other's files, not from adding a program.
- A group without members counts too: a program that runs with the group (set-group-ID) may write. The finding names
  the members. The group root (gid 0) does not count as long as root is its only member.
- ``/usr/local`` of group ``staff``, as Debian set it up until 2020, does not pass: its members can put programs into
  root's PATH.

Access control lists are not collected, so they are not judged.
"""

import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.engine.completeness import unseen
from openinspector.engine.detection import MAX_LISTED, detection, listed
from openinspector.engine.rule import Detected, NotApplicable, Outcome, Passed, Rule, RuleContext
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import Ground, subject
from openinspector.model.inventory import DirectoryMode, Group, User

_OTHERS: Final = 0o002
_GROUP: Final = 0o020
_MAX_MEMBERS: Final = 20


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge owner and mode of everything the sensor sent."""
    modes = sorted(facts.all(DirectoryMode), key=repr)
    members = _Members(facts)
    found = sorted((finding for mode in modes if (finding := _judge(mode, members))), key=lambda each: each[0])
    rooted = any(mode.gid == 0 and mode.mode & _GROUP for mode in modes)
    gap = unseen(facts, RULE.sensors if rooted else RULE.sensors[:1])
    if found:
        title = f"Instance {INSTANCE} contains a system directory that is writable by non-root users."
        evidence = Evidence(
            statement=f"Users other than root may change {len(found)} system directories or entries in them",
            because=listed((_evidence(mode, who) for _, mode, who in found), "entries"),
        )
        remedy = "\n".join(_remedy([mode for _, mode, _ in found]))
        return Detected(
            detections=(detection(RULE, title, remedy, evidence, _grounds(mode for _, mode, _ in found)),),
            unfinished=gap,
        )
    if gap is not None:
        return gap
    if not modes:
        return NotApplicable(reason="The host has no system directories.")
    statement = f"All {len(modes)} system directories belong to root and are writable only by root"
    return Passed(evidence=Evidence(statement=statement))


class _Members:
    """Members of groups, by the list of the group and by the primary groups of accounts."""

    def __init__(self, facts: HostFacts) -> None:
        names: dict[int, set[str]] = {}
        for group in facts.all(Group):
            names.setdefault(group.gid, set()).update(group.members)
        for user in facts.all(User):
            names.setdefault(user.gid, set()).add(user.name)
        self._roots = {"root", *(user.name for user in facts.all(User) if user.uid == 0)}
        self._names = names

    def of(self, gid: int) -> list[str]:
        """Return the members of a group other than root, sorted."""
        return sorted(self._names.get(gid, set()) - self._roots)


def _judge(mode: DirectoryMode, members: _Members) -> tuple[tuple[int, str], DirectoryMode, str] | None:
    """Return who else may change an entry, with a sort key that puts the widest access first; None if only root may."""
    if mode.mode & _OTHERS:
        return (0, mode.path), mode, "everybody"
    group = members.of(mode.gid)
    if mode.mode & _GROUP and (mode.gid != 0 or group):
        return (1, mode.path), mode, f"group {mode.group or mode.gid} ({_named(group)})"
    if mode.uid != 0:
        return (2, mode.path), mode, f"its owner {mode.owner or mode.uid}"
    return None


def _named(members: list[str]) -> str:
    if not members:
        return "no members"
    more = f" and {len(members) - _MAX_MEMBERS} more" if len(members) > _MAX_MEMBERS else ""
    return f"members {', '.join(members[:_MAX_MEMBERS])}{more}"


def _evidence(mode: DirectoryMode, who: str) -> Evidence:
    owner, group = mode.owner or str(mode.uid), mode.group or str(mode.gid)
    sticky = ", sticky" if mode.mode & 0o1000 else ""
    return Evidence(
        statement=f"{mode.path} may be changed by {who}: mode {mode.mode:04o}{sticky}, owner {owner}, group {group}",
        source=mode.path,
    )


def _grounds(modes: Iterable[DirectoryMode]) -> Iterator[Ground]:
    for mode in modes:
        yield subject("path", f"{mode.path} {mode.mode:04o} {mode.owner or mode.uid}:{mode.group or mode.gid}")


def _remedy(modes: list[DirectoryMode]) -> Iterable[str]:
    yield "Check the purpose of each entry, then run as root:"
    for mode in modes[:MAX_LISTED]:
        # The path comes from the host: it is quoted, so that the copied command runs nothing else.
        path = shlex.quote(mode.path)
        owner = f"chown root -- {path} && " if mode.uid else ""
        yield f"{owner}chmod go-w -- {path}"
    if len(modes) > MAX_LISTED:
        yield f"and likewise for {len(modes) - MAX_LISTED} more."


RULE: Final = Rule(
    name="system_directory_permissions",
    title="Configure permissions for system directories",
    severity=Severity.HIGH,
    description=(
        "This rule checks permissions on system directories that contain binaries and system configuration "
        "information. It checks that only the root user has write permissions for these directories and for what is "
        "in them: anyone else who may write there can become root."
    ),
    recommendation="Make root the only one who may write system directories: `chown root`, `chmod go-w`.",
    reads=(DirectoryMode, Group, User),
    sensors=("system_directories", "accounts"),
    evaluate=evaluate,
    linux_only=True,
)
