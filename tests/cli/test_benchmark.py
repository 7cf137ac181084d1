import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from tests.cli.stored_run import HOSTS, make_stored_run
from tests.cli.test_evaluate import lines

from openinspector.cli.benchmark import benchmark
from openinspector.cli.evaluate import evaluate
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import KernelParameters
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_stores
from openinspector.testing import record_builders
from openinspector.testing.fact_builders import host, operating_system, sshd

FACTS = host(
    operating_system(),
    sshd({"permitrootlogin": "yes"}, sources={"permitrootlogin": "/etc/ssh/sshd_config:33"}),
    KernelParameters(values={"kernel.randomize_va_space": "2"}),
)
ROOT_LOGIN = "5.1.20"
SOON = "<in 30 days>"
"""Stands for a date in a tailoring: parameters are made at import, when no clock is read."""


def soon() -> date:
    return datetime.now(UTC).date() + timedelta(days=30)


def run(tmp_path: Path, *options: str, facts: HostFacts = FACTS, tailoring: str = "") -> Result:
    path = tmp_path / "facts.json"
    path.write_bytes(lines(facts))
    if tailoring:
        file = tmp_path / "site.toml"
        file.write_text(tailoring.replace(SOON, soon().isoformat()))
        options = (*options, "--tailoring", str(file))
    return CliRunner().invoke(benchmark, [str(path), *options])


def report(tmp_path: Path, *options: str, tailoring: str = "") -> dict[str, dict[str, str]]:
    done = run(tmp_path, "--json", *options, tailoring=tailoring)
    assert done.exit_code == 0, done.output
    return {each["control"]: each for each in json.loads(done.output)["controls"]}


def test_counts_and_evidence_of_failed_controls(tmp_path: Path) -> None:
    done = json.loads(run(tmp_path, "--json").output)
    assert sum(value for key, value in done["counts"].items() if key != "sharePassed") == len(done["controls"])
    assert done["counts"]["passed"] + done["counts"]["failed"] > 0
    assert done["counts"]["notJudged"] > 0
    assert done["controls"][0]["status"] == "FAILED"
    found = report(tmp_path)[ROOT_LOGIN]
    assert found["status"] == "FAILED"
    assert found["because"] == "PermitRootLogin is yes [/etc/ssh/sshd_config:33]"
    assert found["remedy"].startswith("Change line 33 of /etc/ssh/sshd_config to `PermitRootLogin no`.")


def test_evaluate_shows_the_three_numbers_of_each_profile(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(lines(FACTS))
    options = [str(path), "--package", "cis_benchmarks"]
    (server, *others) = json.loads(CliRunner().invoke(evaluate, [*options, "--json"]).output)["benchmarks"]
    assert server["title"] == "CIS Benchmark for Debian Linux 12 Benchmark v1.1.0 Level 1 Server"
    assert len(others) == 3
    numbers = f"{server['passed']} passed, {server['failed']} failed, {server['notJudged']} not judged"
    assert numbers in " ".join(CliRunner().invoke(evaluate, options).output.split())


def test_a_profile_limits_the_controls(tmp_path: Path) -> None:
    assert set(report(tmp_path, "--profile", "level 1 server")) < set(report(tmp_path))
    refused = run(tmp_path, "--profile", "Level 9")
    assert refused.exit_code == 2
    assert '"Level 1 Server"' in refused.output


def test_failed_controls_precede_sections(tmp_path: Path) -> None:
    output = run(tmp_path).output
    assert "PermitRootLogin is yes" in output
    assert "Section 5" in output
    assert output.index("PermitRootLogin is yes") < output.index("Section 5")


def test_csv_has_one_line_per_control(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(tmp_path, "--csv").output)))
    assert {row["control"]: row["status"] for row in rows}[ROOT_LOGIN] == "FAILED"


def test_xccdf_results(tmp_path: Path) -> None:
    tailoring = '[[switched_off]]\ncontrol = "1.1.1.1"\nreason = "needed"\n'
    root = ET.fromstring(run(tmp_path, "--xccdf", tailoring=tailoring).output)
    space = "{http://checklists.nist.gov/xccdf/1.2}"
    results = {each.attrib["idref"]: each.findtext(f"{space}result") for each in root.iter(f"{space}rule-result")}
    assert results[f"xccdf_org.openinspector_rule_{ROOT_LOGIN}"] == "fail"
    assert results["xccdf_org.openinspector_rule_1.1.1.1"] == "notselected"
    assert set(results.values()) >= {"pass", "fail", "notchecked", "notselected"}


def waiver(expires: str, control: str = ROOT_LOGIN) -> str:
    return f'[[waiver]]\ncontrol = "{control}"\nreason = "backup"\nowner = "ops"\nexpires = {expires}\n'


def test_a_waived_control_stays_visible_until_the_waiver_expires(tmp_path: Path) -> None:
    waived = report(tmp_path, tailoring=waiver(SOON))[ROOT_LOGIN]
    assert waived["status"] == "WAIVED"
    assert waived["note"] == f"Waived by ops until {soon()}: backup"
    assert "PermitRootLogin is yes" in waived["because"]
    expired = report(tmp_path, tailoring=waiver("2020-01-01"))[ROOT_LOGIN]
    assert expired["status"] == "FAILED"
    assert expired["note"] == "The waiver of ops expired on 2020-01-01."


def held(value: str, hosts: str = "[]") -> str:
    ground = f'[[waiver.holds]]\npart = "SETTING"\nkey = "PermitRootLogin"\nvalue = "{value}"\n'
    return f"{waiver(SOON)}hosts = {hosts}\n{ground}"


def test_a_waiver_ends_when_a_value_that_it_holds_changes(tmp_path: Path) -> None:
    kept = report(tmp_path, tailoring=held("yes"))[ROOT_LOGIN]
    assert kept["status"] == "WAIVED"
    assert json.dumps(kept["grounds"]) == '[{"part": "SETTING", "key": "PermitRootLogin", "value": "yes"}]'
    ended = report(tmp_path, tailoring=held("prohibit-password"))[ROOT_LOGIN]
    assert ended["status"] == "FAILED"
    assert ended["note"] == "The waiver of ops has ended: PermitRootLogin was prohibit-password, is now yes."


def test_a_waiver_may_be_for_some_hosts_only(tmp_path: Path) -> None:
    assert report(tmp_path, tailoring=held("yes", '["i-other"]'))[ROOT_LOGIN]["status"] == "FAILED"


def test_a_file_may_name_its_benchmark(tmp_path: Path) -> None:
    tailoring = 'benchmark = "ubuntu_24_04"\n' + waiver(SOON, f"debian_12/{ROOT_LOGIN}")
    assert report(tmp_path, tailoring=tailoring)[ROOT_LOGIN]["status"] == "WAIVED"


@pytest.mark.parametrize(
    ("tailoring", "problem"),
    [
        ("[waivers]\n", "unknown section 'waivers'"),
        ("[variables]\nx = 1\n", "unknown variable 'x'"),
        ('[variables]\npassword_max_age_days = "a"\n', "is not a number"),
        ('[variables]\nfirewall = "none"\n', "is not one of any, firewalld"),
        ("variables = 1\n", "not a table"),
        ("waiver = 1\n", "not a list of tables"),
        ("waiver = [1]\n", "not a table"),
        (waiver(SOON, "99.9"), "has no control '99.9'"),
        (waiver('"soon"'), "expires is not a day"),
        (waiver(SOON) * 2, "twice"),
        ('[[switched_off]]\ncontrol = "1.1.1.1"\n', "reason is missing"),
        ("[", "site.toml"),
        ('benchmark = "debian_99"\n', "no benchmark 'debian_99'"),
        (waiver(SOON, "nonsense/1.1"), "has no control '1.1'"),
        (waiver("2099-01-01"), "at most 366 days"),
        (waiver(SOON) + 'verdict = "fine"\n', "the verdict 'FINE'"),
        (waiver(SOON) + "hosts = 1\n", "hosts is not a list"),
        (waiver(SOON) + "until = 1\n", "unknown key 'until'"),
    ],
)
def test_a_tailoring_that_cannot_be_applied_is_refused(tmp_path: Path, tailoring: str, problem: str) -> None:
    refused = run(tmp_path, tailoring=tailoring)
    assert refused.exit_code == 2
    assert problem in " ".join(refused.output.split())


def test_a_system_without_a_benchmark(tmp_path: Path) -> None:
    refused = run(tmp_path, facts=host(operating_system("alpine", "3.20")))
    assert refused.exit_code == 1
    assert "No benchmark for" in refused.output


def test_a_host_of_a_past_run_is_judged_with_the_choices_of_its_template(tmp_path: Path) -> None:
    made = make_stored_run(tmp_path)
    where = ("--host", HOSTS[0], "--data-dir", str(tmp_path))
    done = CliRunner().invoke(benchmark, [*where, "--json"])
    assert done.exit_code == 0, done.output
    judged = json.loads(done.output)
    assert (judged["agentId"], judged["benchmark"]) == (HOSTS[0], "debian_12")
    assert CliRunner().invoke(benchmark, [*where, "--run", made, "--xccdf"]).output.startswith("<?xml")
    open_stores(Settings(data_dir=tmp_path)).tailorings.add(record_builders.tailoring(), 10)  # it switches 1.1.1.1 off
    again = json.loads(CliRunner().invoke(benchmark, [*where, "--json"]).output)
    assert {each["control"]: each["status"] for each in again["controls"]}["1.1.1.1"] == "SWITCHED_OFF"


def test_either_facts_or_a_host_is_needed(tmp_path: Path) -> None:
    for arguments in ([], ["facts.json", "--host", HOSTS[0]]):
        assert CliRunner().invoke(benchmark, arguments).exit_code == 2
    make_stored_run(tmp_path)
    unknown = CliRunner().invoke(benchmark, ["--host", "i-0123456789abcdef0", "--data-dir", str(tmp_path)])
    assert unknown.exit_code == 1
