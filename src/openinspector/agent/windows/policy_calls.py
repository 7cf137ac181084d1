"""Asks Windows for its local security policy: the account policy, user rights and audit subcategories.

Every function here is documented by Microsoft except those of samlib.dll, which are the client of MS-SAMR, and
RtlAdjustPrivilege. Each part is asked on its own: one that Windows refuses does not hide the others. The functions are
reached through `PolicyLibraries`, so that a simulator can stand for the libraries; under Wine, a library in C does.

This is the agent's only file that may use ctypes; tests/architecture names every function that it calls (ADR 82).
"""

import ctypes
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol
from uuid import UUID

from openinspector.model.errors import SensorError
from openinspector.model.windows_policy import AUDIT_SUBCATEGORIES, USER_RIGHTS, LocalPolicy, PolicyPart

_FOREVER: Final = 0xFFFFFFFF
_DAY: Final = 86_400
_MINUTE: Final = 60
_VIEW_LOCAL_INFORMATION: Final = 0x1
_LOOKUP_NAMES: Final = 0x800
_ACCOUNT_DOMAIN: Final = 5
"""PolicyAccountDomainInformation."""
_CONNECT_AND_LOOK_UP: Final = 0x1 | 0x20
_READ_PASSWORD_PARAMETERS: Final = 0x1
_PASSWORD_INFORMATION: Final = 1
_COMPLEX: Final = 0x1
_CLEARTEXT: Final = 0x10
_USER_LEVEL: Final = 23
_DISABLED: Final = 0x2
_NO_MORE_ENTRIES: Final = 0x8000001A
_NO_SUCH_PRIVILEGE: Final = 0xC0000060
_SECURITY_PRIVILEGE: Final = 8
_REFUSALS: Final = (5, 1314)
"""ERROR_ACCESS_DENIED, ERROR_PRIVILEGE_NOT_HELD."""
_UNKNOWN_SUBCATEGORIES: Final = (2, 87)
"""ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER: this Windows is older than the subcategory."""
_ATTRIBUTES_BYTES: Final = 48
_MAX_NAME: Final = 256
_MAX_ACCOUNTS: Final = 10_000
_BUILT_IN: Final = ((500, "Administrator", "EnableAdminAccount"), (501, "Guest", "EnableGuestAccount"))


class PolicyLibraries(Protocol):
    """The libraries of Windows, and the error of this thread's last call into them."""

    def load(self, name: str) -> Any:
        """Return a library whose functions are its attributes; OSError, or AttributeError for one it lacks."""
        ...

    def last_error(self) -> int:
        """Return what GetLastError returned after the last call."""
        ...


class PolicyCallError(SensorError):
    """A call that Windows refused, or that it does not have."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call} answered {status:#x}")
        self.status = status


def windows_libraries() -> PolicyLibraries | None:
    """Return the libraries of Windows; None elsewhere."""
    if sys.platform == "win32":

        class Libraries:
            """The libraries of this Windows."""

            def load(self, name: str) -> ctypes.WinDLL:
                """Return a library by its name."""
                return ctypes.WinDLL(name, use_last_error=True)

            def last_error(self) -> int:
                """Return the error of the last call of this thread."""
                return ctypes.get_last_error()

        return Libraries()
    else:  # noqa: RET505 - the type checker sees one of the two
        return None


def ask_local_policy(libraries: PolicyLibraries) -> LocalPolicy:
    """Return what Windows says, and for each part that it refuses the reason."""
    access: dict[str, str] = {}
    rights: dict[str, tuple[str, ...]] = {}
    audit: dict[str, int] = {}
    refused: dict[PolicyPart, str] = {}
    parts: tuple[tuple[PolicyPart, Callable[[], None]], ...] = (
        (PolicyPart.PASSWORDS, lambda: access.update(_passwords(libraries))),
        (PolicyPart.LOCKOUT, lambda: access.update(_lockout(libraries))),
        (PolicyPart.PASSWORD_PROPERTIES, lambda: access.update(_password_properties(libraries))),
        (PolicyPart.ACCOUNTS, lambda: access.update(_accounts(libraries))),
        (PolicyPart.RIGHTS, lambda: rights.update(_rights(libraries))),
        (PolicyPart.AUDIT, lambda: audit.update(_audit(libraries))),
    )
    for part, ask in parts:
        try:
            ask()
        except PolicyCallError as error:
            refused[part] = str(error)
        except (OSError, AttributeError) as error:
            refused[part] = f"this Windows lacks an interface: {error}"
    return LocalPolicy(system_access=access, privilege_rights=rights, audit_subcategories=audit, refused=refused)


def sid_text(sid: bytes) -> str:
    """Return a SID as text: ``S-1-5-32-544`` (MS-DTYP 2.4.2.2)."""
    authority = int.from_bytes(sid[2:8], "big")
    parts = struct.unpack_from(f"<{sid[1]}I", sid, 8)
    return "-".join(("S", str(sid[0]), str(authority), *map(str, parts)))


def _passwords(libraries: PolicyLibraries) -> Mapping[str, str]:
    minimum, oldest, youngest, force_logoff, history = _modals(libraries, 0, 5)
    return {
        "MinimumPasswordLength": str(minimum),
        "MaximumPasswordAge": _length(oldest, _DAY),
        "MinimumPasswordAge": _length(youngest, _DAY),
        "PasswordHistorySize": str(history),
        "ForceLogoffWhenHourExpire": str(int(force_logoff != _FOREVER)),
    }


def _lockout(libraries: PolicyLibraries) -> Mapping[str, str]:
    duration, window, threshold = _modals(libraries, 3, 3)
    if not threshold:
        # As in an export: nothing is locked, so the other two have no effect.
        return {"LockoutBadCount": "0"}
    return {
        "LockoutBadCount": str(threshold),
        "LockoutDuration": _length(duration, _MINUTE),
        "ResetLockoutCount": _length(window, _MINUTE),
    }


def _length(seconds: int, unit: int) -> str:
    return "-1" if seconds == _FOREVER else str(seconds // unit)


def _modals(libraries: PolicyLibraries, level: int, numbers: int) -> tuple[int, ...]:
    """Return the DWORDs of a USER_MODALS_INFO."""
    network, found = libraries.load("netapi32"), ctypes.c_void_p()
    _check("NetUserModalsGet", network.NetUserModalsGet(None, ctypes.c_uint32(level), ctypes.byref(found)))
    try:
        return struct.unpack(f"<{numbers}I", _bytes(found, 4 * numbers))
    finally:
        network.NetApiBufferFree(found)


def _password_properties(libraries: PolicyLibraries) -> Mapping[str, str]:
    """Return two properties of DOMAIN_PASSWORD_INFORMATION, which NetUserModalsGet does not have."""
    sid = ctypes.create_string_buffer(_domain_sid(libraries))
    accounts, server, domain, found = libraries.load("samlib"), *(ctypes.c_void_p() for _ in range(3))
    access = ctypes.c_uint32(_CONNECT_AND_LOOK_UP)
    _check("SamConnect", accounts.SamConnect(None, ctypes.byref(server), access, None))
    try:
        access = ctypes.c_uint32(_READ_PASSWORD_PARAMETERS)
        _check("SamOpenDomain", accounts.SamOpenDomain(server, access, sid, ctypes.byref(domain)))
        try:
            kind = ctypes.c_uint32(_PASSWORD_INFORMATION)
            status = accounts.SamQueryInformationDomain(domain, kind, ctypes.byref(found))
            _check("SamQueryInformationDomain", status)
            (properties,) = struct.unpack("<4xI", _bytes(found, 8))
            accounts.SamFreeMemory(found)
        finally:
            accounts.SamCloseHandle(domain)
    finally:
        accounts.SamCloseHandle(server)
    return {
        "PasswordComplexity": str(int(bool(properties & _COMPLEX))),
        "ClearTextPassword": str(int(bool(properties & _CLEARTEXT))),
    }


def _accounts(libraries: PolicyLibraries) -> Mapping[str, str]:
    """Return names and state of the accounts with the fixed numbers 500 and 501, whatever they are called."""
    network, domain, answer = libraries.load("netapi32"), _domain_sid(libraries), {}
    for number, role, enabled in _BUILT_IN:
        name = _account_name(libraries, domain, number)
        found, level = ctypes.c_void_p(), ctypes.c_uint32(_USER_LEVEL)
        _check("NetUserGetInfo", network.NetUserGetInfo(None, _wide(name), level, ctypes.byref(found)))
        # USER_INFO_23: three texts, the flags, a SID.
        (flags,) = struct.unpack("<I", _bytes(found, 28)[24:])
        network.NetApiBufferFree(found)
        answer[f"New{role}Name"] = name
        answer[enabled] = str(int(not flags & _DISABLED))
    return answer


def _account_name(libraries: PolicyLibraries, domain: bytes, number: int) -> str:
    sid = bytes((domain[0], domain[1] + 1)) + domain[2:] + struct.pack("<I", number)
    name, place = (ctypes.create_string_buffer(2 * _MAX_NAME) for _ in range(2))
    sizes, kind = [ctypes.c_uint32(_MAX_NAME) for _ in range(2)], ctypes.c_uint32()
    arguments = (name, ctypes.byref(sizes[0]), place, ctypes.byref(sizes[1]), ctypes.byref(kind))
    if not libraries.load("advapi32").LookupAccountSidW(None, ctypes.create_string_buffer(sid), *arguments):
        raise PolicyCallError("LookupAccountSid", libraries.last_error())
    return name.raw.decode("utf-16-le", errors="replace").partition("\0")[0]


def _rights(libraries: PolicyLibraries) -> Mapping[str, tuple[str, ...]]:
    security = libraries.load("advapi32")
    with _policy(security, _VIEW_LOCAL_INFORMATION | _LOOKUP_NAMES) as policy:
        held = {right: _holders(security, policy, right) for right in USER_RIGHTS}
    rights = {right: holders for right, holders in held.items() if holders is not None}
    if not any(rights.values()):
        # Every Windows gives some: SeChangeNotifyPrivilege at least.
        raise PolicyCallError("LsaEnumerateAccountsWithUserRight: no right of any account", _NO_MORE_ENTRIES)
    return rights


def _holders(security: Any, policy: ctypes.c_void_p, right: str) -> tuple[str, ...] | None:
    """Return the accounts that have a right; None if this Windows does not know it."""
    text = _wide(right)
    length = 2 * len(right)
    # LSA_UNICODE_STRING
    name = ctypes.create_string_buffer(struct.pack("<HH4xQ", length, length + 2, ctypes.addressof(text)))
    found, number = ctypes.c_void_p(), ctypes.c_uint32()
    status = _unsigned(
        security.LsaEnumerateAccountsWithUserRight(policy, name, ctypes.byref(found), ctypes.byref(number))
    )
    if status == _NO_MORE_ENTRIES:
        return ()
    if status == _NO_SUCH_PRIVILEGE:
        return None
    _check(f"LsaEnumerateAccountsWithUserRight({right})", status)
    try:
        if number.value > _MAX_ACCOUNTS:
            raise PolicyCallError(f"{right}: more than {_MAX_ACCOUNTS} accounts, that is", number.value)
        sids = struct.unpack(f"<{number.value}Q", _bytes(found, 8 * number.value)) if number.value else ()
        return tuple(sid_text(_sid(ctypes.c_void_p(sid))) for sid in sids)
    finally:
        security.LsaFreeMemory(found)


def _domain_sid(libraries: PolicyLibraries) -> bytes:
    """Return the SID of the host's own accounts."""
    security, found = libraries.load("advapi32"), ctypes.c_void_p()
    with _policy(security, _VIEW_LOCAL_INFORMATION) as policy:
        kind = ctypes.c_uint32(_ACCOUNT_DOMAIN)
        status = security.LsaQueryInformationPolicy(policy, kind, ctypes.byref(found))
        _check("LsaQueryInformationPolicy", status)
        try:
            # POLICY_ACCOUNT_DOMAIN_INFO: an LSA_UNICODE_STRING and a SID
            (sid,) = struct.unpack("<16xQ", _bytes(found, 24))
            return _sid(ctypes.c_void_p(sid))
        finally:
            security.LsaFreeMemory(found)


@contextmanager
def _policy(security: Any, access: int) -> Iterator[ctypes.c_void_p]:
    attributes, policy = ctypes.create_string_buffer(_ATTRIBUTES_BYTES), ctypes.c_void_p()
    _check("LsaOpenPolicy", security.LsaOpenPolicy(None, attributes, ctypes.c_uint32(access), ctypes.byref(policy)))
    try:
        yield policy
    finally:
        security.LsaClose(policy)


def _audit(libraries: PolicyLibraries) -> Mapping[str, int]:
    """Return the audit policy; LocalSystem may read it once it has enabled its privilege, in this process alone."""
    try:
        return _subcategories(libraries)
    except PolicyCallError as error:
        if error.status not in _REFUSALS:
            raise
    native, was = libraries.load("ntdll"), ctypes.c_ubyte()
    privilege, process = ctypes.c_uint32(_SECURITY_PRIVILEGE), ctypes.c_ubyte(0)
    _check(
        "RtlAdjustPrivilege",
        native.RtlAdjustPrivilege(privilege, ctypes.c_ubyte(1), process, ctypes.byref(was)),
    )
    try:
        return _subcategories(libraries)
    finally:
        native.RtlAdjustPrivilege(privilege, was, process, ctypes.byref(ctypes.c_ubyte()))


def _subcategories(libraries: PolicyLibraries) -> Mapping[str, int]:
    security, answer = libraries.load("advapi32"), {}
    for number, name in AUDIT_SUBCATEGORIES.items():
        found = ctypes.c_void_p()
        asked = ctypes.create_string_buffer(UUID(number).bytes_le)
        # A BOOLEAN is one byte: the others of the register are anything.
        if not security.AuditQuerySystemPolicy(asked, ctypes.c_uint32(1), ctypes.byref(found)) & 0xFF:
            status = libraries.last_error()
            if status in _UNKNOWN_SUBCATEGORIES:
                continue
            raise PolicyCallError("AuditQuerySystemPolicy", status)
        # AUDIT_POLICY_INFORMATION: a GUID and flags, of which 4 is "none"
        (flags,) = struct.unpack("<16xI", _bytes(found, 20))
        security.AuditFree(found)
        answer[name] = flags & 0b11
    if not answer:
        raise PolicyCallError("AuditQuerySystemPolicy: no subcategory", libraries.last_error())
    return answer


def _check(call: str, status: int) -> None:
    if status:
        raise PolicyCallError(call, _unsigned(status))


def _unsigned(status: int) -> int:
    return status & 0xFFFFFFFF


def _wide(text: str) -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(f"{text}\0".encode("utf-16-le"))


def _bytes(address: ctypes.c_void_p, length: int) -> bytes:
    if not address.value:
        raise PolicyCallError("a call of the policy returned nothing and", 0)
    return ctypes.string_at(address, length)


def _sid(address: ctypes.c_void_p) -> bytes:
    head = _bytes(address, 2)
    return _bytes(address, 8 + 4 * head[1])
