"""Simulator of the libraries that tell the local security policy of Windows: C functions with their real arguments.

They are called through pointers, as those of Windows are, and count the memory and the handles that are not released.
"""

import ctypes
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from openinspector.model.windows_policy import AUDIT_SUBCATEGORIES

NO_MORE_ENTRIES: Final = 0x8000001A
NO_SUCH_PRIVILEGE: Final = 0xC0000060
DOMAIN: Final = (21, 11, 22, 33)
"""Numbers of the SID of the host's own accounts."""
ADMINISTRATORS: Final = (32, 544)
_USER_INFO: Final = 23
_ACCOUNT_DOMAIN: Final = 5
_SECURITY_PRIVILEGE: Final = 8


def sid_bytes(*numbers: int) -> bytes:
    """Return a SID of the authority 5 (``S-1-5-…``)."""
    return bytes((1, len(numbers), 0, 0, 0, 0, 0, 5)) + struct.pack(f"<{len(numbers)}I", *numbers)


@dataclass(slots=True, kw_only=True)
class SimulatedPolicy:
    """A Windows with a policy. ``refusals`` are statuses by the function that answers with one."""

    modals: Mapping[int, tuple[int, ...]] = field(
        default_factory=lambda: {0: (14, 60 * 86_400, 86_400, 0, 24), 3: (900, 900, 5)}
    )
    """DWORDs of USER_MODALS_INFO_0 and _3."""
    properties: int = 1
    accounts: Mapping[int, tuple[str, int]] = field(
        default_factory=lambda: {500: ("Verwalter", 0x200), 501: ("Gast", 0x202)}
    )
    """Name and flags by number."""
    rights: Mapping[str, tuple[tuple[int, ...], ...] | None] = field(
        default_factory=lambda: {"SeChangeNotifyPrivilege": (ADMINISTRATORS,)}
    )
    """Accounts by right; None for a right that this Windows does not know."""
    audit: Mapping[str, int] = field(default_factory=lambda: {"Logon": 3, "Logoff": 4})
    """Flags of AUDIT_POLICY_INFORMATION by subcategory; this Windows does not know others."""
    needs_privilege: bool = True
    refusals: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Functions that the libraries do not have."""
    held: int = 0
    """Memory and handles that were given and not released."""
    privileged: bool = False
    _error: int = 0
    _memory: list[Any] = field(default_factory=list)

    def load(self, name: str) -> Any:
        """Return a library; every one has all the functions."""
        del name
        made = {
            function: ctypes.CFUNCTYPE(ctypes.c_int, *kinds)(self._of(function, answer))
            for function, (answer, kinds) in self._functions().items()
        }
        self._memory.append(made)
        return SimpleNamespace(**{name: made[name] for name in made if name not in self.missing})

    def last_error(self) -> int:
        """Return the error of the last call."""
        return self._error

    def _of(self, name: str, function: Callable[..., int]) -> Callable[..., int]:
        def answered(*arguments: Any) -> int:
            refusal = self.refusals.get(name)
            if refusal is None:
                return function(*arguments)
            self._error = refusal
            return 0 if name in ("LookupAccountSidW", "AuditQuerySystemPolicy") else _signed(refusal)

        return answered

    def _functions(self) -> Mapping[str, tuple[Callable[..., int], tuple[Any, ...]]]:
        """Return the functions by name, with the types of their arguments."""
        pointer, number, byte = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_ubyte
        freeing = ("NetApiBufferFree", "LsaFreeMemory", "LsaClose", "SamFreeMemory", "SamCloseHandle", "AuditFree")
        return {
            "NetUserModalsGet": (self._modals_get, (pointer, number, pointer)),
            "NetUserGetInfo": (self._user_get_info, (pointer, pointer, number, pointer)),
            "LookupAccountSidW": (self._lookup_sid, (pointer,) * 7),
            "LsaOpenPolicy": (self._open_policy, (pointer, pointer, number, pointer)),
            "LsaQueryInformationPolicy": (self._query_policy, (pointer, number, pointer)),
            "LsaEnumerateAccountsWithUserRight": (self._accounts_with_right, (pointer,) * 4),
            "SamConnect": (self._sam_connect, (pointer, pointer, number, pointer)),
            "SamOpenDomain": (self._sam_open_domain, (pointer, number, pointer, pointer)),
            "SamQueryInformationDomain": (self._sam_query_domain, (pointer, number, pointer)),
            "AuditQuerySystemPolicy": (self._query_audit, (pointer, number, pointer)),
            "RtlAdjustPrivilege": (self._adjust_privilege, (number, byte, byte, pointer)),
            **dict.fromkeys(freeing, (self._release, (pointer,))),
        }

    def _modals_get(self, _server: int, level: int, out: int) -> int:
        return self._give(out, struct.pack(f"<{len(self.modals[level])}I", *self.modals[level]))

    def _user_get_info(self, _server: int, name: int, level: int, out: int) -> int:
        assert level == _USER_INFO
        asked = _wide_at(name)
        flags = next(flags for known, flags in self.accounts.values() if known == asked)
        return self._give(out, struct.pack("<QQQIxxxxQ", 0, 0, 0, flags, 0))

    def _lookup_sid(self, *arguments: int) -> int:
        _system, sid, name, size, *_ = arguments
        number = struct.unpack_from("<I", ctypes.string_at(sid, 28), 24)[0]
        text = f"{self.accounts[number][0]}\0".encode("utf-16-le")
        assert len(text) // 2 <= ctypes.c_uint32.from_address(size).value
        ctypes.memmove(name, text, len(text))
        return 1

    def _open_policy(self, _system: int, _attributes: int, _access: int, out: int) -> int:
        return self._give(out, b"policy")

    def _query_policy(self, _policy: int, kind: int, out: int) -> int:
        assert kind == _ACCOUNT_DOMAIN
        return self._give(out, struct.pack("<QQQ", 0, 0, self._kept(sid_bytes(*DOMAIN))))

    def _accounts_with_right(self, _policy: int, name: int, out: int, number: int) -> int:
        length, _, text = struct.unpack("<HH4xQ", ctypes.string_at(name, 16))
        holders = self.rights.get(ctypes.string_at(text, length).decode("utf-16-le"), ())
        if not holders:
            return _signed(NO_SUCH_PRIVILEGE if holders is None else NO_MORE_ENTRIES)
        ctypes.c_uint32.from_address(number).value = len(holders)
        sids = [self._kept(sid_bytes(*holder)) for holder in holders]
        return self._give(out, struct.pack(f"<{len(sids)}Q", *sids))

    def _sam_connect(self, _server: int, out: int, _access: int, _attributes: int) -> int:
        return self._give(out, b"server")

    def _sam_open_domain(self, _server: int, _access: int, sid: int, out: int) -> int:
        assert ctypes.string_at(sid, 24) == sid_bytes(*DOMAIN)
        return self._give(out, b"domain")

    def _sam_query_domain(self, _domain: int, kind: int, out: int) -> int:
        assert kind == 1
        return self._give(out, struct.pack("<HHIqq", 14, 24, self.properties, 0, 0))

    def _query_audit(self, guids: int, count: int, out: int) -> int:
        assert count == 1
        name = AUDIT_SUBCATEGORIES[str(UUID(bytes_le=ctypes.string_at(guids, 16)))]
        if self.needs_privilege and not self.privileged:
            self._error = 1314
        elif name not in self.audit:
            self._error = 87
        else:
            self._give(out, struct.pack("<16xI16x", self.audit[name]))
            return 0x0101
        # A BOOLEAN is one byte.
        return 0x0100

    def _adjust_privilege(self, privilege: int, enable: int, _thread: int, was: int) -> int:
        assert privilege == _SECURITY_PRIVILEGE
        ctypes.c_ubyte.from_address(was).value = self.privileged
        self.privileged = bool(enable)
        return 0

    def _release(self, address: int) -> int:
        assert address
        self.held -= 1
        return 0

    def _give(self, out: int, data: bytes) -> int:
        ctypes.c_void_p.from_address(out).value = self._kept(data)
        self.held += 1
        return 0

    def _kept(self, data: bytes) -> int:
        """Return the address of ``data``, which stays in memory."""
        self._memory.append(ctypes.create_string_buffer(data, len(data)))
        return ctypes.addressof(self._memory[-1])


def _signed(status: int) -> int:
    return ctypes.c_int32(status).value


def _wide_at(address: int) -> str:
    data = bytearray()
    while (pair := ctypes.string_at(address + len(data), 2)) != b"\0\0":
        data += pair
    return data.decode("utf-16-le")
