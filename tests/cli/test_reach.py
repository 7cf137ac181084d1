"""`openinspector reach`: one answer a line in the order of the questions, and exit statuses that pipelines use."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result

from openinspector.cli.reach import reach
from openinspector.testing.balancer_networks import APPLICATION_LISTENER, alb
from openinspector.testing.network_builders import ACCOUNT, REGION, Json, documents, two_vpcs, without

INTERNET = {"internet": True}


def write(folder: Path, network: Json) -> Path:
    for document in documents(network):
        subject = f"/{quote(document.subject, safe='')}" if document.subject else ""
        path = folder / ACCOUNT / REGION / f"{document.operation}{subject}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document.content)
    return folder


def probes(folder: Path, *lines: Json) -> Path:
    path = folder / "probes.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def probe(name: str, port: int = 22, source: Json | None = None) -> Json:
    made = {"id": name, "protocol": "tcp", "port": port, "destination": {"address": "3.3.3.3"}}
    return made | {"source": source or INTERNET}


def check(snapshot: Path, file: Path) -> tuple[int, list[Json]]:
    result = CliRunner().invoke(reach, ["check", "--snapshot", str(snapshot), "--probes", str(file), "--json"])
    lines = [json.loads(line) for line in result.stdout.splitlines()] if result.exit_code < 2 else []
    return result.exit_code, lines


def test_one_answer_a_line_in_order(tmp_path: Path) -> None:
    file = probes(tmp_path, probe("b"), probe("a", 443), probe("c"))
    status, answers = check(write(tmp_path / "net", two_vpcs()), file)
    assert status == 0
    assert [(one["id"], one["reachable"]) for one in answers] == [("b", True), ("a", False), ("c", True)]
    assert answers[1]["blocked_by"] == {
        "code": "ENI_SG_RULES_MISMATCH",
        "resource": "sg-1",
        "direction": "there",
    }
    path = [(hop["resource"], hop["action"]) for hop in answers[0]["path"]]
    assert path == [
        ("internet", "forward"),
        ("igw-a", "translate"),
        ("vpc-a", "forward"),
        ("subnet-a1", "forward"),
        ("acl-vpc-a", "allow"),
        ("i-1", "deliver"),
        ("sg-1", "allow"),
    ]
    assert answers[0]["blocked_by"] is None


def test_status_1_if_an_answer_is_unknown(tmp_path: Path) -> None:
    network = without(two_vpcs(), "ec2-describe-network-acls")
    status, answers = check(write(tmp_path / "net", network), probes(tmp_path, probe("a")))
    assert (status, answers[0]["reachable"]) == (1, None)
    assert answers[0]["not_known"] == {
        "resource": "subnet-a1",
        "reason": f"ec2 describe-network-acls was not collected in {REGION} of {ACCOUNT}",
        "exclusion": 10,
    }


@pytest.mark.parametrize(
    "line", ["{", '{"id": "a"}', '{"id": "a", "protocol": "carp", "source": {}, "destination": {}}']
)
def test_status_2_on_bad_input(tmp_path: Path, line: str) -> None:
    file = tmp_path / "probes.jsonl"
    file.write_text(line)
    status, _ = check(write(tmp_path / "net", two_vpcs()), file)
    assert status == 2


def test_target_behind_a_balancer_whose_rules_were_not_collected_is_not_known(tmp_path: Path) -> None:
    redirect, rules = {"Type": "redirect"}, f"elbv2-describe-rules/{APPLICATION_LISTENER}"
    snapshot = str(write(tmp_path / "net", without(alb(redirect, port=22), rules)))
    asked = CliRunner().invoke(reach, ["ask", "internet", "i-2", "--port", "22", "--snapshot", snapshot])
    assert asked.exit_code == 3
    assert "elbv2 describe-rules" in asked.stdout
    found = CliRunner().invoke(reach, ["findings", "--snapshot", snapshot])
    assert found.exit_code == 1
    assert "elbv2 describe-rules" in found.stderr


WAIVER = """
[[waiver]]
issue = "reachable/Internet/TCP/22"
hosts = ["i-1"]
owner = "network team"
reason = "bastion"
expires = 2999-12-31
verdict = "mitigated"
holds = [{part = "EXPOSURE", key = "source", value = "0.0.0.0/0"}]
"""


def found_with(folder: Path, network: Json, *options: str) -> list[Json]:
    snapshot = str(write(folder, network))
    result = CliRunner().invoke(reach, ["findings", "--snapshot", snapshot, "--json", *options])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [line["attributes"] for line in lines if line["issue"] == "reachable/Internet/TCP/22"]


def test_finding_that_a_file_waives_shows_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(WAIVER)
    (accepted,) = found_with(tmp_path / "net", two_vpcs(), "--waivers", str(file))
    assert (accepted["INSTANCE_ID"], accepted["WAIVED_BY"], accepted["WAIVED_UNTIL"]) == (
        "i-1",
        "network team",
        "2999-12-31",
    )
    (as_it_is,) = found_with(tmp_path / "net", two_vpcs())
    assert "WAIVED_BY" not in as_it_is
    shown = CliRunner().invoke(reach, ["findings", "--snapshot", str(tmp_path / "net"), "--waivers", str(file)])
    assert "WAIVED_BY network team" in shown.stdout
    file.write_text(WAIVER.replace("0.0.0.0/0", "8.8.8.8/32"))
    (wider,) = found_with(tmp_path / "net", two_vpcs(), "--waivers", str(file))
    assert "source was 8.8.8.8/32, is now 0.0.0.0/0" in wider["WAIVER_ENDED"]


def test_outbound_ports_of_a_host(tmp_path: Path) -> None:
    snapshot = str(write(tmp_path / "net", two_vpcs()))
    shown = CliRunner().invoke(reach, ["outbound", "i-1", "--snapshot", snapshot])
    assert shown.exit_code == 0, shown.output
    assert "eni-1 10.1.1.10 to internet by igw-a: TCP 0-65535, UDP 0-65535" in shown.stdout
    found = CliRunner().invoke(reach, ["outbound", "i-1", "--snapshot", snapshot, "--json"])
    assert json.loads(found.stdout.splitlines()[0])["gateway"] == "igw-a"
    assert CliRunner().invoke(reach, ["outbound", "i-9", "--snapshot", snapshot]).exit_code == 2
    cut = str(write(tmp_path / "cut", without(two_vpcs(), "ec2-describe-route-tables")))
    lines = CliRunner().invoke(reach, ["findings", "--snapshot", cut]).stderr.splitlines()
    assert len(lines) == len(set(lines)), "a missing read is printed once"
    unknown = CliRunner().invoke(reach, ["outbound", "i-1", "--snapshot", cut])
    assert unknown.exit_code == 1
    assert "describe-route-tables" in unknown.stderr


def test_status_2_on_a_malformed_file_of_waivers(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    for text in ("[[waiver]]\nissue = 3", "[[waiver", WAIVER.replace("owner", "whose")):
        file.write_text(text)
        snapshot = str(write(tmp_path / "net", two_vpcs()))
        assert CliRunner().invoke(reach, ["findings", "--snapshot", snapshot, "--waivers", str(file)]).exit_code == 2


def test_a_source_of_an_unknown_kind_is_not_known(tmp_path: Path) -> None:
    file = probes(tmp_path, probe("a", source={"resource": "subnet-1"}))
    assert check(write(tmp_path / "net", two_vpcs()), file)[0] == 1


def test_links_of_a_snapshot_are_not_followed(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "net", two_vpcs())
    acls = snapshot / ACCOUNT / REGION / "ec2-describe-network-acls.json"
    acls.rename(tmp_path / "elsewhere.json")
    acls.symlink_to(tmp_path / "elsewhere.json")
    assert check(snapshot, probes(tmp_path, probe("a")))[0] == 1


@pytest.mark.parametrize(("target", "port", "status", "word"), [("3.3.3.3", "22", 0, "yes"), ("i-1", "443", 1, "no")])
def test_ask(tmp_path: Path, target: str, port: str, status: int, word: str) -> None:
    snapshot = write(tmp_path / "net", two_vpcs())
    result = CliRunner().invoke(reach, ["ask", "internet", target, "--snapshot", str(snapshot), "--port", port])
    assert result.exit_code == status
    assert result.stdout.startswith(f"internet {target}: {word}")


def test_simulate_shows_changes(tmp_path: Path) -> None:
    snapshot, file = write(tmp_path / "net", two_vpcs()), probes(tmp_path, probe("a"), probe("b", 443))
    arguments = ["simulate", "--snapshot", str(snapshot), "--probes", str(file), "--json"]
    result = CliRunner().invoke(reach, [*arguments, "--remove", "sg-1/ingress/0"])
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [{"id": "a", "before": True, "after": False}]
    assert CliRunner().invoke(reach, [*arguments, "--remove", "sg-1/ingress/7"]).exit_code == 2


def run(*arguments: str) -> Result:
    return CliRunner().invoke(reach, list(arguments))


def test_findings_as_text_json_and_page(tmp_path: Path) -> None:
    snapshot = str(write(tmp_path / "net", two_vpcs()))
    facts = tmp_path / "facts.json"
    facts.write_text('{"i-1": [{"protocol": "tcp", "port": 22, "process": "sshd", "package": "openssh-server"}]}')
    page = tmp_path / "page.html"
    message = run("findings", "--snapshot", snapshot, "--facts", str(facts), "--html", str(page), "--json")
    assert message.exit_code == 0, message.output
    found = [json.loads(line) for line in message.stdout.splitlines()]
    names = [one["id"] for one in found if one["attributes"]["INSTANCE_ID"] == "i-1"]
    assert "Recognized port with listener reachable from internet" in names
    ssh = next(one for one in found if one["attributes"].get("IGW") and one["attributes"].get("PORT") == "22")
    assert ssh["evidence"]["listener"] == "Process sshd of package openssh-server"
    assert ssh["recommendation"].startswith("Edit security group sg-1: remove rule sg-1/ingress/0")
    assert "<svg" in page.read_text(encoding="utf-8")
    assert "internet > igw-a > vpc-a" in run("findings", "--snapshot", snapshot).stdout


def test_unknown_findings_have_status_1(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "net", without(two_vpcs(), "ec2-describe-network-acls"))
    message = run("findings", "--snapshot", str(snapshot))
    assert message.exit_code == 1
    assert f"in {REGION} of {ACCOUNT}" in message.stderr


def test_a_facts_file_that_is_not_one_is_refused(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    for text in ("[", '{"i-1": [{"protocol": "carp", "port": 1}]}', '{"i-1": [{"port": 1}]}'):
        facts.write_text(text)
        snapshot = str(write(tmp_path / "net", two_vpcs()))
        assert run("findings", "--snapshot", snapshot, "--facts", str(facts)).exit_code == 2


def test_simulate_shows_which_findings_vanish_and_appear(tmp_path: Path) -> None:
    snapshot = str(write(tmp_path / "net", two_vpcs()))
    gone = json.loads(run("simulate", "--snapshot", snapshot, "--remove", "sg-1/ingress/0", "--json").stdout)
    assert [one["attributes"]["INSTANCE_ID"] for one in gone["gone"]] == ["i-1"] * 4
    assert gone["new"] == []
    rule = "sg-1/ingress/tcp/3389/0.0.0.0/0"
    assert "+ Medium" in run("simulate", "--snapshot", snapshot, "--add", rule).stdout
    assert run("simulate", "--snapshot", snapshot).exit_code == 2
