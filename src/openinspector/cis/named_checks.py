"""Checks that control tables name without parameters, and the groups of checks that belong together."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import AnyOf, Check
from openinspector.cis.checks import accounts, home_folders
from openinspector.cis.checks.audit import (
    AuditControl,
    AuditPrograms,
    AuditSyscalls,
    AuditWatch,
)
from openinspector.cis.checks.confinement import NoUnconfinedServices, ProfilesIn, SelinuxMode
from openinspector.cis.checks.files import Attributes, NoAnomaly
from openinspector.cis.checks.firewall import BaseChains, DefaultDeny, LoopbackRules
from openinspector.cis.checks.kernel import BootArgument, BootPassword
from openinspector.cis.checks.passwords import (
    LoginDefinition,
    PamCalls,
    PamOption,
    PamOptionAbsent,
)
from openinspector.cis.checks.settings import (
    FileSetting,
    LinePresent,
    RootPath,
    ShellTimeout,
    ShellUmask,
    SudoDefault,
)
from openinspector.cis.checks.software import (
    NotInstalled,
    OnlyOneStarts,
    SignedPackages,
    UnitEnabled,
)
from openinspector.cis.checks.sshd import SshdAccess, SshdSetting, SshdStartups
from openinspector.cis.configuration import drop_ins
from openinspector.cis.expectation import AtLeast, AtMost, Equals, ExcludesAll, Present
from openinspector.model.hardening import AnomalyKind, FileKind

_TIMESYNCD: Final = drop_ins("/etc/systemd/timesyncd.conf")
_COREDUMP: Final = drop_ins("/etc/systemd/coredump.conf")
_FAILLOCK: Final = "/etc/security/faillock.conf"
_PWHISTORY: Final = "/etc/security/pwhistory.conf"
_CHRONY: Final = (
    "/etc/chrony.conf",
    "/etc/chrony/chrony.conf",
    "/etc/chrony/conf.d/*",
    "/etc/chrony/sources.d/*",
    "/etc/chrony.d/*",
)
_RSYSLOG: Final = ("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf")
AUDIT_TOOLS: Final = ("auditctl", "auditd", "aureport", "ausearch", "autrace", "augenrules")
_USERS: Final = ("auid>=1000", "auid!=unset")

_WEAK_CIPHERS: Final = frozenset(
    {
        "3des-cbc",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "blowfish-cbc",
        "cast128-cbc",
        "arcfour",
        "arcfour128",
        "arcfour256",
        "rijndael-cbc@lysator.liu.se",
        "chacha20-poly1305@openssh.com",
    }
)
_OLD_CIPHERS: Final = _WEAK_CIPHERS - {"chacha20-poly1305@openssh.com"}
_WEAK_MACS: Final = frozenset(
    {
        "hmac-md5",
        "hmac-md5-96",
        "hmac-ripemd160",
        "hmac-sha1-96",
        "umac-64@openssh.com",
        "hmac-md5-etm@openssh.com",
        "hmac-md5-96-etm@openssh.com",
        "hmac-ripemd160-etm@openssh.com",
        "hmac-sha1-96-etm@openssh.com",
        "umac-64-etm@openssh.com",
        "umac-128-etm@openssh.com",
        "hmac-sha1",
        "hmac-sha1-etm@openssh.com",
    }
)
_WEAK_EXCHANGES: Final = frozenset(
    {"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"}
)


def _denied(*calls: str) -> tuple[Check, ...]:
    return tuple(AuditSyscalls(calls, (f"exit={error}", *_USERS)) for error in ("-EACCES", "-EPERM"))


NAMED: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        # Accounts
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
        # Home folders
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
        # Files
        "world_writable_files": NoAnomaly(AnomalyKind.WORLD_WRITABLE_FILE),
        "world_writable_directories": NoAnomaly(AnomalyKind.WORLD_WRITABLE_DIRECTORY),
        "unowned_files": NoAnomaly(AnomalyKind.UNOWNED),
        "ungrouped_files": NoAnomaly(AnomalyKind.UNGROUPED),
        "log_files_closed": Attributes(
            paths=("/var/log/*",),
            mode=0o640,
            kind=FileKind.FILE,
            excluding=(
                "/var/log/*tmp",
                "/var/log/*tmp.*",
                "/var/log/*tmp-*",
                "/var/log/lastlog*",
                "/var/log/journal/*",
            ),
        ),
        "log_owners": Attributes(
            paths=("/var/log/*",),
            owners=("root", "syslog", "_chrony", "systemd-timesync", "landscape"),
            groups=("root", "adm", "syslog", "utmp", "systemd-journal"),
        ),
        "audit_tools": Attributes(
            paths=tuple(f"{folder}/{name}" for folder in ("/sbin", "/usr/sbin") for name in AUDIT_TOOLS),
            mode=0o755,
            owners=("root",),
            groups=("root",),
        ),
        "audit_configuration": Attributes(
            paths=("/etc/audit/auditd.conf", "/etc/audit/audit.rules", "/etc/audit/rules.d/*"),
            mode=0o640,
            owners=("root",),
            groups=("root",),
        ),
        "sshd_private_keys": Attributes(
            paths=("/etc/ssh/ssh_host_*_key",), mode=0o640, owners=("root",), groups=("root", "ssh_keys")
        ),
        "sshd_public_keys": Attributes(
            paths=("/etc/ssh/ssh_host_*_key.pub",), mode=0o644, owners=("root",), groups=("root",)
        ),
        # PAM
        "pam_pwquality": PamCalls("pam_pwquality.so", ("password",)),
        "pam_faillock": PamCalls("pam_faillock.so", ("auth", "account")),
        "pam_pwhistory": PamCalls("pam_pwhistory.so", ("password",)),
        "pam_unix": PamCalls("pam_unix.so", ("auth", "account", "password", "session")),
        "pam_unix_use_authtok": PamOption("pam_unix.so", "password", "use_authtok", Present()),
        "pam_unix_no_nullok": PamOptionAbsent("pam_unix.so", "nullok"),
        "pam_unix_no_remember": PamOptionAbsent("pam_unix.so", "remember"),
        "pwhistory_use_authtok": PamOption("pam_pwhistory.so", "password", "use_authtok", Present()),
        "faillock_root": AnyOf(
            (
                PamOption("pam_faillock.so", "auth", "even_deny_root", Present(), file=_FAILLOCK),
                PamOption("pam_faillock.so", "auth", "root_unlock_time", AtLeast(60), file=_FAILLOCK),
            ),
            "root is locked out after failed logins too",
        ),
        "faillock_unlock_time": AnyOf(
            (
                PamOption("pam_faillock.so", "auth", "unlock_time", AtLeast(900), file=_FAILLOCK),
                PamOption("pam_faillock.so", "auth", "unlock_time", Equals(("0",)), file=_FAILLOCK),
            ),
            "Accounts stay locked for at least 900 seconds",
        ),
        # SSH
        "sshd_access": SshdAccess(),
        "sshd_startups": SshdStartups(),
        "sshd_banner": SshdSetting("Banner", Present()),
        "sshd_ciphers": SshdSetting("Ciphers", ExcludesAll(_WEAK_CIPHERS, "weak ciphers")),
        "sshd_no_old_ciphers": SshdSetting("Ciphers", ExcludesAll(_OLD_CIPHERS, "outdated ciphers")),
        "sshd_macs": SshdSetting("MACs", ExcludesAll(_WEAK_MACS, "weak MACs")),
        "sshd_key_exchanges": SshdSetting("KexAlgorithms", ExcludesAll(_WEAK_EXCHANGES, "weak key exchanges")),
        # sudo
        "sudo_use_pty": SudoDefault(
            "sudo runs commands in a terminal of their own",
            r"^Defaults\s.*\buse_pty\b",
            "Write `Defaults use_pty` to /etc/sudoers.d/hardening with visudo.",
        ),
        "sudo_logfile": SudoDefault(
            "sudo writes a log file",
            r"^Defaults\s.*\blogfile\s*=",
            'Write `Defaults logfile="/var/log/sudo.log"` with visudo.',
        ),
        "sudo_passwords": SudoDefault(
            "Every sudo rule asks for a password",
            r"\bNOPASSWD\b",
            "Remove NOPASSWD from the rule with visudo.",
            present=False,
        ),
        "sudo_authenticates": SudoDefault(
            "No sudo rule turns authentication off",
            r"!authenticate\b",
            "Remove `!authenticate` with visudo.",
            present=False,
        ),
        "sudo_timeout": SudoDefault(
            "sudo asks again after at most 15 minutes",
            r"timestamp_timeout\s*=\s*(?:-|1[6-9]|[2-9][0-9]|[0-9]{3,})",
            "Set `Defaults timestamp_timeout=15` or less with visudo.",
            present=False,
        ),
        # Time and logs
        "one_time_service": OnlyOneStarts(
            "Exactly one time service starts on boot",
            (
                "chronyd.service",
                "chrony.service",
                "systemd-timesyncd.service",
                "ntp.service",
                "ntpd.service",
                "ntpsec.service",
            ),
        ),
        "timesyncd_servers": FileSetting(service="systemd-timesyncd", paths=_TIMESYNCD, key="NTP", expected=Present()),
        "chrony_servers": LinePresent(
            title="chrony has a time source",
            paths=_CHRONY,
            pattern=r"^(?:server|pool)\s+\S",
            remedy="Write `pool HOST iburst` to chrony's configuration.",
            absent_means_inapplicable="chrony is not installed.",
        ),
        "chrony_user": LinePresent(
            title="chronyd does not run as root",
            paths=(*_CHRONY, "/etc/sysconfig/chronyd"),
            pattern=r"^user\s+root\b|-u\s+root\b",
            remedy="Write `user _chrony` to chrony's configuration.",
            present=False,
            absent_means_inapplicable="chrony is not installed.",
        ),
        "rsyslog_file_mode": LinePresent(
            title="rsyslog creates log files with mode 0640",
            paths=_RSYSLOG,
            pattern=r"^\$FileCreateMode\s+0?[0246][04]0\b",
            remedy="Write `$FileCreateMode 0640` to /etc/rsyslog.conf.",
            absent_means_inapplicable="rsyslog is not installed.",
        ),
        "rsyslog_not_listening": LinePresent(
            title="rsyslog takes no messages from the network",
            paths=_RSYSLOG,
            pattern=r"^(?:\$ModLoad\s+im(?:tcp|udp)|module\(load=\"im(?:tcp|udp)\")"
            r"|^\$(?:InputTCPServerRun|UDPServerRun)",
            remedy="Remove the imtcp and imudp modules from rsyslog's files.",
            present=False,
            absent_means_inapplicable="rsyslog is not installed.",
        ),
        "rsyslog_remote": LinePresent(
            title="rsyslog sends messages to a log host",
            paths=_RSYSLOG,
            pattern=r"@@?[^\s@]+|type=\"omfwd\"",
            remedy="Add an omfwd action with your log host.",
            absent_means_inapplicable="rsyslog is not installed.",
        ),
        "one_log_service": OnlyOneStarts(
            "Exactly one of rsyslog and journald's upload keeps the logs",
            ("rsyslog.service", "systemd-journal-upload.service"),
        ),
        # Core dumps
        "core_limit": LinePresent(
            title="Core dumps are limited to 0 bytes",
            paths=("/etc/security/limits.conf", "/etc/security/limits.d/*"),
            pattern=r"^\*\s+hard\s+core\s+0\b",
            remedy="Write `* hard core 0` to /etc/security/limits.d/hardening.conf.",
        ),
        "coredump_storage": FileSetting(
            service="systemd-coredump", paths=_COREDUMP, key="Storage", expected=Equals(("none",))
        ),
        "coredump_backtraces": FileSetting(
            service="systemd-coredump", paths=_COREDUMP, key="ProcessSizeMax", expected=Equals(("0",))
        ),
        # Audit
        "audit_locked": AuditControl("-e", "2", "The audit configuration is locked until the next boot"),
        "audit_continue": AuditControl("-c", "", "Audit rules load on although one is wrong"),
        "audit_privileged": AuditPrograms(),
        "audit_sudo_as_other": AuditSyscalls(("execve",), ("auid!=unset",)),
        "audit_time": (
            AuditSyscalls(("adjtimex", "settimeofday")),
            AuditSyscalls(("clock_settime",)),
            AuditWatch(("/etc/localtime",)),
        ),
        "audit_denied": _denied("creat", "open", "openat", "truncate", "ftruncate"),
        "audit_permissions": (
            AuditSyscalls(("chmod", "fchmod", "fchmodat"), _USERS),
            AuditSyscalls(("chown", "fchown", "lchown", "fchownat"), _USERS),
            AuditSyscalls(
                ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"), _USERS
            ),
        ),
        "audit_mounts": AuditSyscalls(("mount",), _USERS),
        "audit_deletions": AuditSyscalls(("unlink", "unlinkat", "rename", "renameat"), _USERS),
        "audit_modules": AuditSyscalls(("init_module", "finit_module", "delete_module"), _USERS, ("b64",)),
        "audit_host_names": AuditSyscalls(("sethostname", "setdomainname")),
        # Confinement
        "apparmor_enforced": ProfilesIn(("enforce",)),
        "apparmor_active": ProfilesIn(("enforce", "complain")),
        "selinux_enforcing": SelinuxMode(("enforcing",)),
        "selinux_enabled": SelinuxMode(("enforcing", "permissive")),
        "selinux_policy": LinePresent(
            title="SELinux has the policy targeted or mls",
            paths=("/etc/selinux/config",),
            pattern=r"^SELINUXTYPE=(?:targeted|mls)\b",
            remedy="Set `SELINUXTYPE=targeted` in /etc/selinux/config.",
        ),
        "selinux_not_off": BootArgument("selinux=0", present=False),
        "no_unconfined_services": NoUnconfinedServices(),
        # Boot
        "boot_password": BootPassword(),
        # Firewall
        "one_firewall": OnlyOneStarts(
            "Exactly one firewall starts on boot",
            ("ufw.service", "nftables.service", "firewalld.service", "iptables.service"),
        ),
        "nftables_chains": BaseChains(service="nftables"),
        "nftables_deny": DefaultDeny(service="nftables"),
        "nftables_loopback": LoopbackRules("nftables"),
        "iptables_deny": DefaultDeny(service="iptables", family="ip"),
        "ip6tables_deny": DefaultDeny(service="iptables", family="ip6"),
        "iptables_loopback": LoopbackRules("iptables"),
        "ufw_deny": DefaultDeny(service="ufw", hooks=("input", "forward")),
        "ufw_loopback": LoopbackRules("ufw"),
        "firewalld_loopback": LoopbackRules("firewalld"),
        # Software
        "signed_packages": SignedPackages(),
        "xorg_absent": NotInstalled(
            ("xserver-xorg*", "xorg-x11-server-Xorg", "xorg-x11-server-common", "xorg-x11-server*")
        ),
        "aide_scheduled": AnyOf(
            (
                UnitEnabled(("dailyaidecheck.timer", "aidecheck.timer", "aide.timer", "aide-check.timer")),
                LinePresent(
                    title="cron runs aide",
                    paths=("/etc/crontab", "/etc/cron.d/*", "/etc/cron.daily/aide*", "/var/spool/cron/*"),
                    pattern=r"\baide\b.*--?(?:check|C)\b|aide\.wrapper|dailyaidecheck",
                    remedy="Enable dailyaidecheck.timer, or run `aide --check` daily from cron.",
                ),
            ),
            "Changes of files are looked for every day",
        ),
        "aide_audit_tools": LinePresent(
            title="AIDE watches the audit tools",
            paths=("/etc/aide.conf", "/etc/aide/aide.conf", "/etc/aide/aide.conf.d/*"),
            pattern=r"^/(?:usr/)?sbin/auditctl\b",
            remedy="Add the audit tools to aide.conf.",
            absent_means_inapplicable="AIDE is not installed.",
        ),
        "crypto_policy": LinePresent(
            title="The crypto policy is not LEGACY",
            paths=("/etc/crypto-policies/config",),
            pattern=r"^LEGACY\b",
            remedy="Run `update-crypto-policies --set DEFAULT`.",
            present=False,
            absent_means_inapplicable="The host has no system-wide crypto policy.",
        ),
        "local_mail_only": LinePresent(
            title="The mail server listens on the loopback interface alone",
            paths=("/etc/postfix/main.cf",),
            pattern=r"^inet_interfaces\s*=\s*(?:loopback-only|localhost|127\.0\.0\.1)",
            remedy="Set `inet_interfaces = loopback-only` in /etc/postfix/main.cf.",
            absent_means_inapplicable="Postfix is not installed.",
        ),
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
"""Checks and groups of checks without parameters."""
