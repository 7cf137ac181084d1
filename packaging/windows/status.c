/* openinspector-agent-status.exe (F1.53): prints the status of the agent whose service is registered.

   The interpreter is the one of the service's ImagePath, so an upgrade needs no change here. Started from the desktop,
   it has a window of its own, which waits for Enter. */
#include <stdio.h>
#include <windows.h>

#define LENGTH 2048
#define STATUS L"\" -I -B -m openinspector.agent status"

int main(void) {
    WCHAR path[LENGTH], command[LENGTH + 64];
    DWORD size = sizeof path, own[2], status = 1;
    STARTUPINFOW start = {sizeof start};
    PROCESS_INFORMATION child;
    WCHAR *end;

    if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services\\openinspector-agent", L"ImagePath",
                     RRF_RT_REG_SZ, NULL, path, &size) ||
        path[0] != L'"' || !(end = wcschr(path + 1, L'"'))) {
        fputs("The service openinspector-agent is not registered.\n", stderr);
    } else {
        *end = 0;
        swprintf(command, LENGTH + 64, L"%ls%ls", path, STATUS);
        if (CreateProcessW(path + 1, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
            WaitForSingleObject(child.hProcess, INFINITE);
            GetExitCodeProcess(child.hProcess, &status);
        } else {
            fprintf(stderr, "%ls cannot be started: error %lu.\n", path + 1, GetLastError());
        }
    }
    if (GetConsoleProcessList(own, 2) == 1) {
        fputs("Press Enter. ", stdout);
        getchar();
    }
    return status;
}
