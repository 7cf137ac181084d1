"""A small data stream, and hosts to judge by it."""

from collections.abc import Mapping, Sequence

from openinspector.model.configuration import Mount, SystemdUnit, UnitState
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import (
    CollectedPaths,
    ConfigurationFile,
    ConfigurationLine,
    FileAttributes,
    FileKind,
)
from openinspector.model.inventory import (
    Group,
    KernelParameters,
    OperatingSystem,
    Package,
    PackageManager,
    SensorState,
    SensorStatus,
    User,
)
from openinspector.model.record import Record

SENSORS = ("accounts", "configuration_files", "dpkg", "file_attributes", "kernel_parameters", "mounts", "systemd_units")

XCCDF = """
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2">
  <title>Small</title><version>1</version>
  <cpe:platform-specification xmlns:cpe="http://cpe.mitre.org/language/2.0">
    <cpe:platform id="no_telnet"><cpe:logical-test operator="AND" negate="true">
      <cpe:check-fact-ref id-ref="def:telnet"/></cpe:logical-test></cpe:platform>
  </cpe:platform-specification>
  <Profile id="strict"><title>Strict</title>
    <select idref="rule:minimum" selected="true"/><select idref="rule:telnet" selected="true"/>
    <select idref="rule:script" selected="true"/><refine-value idref="value:length" selector="long"/></Profile>
  <Profile id="stricter" extends="strict"><title>Stricter</title>
    <select idref="rule:script" selected="false"/><set-value idref="value:length">20</set-value></Profile>
  <Value id="value:length"><value selector="long">14</value><value>8</value></Value>
  <Group id="group"><platform idref="cpe:/o:debian:debian_linux:12"/>
    <Rule id="rule:minimum" selected="false" severity="high"><title>Long passwords</title>
      <reference href="https://www.cisecurity.org/benchmark/debian_linux/">5.3.3.2.2</reference>
      <fix system="urn:xccdf:fix:script:sh">rm -rf /</fix>
      <check system="http://oval.mitre.org/XMLSchema/oval-definitions-5">
        <check-export export-name="var:length" value-id="value:length"/>
        <check-content-ref name="def:minimum"/></check>
      <check system="http://scap.nist.gov/schema/ocil/2"><check-content-ref name="ask"/></check></Rule>
    <Rule id="rule:telnet" selected="false" severity="low"><title>No telnet</title><platform idref="#no_telnet"/>
      <check system="http://oval.mitre.org/XMLSchema/oval-definitions-5"><check-content-ref name="def:minimum"/></check>
    </Rule>
    <Rule id="rule:script" selected="false"><title>By script</title>
      <check system="http://open-scap.org/page/SCE"><check-content-ref href="run.sh"/></check></Rule>
  </Group>
</Benchmark>"""
CPE = """<cpe-list><cpe-item name="cpe:/o:debian:debian_linux:12"><check>def:debian</check></cpe-item></cpe-list>"""
OVAL = """
<oval_definitions>
  <definitions>
    <definition id="def:minimum"><criteria><criterion test_ref="tst:minimum"/></criteria></definition>
    <definition id="def:telnet"><criteria><criterion test_ref="tst:telnet"/></criteria></definition>
    <definition id="def:debian"><criteria><criterion test_ref="tst:debian"/></criteria></definition>
  </definitions>
  <tests>
    <textfilecontent54_test id="tst:minimum" check="all" check_existence="all_exist">
      <object object_ref="obj:minimum"/><state state_ref="ste:minimum"/></textfilecontent54_test>
    <dpkginfo_test id="tst:telnet"><object object_ref="obj:telnet"/></dpkginfo_test>
    <family_test id="tst:debian"><object object_ref="obj:family"/><state state_ref="ste:family"/></family_test>
  </tests>
  <objects>
    <textfilecontent54_object id="obj:minimum"><filepath>/etc/security/pwquality.conf</filepath>
      <pattern operation="pattern match">^minlen\\s*=\\s*(\\d+)</pattern>
      <instance datatype="int" operation="greater than or equal">1</instance></textfilecontent54_object>
    <dpkginfo_object id="obj:telnet"><name>telnet</name></dpkginfo_object>
    <family_object id="obj:family"/>
  </objects>
  <states>
    <textfilecontent54_state id="ste:minimum">
      <subexpression operation="greater than or equal" datatype="int" var_ref="var:wanted"/></textfilecontent54_state>
    <family_state id="ste:family"><family>unix</family></family_state>
  </states>
  <variables><external_variable id="var:length" datatype="int"/>
    <local_variable id="var:wanted" datatype="int"><unique><variable_component var_ref="var:length"/></unique>
    </local_variable></variables>
</oval_definitions>"""


def stream(*components: str) -> bytes:
    """Return a data stream of these documents."""
    inside = "".join(f"<component>{component}</component>" for component in components or (XCCDF, CPE, OVAL))
    return f"<data-stream-collection>{inside}</data-stream-collection>".encode()


def facts(*records: Record, unread: Sequence[str] = ()) -> HostFacts:
    """Return a host whose sensors read everything but those in ``unread``."""
    found: dict[type[object], tuple[Record, ...]] = {}
    for record in records:
        found[type(record)] = (*found.get(type(record), ()), record)
    statuses = {
        name: SensorStatus(sensor=name, state=SensorState.OK, records=1) for name in SENSORS if name not in unread
    }
    return HostFacts(agent_id="host-1", records=found, sensors=statuses)


def file(path: str, *lines: str) -> ConfigurationFile:
    return ConfigurationFile(
        path=path, lines=tuple(ConfigurationLine(number=n, text=text) for n, text in enumerate(lines, start=1) if text)
    )


READ = CollectedPaths(
    sensor="configuration_files",
    whole=("/etc/security/pwquality.conf", "/etc/sysctl.d/*.conf"),
    partial=("/etc/login.defs",),
)
LOOKED_AT = CollectedPaths(sensor="file_attributes", whole=("/etc/shadow", "/var/log", "/var/log/*"))
SYSTEM = OperatingSystem(id="debian", version_id="12", architecture="x86_64", hostname="h", kernel_release="6.1.0")
RECORDS: Mapping[str, Record] = {
    "package": Package(
        manager=PackageManager.DPKG,
        name="telnet",
        version="1:0.17-2",
        architecture="amd64",
        source_name="telnet",
        source_version="1:0.17-2",
    ),
    "parameters": KernelParameters(values={"net.ipv4.ip_forward": "0"}),
    "mount": Mount(path="/tmp", type="tmpfs", source="tmpfs", options=("nodev", "nosuid")),
    "unit": SystemdUnit(name="cups.service", state=UnitState.MASKED, folder="/etc/systemd/system"),
    "user": User(name="root", uid=0, gid=0, home="/root", shell="/bin/bash"),
    "group": Group(name="adm", gid=4, members=("a", "b")),
    "attributes": FileAttributes(path="/etc/shadow", kind=FileKind.FILE, mode=0o640, uid=0, gid=42),
    "folder": FileAttributes(path="/var/log", kind=FileKind.DIRECTORY, mode=0o755, uid=0, gid=0),
}
