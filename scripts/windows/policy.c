/* For Wine alone, which has no security policy: answers as a Windows gives them, in the types of the SDK's headers. */
#include <windows.h>
#include <ntsecapi.h>
#include <lmcons.h>
#include <lmaccess.h>
#include <string.h>

#define API __declspec(dllexport)
#define GIVE(type, name) type *name = LocalAlloc(LPTR, sizeof(type))

static BYTE domain_sid[] = {1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 11, 0, 0, 0, 22, 0, 0, 0, 33, 0, 0, 0};
static BYTE administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
static BYTE everyone[] = {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
static BOOLEAN privileged;

API DWORD WINAPI NetUserModalsGet(LPCWSTR server, DWORD level, LPBYTE *out) {
    if (level == 0) {
        GIVE(USER_MODALS_INFO_0, found);
        found->usrmod0_min_passwd_len = 14;
        found->usrmod0_max_passwd_age = 42 * 86400;
        found->usrmod0_min_passwd_age = 86400;
        found->usrmod0_force_logoff = TIMEQ_FOREVER;
        found->usrmod0_password_hist_len = 24;
        *out = (LPBYTE)found;
    } else {
        GIVE(USER_MODALS_INFO_3, found);
        found->usrmod3_lockout_duration = 1800;
        found->usrmod3_lockout_observation_window = 900;
        found->usrmod3_lockout_threshold = 5;
        *out = (LPBYTE)found;
    }
    return 0;
}

API DWORD WINAPI NetUserGetInfo(LPCWSTR server, LPCWSTR name, DWORD level, LPBYTE *out) {
    GIVE(USER_INFO_23, found);
    if (level != 23) return ERROR_INVALID_LEVEL;
    found->usri23_flags = UF_SCRIPT | (wcscmp(name, L"Gast") ? 0 : UF_ACCOUNTDISABLE);
    *out = (LPBYTE)found;
    return 0;
}

API DWORD WINAPI NetApiBufferFree(LPVOID found) { return LocalFree(found) ? 1 : 0; }

API BOOL WINAPI LookupAccountSidW(LPCWSTR system, PSID sid, LPWSTR name, LPDWORD size, LPWSTR place, LPDWORD room,
                                  PSID_NAME_USE use) {
    wcscpy(name, *GetSidSubAuthority(sid, 4) == 501 ? L"Gast" : L"Verwalter");
    *use = SidTypeUser;
    return TRUE;
}

API NTSTATUS NTAPI LsaOpenPolicy(PLSA_UNICODE_STRING system, PLSA_OBJECT_ATTRIBUTES about, ACCESS_MASK access,
                                 PLSA_HANDLE out) {
    *out = LocalAlloc(LPTR, 8);
    return 0;
}

API NTSTATUS NTAPI LsaClose(LSA_HANDLE policy) { return LocalFree(policy) ? 1 : 0; }
API NTSTATUS NTAPI LsaFreeMemory(PVOID found) { return LocalFree(found) ? 1 : 0; }

API NTSTATUS NTAPI LsaQueryInformationPolicy(LSA_HANDLE policy, POLICY_INFORMATION_CLASS kind, PVOID *out) {
    GIVE(POLICY_ACCOUNT_DOMAIN_INFO, found);
    if (kind != PolicyAccountDomainInformation) return 0xC000000D;
    found->DomainSid = domain_sid;
    *out = found;
    return 0;
}

API NTSTATUS NTAPI LsaEnumerateAccountsWithUserRight(LSA_HANDLE policy, PLSA_UNICODE_STRING right, PVOID *out,
                                                     PULONG number) {
    LSA_ENUMERATION_INFORMATION *found;
    if (right->Length == 2 * wcslen(L"SeTimeZonePrivilege") && !memcmp(right->Buffer, L"SeTimeZ", 14)) return 0xC0000060;
    if (memcmp(right->Buffer, L"SeBackup", 16)) return 0x8000001A;
    found = LocalAlloc(LPTR, 2 * sizeof *found);
    found[0].Sid = administrators;
    found[1].Sid = everyone;
    *out = found;
    *number = 2;
    return 0;
}

API NTSTATUS NTAPI SamConnect(PVOID server, PVOID *out, ACCESS_MASK access, PVOID about) {
    *out = LocalAlloc(LPTR, 8);
    return 0;
}

API NTSTATUS NTAPI SamOpenDomain(PVOID server, ACCESS_MASK access, PSID sid, PVOID *out) {
    if (!EqualSid(sid, domain_sid)) return 0xC00000DF;
    *out = LocalAlloc(LPTR, 8);
    return 0;
}

API NTSTATUS NTAPI SamQueryInformationDomain(PVOID domain, ULONG kind, PVOID *out) {
    GIVE(DOMAIN_PASSWORD_INFORMATION, found);
    found->MinPasswordLength = found->PasswordHistoryLength = 0xffff;
    found->PasswordProperties = DOMAIN_PASSWORD_COMPLEX | DOMAIN_LOCKOUT_ADMINS;
    *out = found;
    return 0;
}

API NTSTATUS NTAPI SamFreeMemory(PVOID found) { return LocalFree(found) ? 1 : 0; }
API NTSTATUS NTAPI SamCloseHandle(PVOID handle) { return LocalFree(handle) ? 1 : 0; }

API BOOLEAN WINAPI AuditQuerySystemPolicy(const GUID *asked, ULONG count, PAUDIT_POLICY_INFORMATION *out) {
    AUDIT_POLICY_INFORMATION *found;
    if (!privileged) {
        SetLastError(ERROR_PRIVILEGE_NOT_HELD);
        return FALSE;
    }
    if (asked->Data1 > 0x0cce9247) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    found = LocalAlloc(LPTR, sizeof *found);
    found->AuditSubCategoryGuid = *asked;
    found->AuditingInformation = asked->Data1 == 0x0cce9215 ? POLICY_AUDIT_EVENT_SUCCESS | POLICY_AUDIT_EVENT_FAILURE
                                                           : POLICY_AUDIT_EVENT_NONE;
    *out = found;
    return TRUE;
}

API VOID WINAPI AuditFree(PVOID found) { LocalFree(found); }

API NTSTATUS NTAPI RtlAdjustPrivilege(ULONG privilege, BOOLEAN enable, BOOLEAN thread, PBOOLEAN was) {
    *was = privileged;
    privileged = enable;
    return 0;
}
