"""Releases of the agent: the metadata of a signed target, and the messages of agent and gateway about it.

A target's ``custom`` (TUF) and the ``release.json`` of an installed version have the same content. Unknown fields are
refused, so that signed bytes are unambiguous.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from openinspector.wire.pattern import END

RELEASE_FILE: Final = "release.json"
"""File in the folder of every version, next to its executable."""
ROOT_FILE: Final = "root.json"
"""File in the same folder: the TUF root that the version trusts. Without it the version does not update itself."""
METADATA_PATH: Final = "metadata/"
TARGETS_PATH: Final = "targets/"
MAX_DIAGNOSTICS: Final = 2000

VersionText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z+~]*(?:[.-][0-9A-Za-z+~]+)*" + END)
]
"""Used as the name of a folder: begins with a letter or digit, without slashes and consecutive dots."""
ReleaseNumber = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern="^[a-z0-9_]+" + END)]
TargetName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[0-9A-Za-z][0-9A-Za-z.+~_-]*" + END)]


class Runtime(StrEnum):
    """The runtime that a bundle needs on its host."""

    PYTHON3 = "python3"
    STANDALONE = "standalone"


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Platform(_Message, frozen=True, kw_only=True):
    """Where a bundle runs."""

    os: Word
    architecture: Word
    """As in ``uname -m``."""
    runtime: Runtime


class Release(_Message, frozen=True, kw_only=True):
    """``release.json``: the release of the agent in a version's folder."""

    version: VersionText
    release: ReleaseNumber
    """Counts releases upwards; agents never go back."""
    os: Word
    architecture: Word
    runtime: Runtime

    @property
    def platform(self) -> Platform:
        """Where it runs."""
        return Platform(os=self.os, architecture=self.architecture, runtime=self.runtime)


class SignedRelease(Release, frozen=True, kw_only=True):
    """A target's ``custom``: its release, and the lowest one that may still run."""

    min_release: ReleaseNumber


class ReleaseRequest(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/release``: requests the release that this host is offered."""

    version: VersionText
    release: ReleaseNumber
    platform: Platform


class ReleaseReply(_Message, frozen=True, kw_only=True):
    """Reply: the name of a signed target, or nothing. The agent verifies it and may decline."""

    target: TargetName | None = None


class ReleaseReport(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/release-report``: the result of an update: success or failure, and diagnostics."""

    from_version: VersionText
    to_version: VersionText
    succeeded: bool
    result: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[A-Z_]+" + END)]
    diagnostics: Annotated[str, msgspec.Meta(max_length=MAX_DIAGNOSTICS)] = ""


class ReportReceipt(_Message, frozen=True, kw_only=True):
    """Reply: True if the report was kept; reports about versions that the agent is not offered are dropped."""

    recorded: bool


def target_name(version: str, platform: Platform) -> str:
    """Return the name of a release's target."""
    return f"openinspector-agent-{version}-{platform.os}-{platform.architecture}-{platform.runtime.value}.tar.gz"
