"""Checks without parameters: accounts, passwords and home folders."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import AnyOf, Check
from openinspector.cis.checks import accounts, home_folders
from openinspector.cis.checks.passwords import (
    LoginDefinition,
    PamOption,
)
from openinspector.cis.checks.settings import (
    FileSetting,
    LinePresent,
    RootPath,
    ShellTimeout,
    ShellUmask,
)
from openinspector.cis.expectation import AtLeast, AtMost, Equals, Present

CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "unique_uids": accounts.UNIQUE_UIDS,
        "unique_gids": accounts.UNIQUE_GIDS,
        "unique_user_names": accounts.UNIQUE_USER_NAMES,
        "unique_group_names": accounts.UNIQUE_GROUP_NAMES,
        "only_root_has_uid_0": accounts.ONLY_ROOT_HAS_UID_0,
        "root_has_gid_0": accounts.ROOT_HAS_GID_0,
        "only_root_has_gid_0": accounts.ONLY_ROOT_HAS_GID_0,
        "only_root_group_has_gid_0": accounts.ONLY_ROOT_GROUP_HAS_GID_0,
        "primary_groups_exist": accounts.PRIMARY_GROUPS_EXIST,
        "shadow_group_empty": accounts.SHADOW_GROUP_EMPTY,
        "no_empty_passwords": accounts.NO_EMPTY_PASSWORDS,
        "root_password_set": accounts.ROOT_PASSWORD_SET,
        "system_accounts_no_shell": accounts.SYSTEM_ACCOUNTS_CANNOT_LOG_IN,
        "system_accounts_locked": accounts.SYSTEM_ACCOUNTS_LOCKED,
        "password_max_age": (
            LoginDefinition("PASS_MAX_DAYS", AtMost(accounts.MAX_PASSWORD_AGE, low=1)),
            accounts.PasswordAging("max_age_days", AtMost(accounts.MAX_PASSWORD_AGE, low=1)),
        ),
        "password_min_age": (
            LoginDefinition("PASS_MIN_DAYS", AtLeast(accounts.MIN_PASSWORD_AGE)),
            accounts.PasswordAging("min_age_days", AtLeast(accounts.MIN_PASSWORD_AGE)),
        ),
        "password_warning": (
            LoginDefinition("PASS_WARN_AGE", AtLeast(accounts.PASSWORD_WARNING)),
            accounts.PasswordAging("warn_days", AtLeast(accounts.PASSWORD_WARNING)),
        ),
        "password_inactive": (
            FileSetting(
                service="useradd", paths=("/etc/default/useradd",), key="INACTIVE", expected=AtMost(accounts.INACTIVITY)
            ),
            accounts.PasswordAging("inactive_days", AtMost(accounts.INACTIVITY)),
        ),
        "password_hash": LoginDefinition("ENCRYPT_METHOD", Equals(("YESCRYPT", "SHA512"))),
        "pam_unix_hash": AnyOf(
            (
                PamOption("pam_unix.so", "password", "yescrypt", Present()),
                PamOption("pam_unix.so", "password", "sha512", Present()),
            ),
            "pam_unix hashes passwords with yescrypt or SHA-512",
        ),
        "umask_login_defs": LoginDefinition("UMASK", Equals(("027", "077", "0027", "0077"))),
        "umask_shell": ShellUmask(),
        "umask_root": ShellUmask(
            ("/root/.bashrc", "/root/.bash_profile", "/root/.profile"),
            "root's umask is 027 or stricter",
            required=False,
        ),
        "shell_timeout": ShellTimeout(),
        "root_path": RootPath(),
        "nologin_not_a_shell": LinePresent(
            title="nologin is not listed as a login shell",
            paths=("/etc/shells",),
            pattern=r"/nologin$",
            remedy="Remove the nologin line from /etc/shells.",
            present=False,
        ),
        "su_restricted": LinePresent(
            title="su is limited to a group",
            paths=("/etc/pam.d/su",),
            pattern=r"^auth\s+(?:required|requisite)\s+pam_wheel\.so.*\buse_uid\b",
            remedy="Create an empty group and write `auth required pam_wheel.so use_uid group=GROUP` to /etc/pam.d/su.",
        ),
        "homes_exist": home_folders.HOMES_EXIST,
        "homes_private": home_folders.HOMES_PRIVATE,
        "homes_owned": home_folders.HOMES_OWNED,
        "homes_grouped": home_folders.HOMES_GROUPED,
        "dot_files_owned": home_folders.DOT_FILES_OWNED,
        "dot_files_grouped": home_folders.DOT_FILES_GROUPED,
        "dot_files_closed": home_folders.DOT_FILES_CLOSED,
        "no_forward_files": home_folders.named_file(".forward", "No home folder has a .forward file"),
        "no_netrc_files": home_folders.named_file(".netrc", "No home folder has a .netrc file"),
        "no_rhosts_files": home_folders.named_file(".rhosts", "No home folder has a .rhosts file"),
        "history_private": home_folders.private_file(".bash_history", "Shell histories are private"),
        "netrc_private": home_folders.private_file(".netrc", ".netrc files are private"),
    }
)
