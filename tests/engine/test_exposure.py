from openinspector.engine.exposure import HostExposure
from openinspector.model.activity import CodeModule, Process
from openinspector.model.exposure import Exposure
from openinspector.model.inventory import ListeningPort, TransportProtocol
from openinspector.model.record import Record
from openinspector.testing.match_builders import advisory, fix, host, index, installed


def process(identity: int, package: str, *, uid: int | None = 0, contained: bool = False) -> Process:
    return Process(process_id=identity, parent_id=1, uid=uid, name=package, package=package, contained=contained)


def port(process_id: int | None, address: str, package: str = "") -> ListeningPort:
    return ListeningPort(
        transport=TransportProtocol.TCP, ip_version=4, address=address, port=22, process_id=process_id, package=package
    )


def library(package: str, *process_ids: int, contained: bool = False) -> CodeModule:
    return CodeModule(
        path="/l.so", package=package, processes=len(process_ids), process_ids=process_ids, contained=contained
    )


def exposure(package: str, *records: Record) -> Exposure:
    return HostExposure(host([], others=records)).of_package(package)


def test_a_package_is_as_exposed_as_its_processes() -> None:
    assert exposure("sshd", process(5, "sshd"), port(5, "0.0.0.0")) is Exposure.LISTENING_AS_ROOT
    assert exposure("nginx", process(5, "nginx", uid=33), port(5, "10.0.0.1")) is Exposure.LISTENING
    assert exposure("cups", process(5, "cups"), port(5, "127.0.0.1"), port(5, "::1")) is Exposure.RUNNING_AS_ROOT
    assert exposure("cron", process(5, "cron", uid=None)) is Exposure.RUNNING
    assert exposure("curl", process(5, "cron")) is Exposure.INSTALLED
    assert exposure("bind9", port(None, "10.0.0.1", "bind9")) is Exposure.LISTENING


def test_a_library_is_as_exposed_as_the_processes_that_map_it() -> None:
    found = (process(5, "sshd"), process(6, "vim", uid=1000), port(5, "::"), library("libssl3", 5, 6))
    assert exposure("libssl3", *found) is Exposure.LISTENING_AS_ROOT
    assert exposure("libtinfo6", *found, library("libtinfo6", 6)) is Exposure.RUNNING


def test_containers_say_nothing_about_the_hosts_packages() -> None:
    assert exposure("nginx", process(5, "nginx", contained=True), port(5, "10.0.0.1")) is Exposure.INSTALLED
    assert exposure("libssl3", process(5, "x"), library("libssl3", 5, contained=True)) is Exposure.INSTALLED


def test_the_running_kernel_and_the_strongest_package_count() -> None:
    kernel = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=("linux-signed-amd64", "6.1.123+1"))
    facts = host([kernel, installed("openssh", "1")], kernel=("6.1.0-29-amd64", "#1 SMP Debian 6.1.123-1 (2025)"))
    advisories = (advisory("CVE-2026-0001", fix("linux", "6.1.128-1")), advisory("CVE-2026-0002", fix("openssh", "2")))
    matches = index(*advisories).matches(facts)
    assert [HostExposure(facts).of_matches([match]) for match in matches] == [
        Exposure.RUNNING_KERNEL,
        Exposure.INSTALLED,
    ]
    assert HostExposure(facts).of_matches(matches) is Exposure.RUNNING_KERNEL
