"""Checks without parameters: the graphical login."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import Check
from openinspector.cis.checks.settings import (
    LinePresent,
)

CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "gdm_user_list": LinePresent(
            title="The login screen lists no users",
            paths=("/etc/dconf/db/*.d/*", "/etc/gdm*/greeter.dconf-defaults"),
            pattern=r"^disable-user-list\s*=\s*true",
            remedy="Set `disable-user-list=true` in [org/gnome/login-screen].",
            absent_means_inapplicable="GNOME's display manager is not installed.",
        ),
        "gdm_banner": LinePresent(
            title="The login screen shows a banner",
            paths=("/etc/dconf/db/*.d/*", "/etc/gdm*/greeter.dconf-defaults"),
            pattern=r"^banner-message-enable\s*=\s*true",
            remedy="Set `banner-message-enable=true` in [org/gnome/login-screen].",
            absent_means_inapplicable="GNOME's display manager is not installed.",
        ),
        "gdm_lock_delay": LinePresent(
            title="The screen locks soon",
            paths=("/etc/dconf/db/*.d/*",),
            pattern=r"^(?:lock-delay\s*=\s*uint32 [0-5]\b|idle-delay\s*=\s*uint32 "
            r"(?:[1-9]|[1-9][0-9]|[1-8][0-9]{2}|900)\b)",
            remedy="Set lock-delay to at most 5 and idle-delay to at most 900.",
            absent_means_inapplicable="GNOME is not installed.",
        ),
        "gdm_automount": LinePresent(
            title="Media are not mounted by themselves",
            paths=("/etc/dconf/db/*.d/*",),
            pattern=r"^automount(?:-open)?\s*=\s*false",
            remedy="Set `automount=false` and `automount-open=false`.",
            absent_means_inapplicable="GNOME is not installed.",
        ),
        "gdm_autorun": LinePresent(
            title="Programs on media do not start by themselves",
            paths=("/etc/dconf/db/*.d/*",),
            pattern=r"^autorun-never\s*=\s*true",
            remedy="Set `autorun-never=true`.",
            absent_means_inapplicable="GNOME is not installed.",
        ),
        "gdm_xdmcp": LinePresent(
            title="The display manager takes no remote logins",
            paths=("/etc/gdm*/custom.conf", "/etc/gdm*/daemon.conf"),
            pattern=r"^Enable\s*=\s*true",
            remedy="Remove `Enable=true` from [xdmcp].",
            present=False,
            absent_means_inapplicable="GNOME's display manager is not installed.",
        ),
        "gdm_wayland": LinePresent(
            title="The display manager does not use Xwayland",
            paths=("/etc/gdm*/custom.conf",),
            pattern=r"^WaylandEnable\s*=\s*false",
            remedy="Set `WaylandEnable=false`.",
            absent_means_inapplicable="GNOME's display manager is not installed.",
        ),
    }
)
