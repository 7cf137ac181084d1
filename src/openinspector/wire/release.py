"""Releases of the agent: what a signed target says of itself, and what agent and gateway say about it.

A target's ``custom`` (TUF) and the ``release.json`` of an installed version are the same few facts. Unknown fields
are refused: signed bytes have one reading only.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from openinspector.wire.pattern import END

RELEASE_FILE: Final = "release.json"
"""Lies in every version's folder, beside its executable."""
ROOT_FILE: Final = "root.json"
"""Lies there too: the TUF root the version trusts. Without it the version does not update itself."""
METADATA_PATH: Final = "metadata/"
TARGETS_PATH: Final = "targets/"
MAX_DIAGNOSTICS: Final = 2000

VersionText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z+~]*(?:[.-][0-9A-Za-z+~]+)*" + END)
]
"""Becomes a folder's name: begins with a letter or digit, holds no slash and no two dots in a row."""
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
    """As ``uname -m`` has it."""
    runtime: Runtime


class Release(_Message, frozen=True, kw_only=True):
    """``release.json``: which release of the agent a version's folder holds."""

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
    """A target's ``custom``: the release it holds, and the lowest one that may still be run."""

    min_release: ReleaseNumber


class ReleaseRequest(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/release``: asks which release this host is offered."""

    version: VersionText
    release: ReleaseNumber
    platform: Platform


class ReleaseReply(_Message, frozen=True, kw_only=True):
    """Reply: the name of a signed target, or nothing. The agent takes it for a wish, not for a fact."""

    target: TargetName | None = None


class ReleaseReport(_Message, frozen=True, kw_only=True):
    """``POST /agent/v1/release-report``: what became of an update. Success or failure and diagnostics, nothing else."""

    from_version: VersionText
    to_version: VersionText
    succeeded: bool
    result: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[A-Z_]+" + END)]
    diagnostics: Annotated[str, msgspec.Meta(max_length=MAX_DIAGNOSTICS)] = ""


class ReportReceipt(_Message, frozen=True, kw_only=True):
    """Reply: whether the report was kept; one of a version that the agent is not offered is not."""

    recorded: bool


def target_name(version: str, platform: Platform) -> str:
    """Return the name of a release's target."""
    return f"openinspector-agent-{version}-{platform.os}-{platform.architecture}-{platform.runtime.value}.tar.gz"
