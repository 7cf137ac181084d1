"""One host by one CIS benchmark, all its profiles; the goal is 25 ms."""

import resource
import statistics
import time
from dataclasses import replace

import pytest

from openinspector.cis.benchmarks import BENCHMARKS, BuiltIn
from openinspector.engine.evaluate import RunEvaluation, evaluate
from openinspector.engine.rule import RuleContext
from openinspector.engine.subject import subject_of
from openinspector.model.asset import AssetAttributes
from openinspector.model.configuration import SystemdUnit, UnitState
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import ConfigurationFile, ConfigurationLine, FileAttributes, FileKind
from openinspector.model.inventory import KernelParameters, Package, SensorState, SensorStatus, User
from openinspector.model.record import Record
from openinspector.model.tailoring import AS_PUBLISHED
from openinspector.rules.cis_benchmarks.benchmark import RULE
from openinspector.testing import model_builders as builders
from openinspector.testing.fact_builders import operating_system, package, sshd

ROUNDS = 20
HOSTS = 500


def host(built_in: BuiltIn) -> HostFacts:
    """Return a host of 600 packages, 400 units, 200 files of 20 lines and 1,000 paths, none of them missing."""
    records: dict[type[object], tuple[Record, ...]] = {
        type(operating_system()): (operating_system(),),
        Package: tuple(package(f"package-{n}", "1.0-1") for n in range(600)),
        SystemdUnit: tuple(
            SystemdUnit(name=f"unit-{n}.service", state=UnitState.ENABLED, folder="/usr/lib/systemd/system")
            for n in range(400)
        ),
        ConfigurationFile: tuple(
            ConfigurationFile(
                path=f"/etc/{folder}/{n}.conf",
                lines=tuple(ConfigurationLine(number=i, text=f"-a always,exit -S call{i} -k x") for i in range(20)),
            )
            for folder in ("audit/rules.d", "modprobe.d", "sysctl.d", "sudoers.d")
            for n in range(50)
        ),
        FileAttributes: tuple(
            FileAttributes(path=f"/var/log/{n}.log", kind=FileKind.FILE, mode=0o640, uid=0, gid=0) for n in range(1_000)
        ),
        User: tuple(User(name=f"user{n}", uid=n, gid=n, shell="/bin/bash") for n in range(100)),
        KernelParameters: (KernelParameters(values={f"kernel.x{n}": "1" for n in range(900)}),),
        type(sshd()): (sshd(),),
    }
    sensors = {name: SensorStatus(sensor=name, state=SensorState.OK, records=1) for name in built_in.load().sensors}
    return HostFacts(agent_id="i-1", records=records, sensors=sensors)


@pytest.mark.parametrize("built_in", BENCHMARKS, ids=lambda built_in: built_in.id)
def test_one_host(built_in: BuiltIn) -> None:
    benchmark, facts = built_in.load(), host(built_in)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        benchmark.judge(facts, AS_PUBLISHED)
        times.append(1000 * (time.process_time() - start))
    print(f"\n{built_in.id}: {len(benchmark.controls)} controls, median {statistics.median(times):.1f} ms")


def test_500_hosts() -> None:
    """A run of 500 hosts, findings of every profile included; the goals are 30 s on one core and 300 MB."""
    facts = host(next(built_in for built_in in BENCHMARKS if built_in.id == "debian_12"))
    run = RunEvaluation(
        run_arn=builders.run().arn,
        rules={builders.rules_package_arn(): (RULE,)},
        context=RuleContext(),
        now=builders.moment(0),
    )
    start, found = time.process_time(), 0
    for number in range(HOSTS):
        agent = f"i-{number:08d}"
        subject = subject_of(replace(facts, agent_id=agent))
        found += len(evaluate(run, subject, AssetAttributes(agent_id=agent)).findings)
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{HOSTS} hosts, {found} findings of four profiles: {seconds:.1f} s, {memory:.0f} MB at most")
