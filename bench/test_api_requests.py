"""Signed requests a second against `openinspector serve` over TLS, from one process of its own.

Each connection is kept alive and has one request under way. Requests are signed as AWS clients sign them, each anew;
of twenty, eighteen read (lists with filters, descriptions) and two write (user attributes, tags). The service and the
load share the machine's processors.
"""

import hashlib
import hmac
import itertools
import json
import os
import ssl
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from openinspector.cli.demo_processes import DemoProcesses
from openinspector.model.arn import FindingArn, RunArn
from openinspector.testing.model_builders import finding, moment
from openinspector.testing.process_usage import cpu_seconds

SECONDS: Final = int(os.environ.get("BENCH_SECONDS", "20"))
CONNECTIONS: Final = int(os.environ.get("BENCH_CONNECTIONS", "8"))
FINDINGS: Final = 20_000
REGION: Final = "us-east-1"
_HEADERS: Final = "content-type;host;x-amz-date;x-amz-target"
_TYPE: Final = "application/x-amz-json-1.1"


@dataclass(frozen=True, kw_only=True)
class Load:
    """Where the service is, who asks it, and what about; handed to the load's process as JSON."""

    url: str
    ca_file: str
    key_id: str
    secret: str
    run: str
    template: str
    findings: list[str]


def calls(load: Load, first: int) -> Iterator[tuple[str, Any]]:
    """Yield operations and their inputs for ever."""
    for number in itertools.count(first):
        some = [load.findings[(number * 7 + place) % len(load.findings)] for place in range(10)]
        yield from (
            ("ListFindings", {"assessmentRunArns": [load.run], "filter": {"severities": ["High"]}}),
            ("DescribeFindings", {"findingArns": some[:1]}),
            ("ListAssessmentRuns", {"assessmentTemplateArns": [load.template]}),
            ("DescribeAssessmentRuns", {"assessmentRunArns": [load.run]}),
            ("ListFindings", {"filter": {"ruleNames": [f"CVE-2026-{number % 1000:04d}"]}}),
            ("ListTagsForResource", {"resourceArn": load.template}),
            ("DescribeAssessmentTemplates", {"assessmentTemplateArns": [load.template]}),
            ("ListRulesPackages", {}),
            ("DescribeFindings", {"findingArns": some}),
            (
                "AddAttributesToFindings",
                {"findingArns": some[:1], "attributes": [{"key": "seen", "value": str(number)}]},
            ),
            ("ListAssessmentTargets", {}),
            ("ListAssessmentTemplates", {}),
            ("ListFindings", {"maxResults": 100}),
            ("DescribeFindings", {"findingArns": some[:1]}),
            ("ListExclusions", {"assessmentRunArn": load.run}),
            ("ListAssessmentRunAgents", {"assessmentRunArn": load.run}),
            (
                "DescribeRulesPackages",
                {"rulesPackageArns": ["arn:aws:inspector:us-east-1:000000000000:rulespackage/0-none"]},
            ),
            ("ListFindings", {"filter": {"userAttributes": [{"key": "seen", "value": str(number)}]}}),
            ("SetTagsForResource", {"resourceArn": load.template, "tags": [{"key": "round", "value": str(number)}]}),
            ("DescribeAssessmentRuns", {"assessmentRunArns": [load.run]}),
        )


class Caller:
    """One connection; signs as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""

    def __init__(self, load: Load) -> None:
        address = urlsplit(load.url)
        self._host = address.netloc
        trust = ssl.create_default_context(cafile=load.ca_file)
        self._connection = HTTPSConnection(address.hostname or "", address.port, context=trust, timeout=60)
        self._load = load

    def call(self, operation: str, given: Any) -> int:
        """Make one call; return its status."""
        body = json.dumps(given).encode()
        self._connection.request("POST", "/", body, self._headers(operation, body))
        response = self._connection.getresponse()
        response.read()
        return response.status

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        target = f"InspectorService.{operation}"
        canonical = (
            f"POST\n/\n\ncontent-type:{_TYPE}\nhost:{self._host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n\n"
            f"{_HEADERS}\n{hashlib.sha256(body).hexdigest()}"
        )
        scope = f"{stamp[:8]}/{REGION}/inspector/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self._load.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return {
            "Content-Type": _TYPE,
            "X-Amz-Date": stamp,
            "X-Amz-Target": target,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self._load.key_id}/{scope}, "
            f"SignedHeaders={_HEADERS}, Signature={signature}",
        }


def press(load: Load, first: int, until: float) -> list[tuple[str, int, float]]:
    """Call on one connection until a moment; return operation, status and milliseconds of each call."""
    caller, found = Caller(load), []
    for operation, given in calls(load, first):
        began = time.perf_counter()
        status = caller.call(operation, given)
        found.append((operation, status, (time.perf_counter() - began) * 1000))
        if time.monotonic() > until:
            return found
    raise AssertionError("calls never end")


def main(load: Load) -> None:
    """Be the load's process: print what came of it."""
    until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        parts = pool.map(lambda number: press(load, number * 10_000, until), range(CONNECTIONS))
        done = [one for part in parts for one in part]
    times = sorted(took for _, _, took in done)
    print(
        f"\n{len(done):,} signed requests over {CONNECTIONS} connections in {SECONDS} s: "
        f"{len(done) / SECONDS:,.0f} a second; ms: p50 {statistics.median(times):.1f}, "
        f"p99 {times[len(times) * 99 // 100]:.1f}, max {times[-1]:.1f}; "
        f"statuses {dict(Counter(status for _, status, _ in done))}"
    )
    for operation in sorted({operation for operation, _, _ in done}):
        own = sorted(took for name, _, took in done if name == operation)
        print(f"  {operation:30} p50 {statistics.median(own):6.1f}  p99 {own[len(own) * 99 // 100]:6.1f}  {len(own):,}")
    assert {status for _, status, _ in done} == {200}


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[DemoProcesses]:
    started = DemoProcesses(tmp_path, {"OPENINSPECTOR_LISTEN": "127.0.0.1:0"})
    yield started
    started.stop()


def prepare(processes: DemoProcesses, url: str) -> Load:
    """Fill the service's stores beside it."""
    key = processes.access_key()
    client: Any = processes.client(url, key)
    stores = processes.stores()
    target = client.create_assessment_target(assessmentTargetName="bench")["assessmentTargetArn"]
    packages = client.list_rules_packages()["rulesPackageArns"]
    template = client.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName="bench",
        durationInSeconds=180,
        rulesPackageArns=packages[:1],
    )["assessmentTemplateArn"]
    run = RunArn(client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
    while stores.assessments.runs_by_arn([run])[run].in_progress:
        time.sleep(0.2)
    findings = [finding(number, run, created_at=moment(number // 2_400)) for number in range(FINDINGS)]
    for start in range(0, FINDINGS, 2_400):
        stores.findings.add_findings(findings[start : start + 2_400])
    arns: list[FindingArn] = [one.arn for one in findings[:5_000]]
    return Load(
        url=url,
        ca_file=str(processes.ca_file),
        key_id=key[0],
        secret=key[1],
        run=run,
        template=template,
        findings=[str(arn) for arn in arns],
    )


def test_signed_requests_a_second(processes: DemoProcesses) -> None:
    load = prepare(processes, processes.start_service())
    before = cpu_seconds(processes.service_pid())
    done = subprocess.run(
        [sys.executable, __file__], input=json.dumps(vars(load)), text=True, capture_output=True, check=False
    )
    print(done.stdout, done.stderr)
    print(f"  the service's processor time: {cpu_seconds(processes.service_pid()) - before:.1f} s of {SECONDS} s")
    assert done.returncode == 0


if __name__ == "__main__":
    main(Load(**json.loads(sys.stdin.read())))
