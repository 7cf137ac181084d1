; setup.exe of the openinspector agent (F1.30 to F1.32).
;
;   setup.exe /S                 install or upgrade, silently
;   setup.exe /S AUTOUPDATE=No   leave the updater to be started by hand
;   setup.exe /S USEPROXY=1      let both services use WinHTTP's proxy
;
; Files go to a folder of their version; the services are registered with the interpreter of that folder, and folders of
; versions before are removed once the services have stopped. State and settings are in ProgramData and stay when the
; agent is upgraded. Only the system and the administrators may use them.

Target amd64-unicode
Unicode true
Name "openinspector Agent"
OutFile "${TARGET}"
InstallDir "$PROGRAMFILES64\openinspector\Agent"
RequestExecutionLevel admin
!ifdef FAST ; for tests
  SetCompress off
!else
  SetCompressor /SOLID zlib
!endif
ShowInstDetails show
AutoCloseWindow true

!include LogicLib.nsh
!include FileFunc.nsh
!include StrFunc.nsh
${StrStr}

!define STATE "openinspector\Agent"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\openinspector-agent"
!define UPDATER "SOFTWARE\openinspector\Agent Updater"
!define SERVICES "openinspector.agent.windows_service"

Var Options
Var Manual
Var Data

Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

!macro Run COMMAND
  nsExec::ExecToLog '${COMMAND}'
  Pop $0
!macroend

Section "Agent"
  SetRegView 64
  SetShellVarContext all
  StrCpy $Data "$APPDATA"
  ${GetParameters} $Options
  StrCpy $Manual ""
  ${StrStr} $1 $Options "AUTOUPDATE=No"
  ${If} $1 != ""
    StrCpy $Manual "--manual-updates"
  ${EndIf}

  ; Open files cannot be replaced: what runs is stopped first.
  !insertmacro Run 'net stop openinspector-agent-updater'
  !insertmacro Run 'net stop openinspector-agent'

  SetOutPath "$INSTDIR\versions\${VERSION}"
  File /r "${SOURCE}\*.*"

  SetOutPath "$INSTDIR"
  File "/oname=openinspector-agent-status.exe" "${STATUS}"

  CreateDirectory "$Data\${STATE}\state"
  CreateDirectory "$Data\${STATE}\exports"
  ${IfNot} ${FileExists} "$Data\${STATE}\agent.cfg"
    SetOutPath "$Data\${STATE}"
    File "/oname=agent.cfg" "${SETTINGS}"
  ${EndIf}
  SetOutPath "$Data\${STATE}"
  File "/oname=agent.cfg.orig" "${SETTINGS}"
  !insertmacro Run 'icacls "$Data\${STATE}" /inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F"'
  !insertmacro Run 'icacls "$Data\${STATE}" /setowner "*S-1-5-32-544" /T'

  ${StrStr} $1 $Options "USEPROXY=1"
  ${If} $1 != ""
    WriteRegDWORD HKLM "${UPDATER}" "UseProxy" 1
  ${EndIf}

  !insertmacro Run '"$INSTDIR\versions\${VERSION}\python.exe" -I -B -m ${SERVICES} install $Manual'
  ${If} $0 != 0
    DetailPrint "The services could not be registered (status $0)."
    SetErrorLevel 3
    Abort
  ${EndIf}
  !insertmacro Run 'net start openinspector-agent'

  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "openinspector Agent"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "Publisher" "openinspector"
  WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1

  ; Folders of other versions: nothing runs from them any more.
  FindFirst $1 $2 "$INSTDIR\versions\*"
  ${DoWhile} $2 != ""
    ${If} $2 != "."
    ${AndIf} $2 != ".."
    ${AndIf} $2 != "${VERSION}"
      RMDir /r "$INSTDIR\versions\$2"
    ${EndIf}
    FindNext $1 $2
  ${Loop}
  FindClose $1
SectionEnd

Section "Uninstall"
  SetRegView 64
  SetShellVarContext all
  ReadRegStr $3 HKLM "${UNINSTALL}" "DisplayVersion"
  !insertmacro Run '"$INSTDIR\versions\$3\python.exe" -I -B -m ${SERVICES} remove'
  RMDir /r "$INSTDIR\versions"
  Delete "$INSTDIR\openinspector-agent-status.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  RMDir "$PROGRAMFILES64\openinspector"
  RMDir /r "$APPDATA\${STATE}"
  RMDir "$APPDATA\openinspector"
  DeleteRegKey HKLM "${UNINSTALL}"
  DeleteRegKey HKLM "${UPDATER}"
  DeleteRegKey /ifempty HKLM "SOFTWARE\openinspector"
SectionEnd
