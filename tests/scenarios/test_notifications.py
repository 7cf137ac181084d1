"""A run with a topic of moto's SNS, a prompt webhook and one that hangs; and the service killed on the way."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.test_main_job import findings_of, wait_for_end

from openinspector.cli.client import make_client
from openinspector.testing.moto_sns import MotoSns, MotoTopic, moto_sns
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.testing.webhook_receiver import WebhookReceiver, webhook_receiver
from openinspector.testing.whole_system import WholeSystem, distribution_of_this_host

TIMEOUT_SECONDS = 90
EVENTS = ("ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED", "ASSESSMENT_RUN_STATE_CHANGED", "FINDING_REPORTED")


@pytest.fixture
def sns() -> Iterator[MotoSns]:
    with moto_sns() as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> ThrowawayAuthority:
    return ThrowawayAuthority(tmp_path)


@pytest.fixture
def system(tmp_path: Path, sns: MotoSns, authority: ThrowawayAuthority) -> Iterator[WholeSystem]:
    made = WholeSystem(
        tmp_path,
        {
            **sns.environment,
            "OPENINSPECTOR_SNS_ENDPOINT": sns.url,
            "OPENINSPECTOR_WEBHOOK_CA_FILE": str(authority.ca_file),
            "OPENINSPECTOR_WEBHOOK_LOOPBACK": "allowed",
        },
    )
    yield made
    made.processes.stop()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def own_client(system: WholeSystem) -> Any:
    return make_client(system.url, str(system.processes.ca_file), None, "openinspector")


class Received:
    """The messages that a topic or a receiver has received so far."""

    def __init__(self, take: Callable[[], list[dict[str, Any]]]) -> None:
        self._take = take
        self.bodies: list[dict[str, Any]] = []

    def take(self) -> None:
        self.bodies += self._take()

    def has_findings(self, findings: set[str]) -> bool:
        self.take()
        return self.findings().keys() == findings

    def findings(self) -> Counter[str]:
        return Counter(body["finding"] for body in self.bodies if body["event"] == "FINDING_REPORTED")


def received_by(receiver: WebhookReceiver) -> Received:
    def take() -> list[dict[str, Any]]:
        taken = [json.loads(one.body) for one in receiver.posted]
        receiver.posted.clear()
        return taken

    return Received(take)


def test_run_notifies_every_subscriber_without_waiting(
    system: WholeSystem, sns: MotoSns, authority: ThrowawayAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = system.processes.access_key()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    with webhook_receiver(authority.server_context()) as prompt, webhook_receiver(authority.server_context()) as hung:
        hung.conduct = "hang"
        tell_everybody(system, sns.topic("runs"), prompt, hung)


def tell_everybody(system: WholeSystem, topic: MotoTopic, prompt: WebhookReceiver, hung: WebhookReceiver) -> None:
    system.start_agent()
    system.store_advisory(distribution_of_this_host())
    template = system.make_template()
    for event in EVENTS:
        system.client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic.arn)
    for receiver in (prompt, hung):
        own_client(system).create_webhook(assessmentTemplateArn=template, url=receiver.url, events=list(EVENTS))

    # 1. the run ends while one receiver still hangs on its first message
    run_arn = system.client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    assert hung.arrived.wait(TIMEOUT_SECONDS)
    run = wait_for_end(system.client, run_arn)
    assert not hung.released.is_set()

    # 2. topic and receiver receive everything while the other hangs, and completion before the findings
    found = {finding["arn"] for finding in findings_of(system.client, run_arn)}
    posted = received_by(prompt)
    for received in (Received(topic.bodies), posted):
        wait_until(partial(received.has_findings, found), "findings are missing")
        assert received.findings() == Counter(found)
        states = [body["newstate"] for body in received.bodies if "newstate" in body]
        assert sorted(states) == sorted(change["state"] for change in run["stateChanges"][1:])
        assert {body["run"] for body in received.bodies if "run" in body} == {run_arn}
    events = [body["event"] for body in posted.bodies]
    assert events.index("ASSESSMENT_RUN_COMPLETED") < events.index("FINDING_REPORTED")
    assert not hung.released.is_set()

    # 3. the service is killed, the receiver recovers and receives everything at least once
    os.kill(system.processes.service_pid(), signal.SIGKILL)
    hung.conduct = "prompt"
    hung.released.set()
    recovered = received_by(hung)
    system.start_service()
    wait_until(partial(recovered.has_findings, found), "findings are missing after the restart")
    assert recovered.findings().keys() == found

    # 4. the run lists the deliveries
    def notifications() -> list[Any]:
        (described,) = system.client.describe_assessment_runs(assessmentRunArns=[run_arn])["assessmentRuns"]
        return list(described["notifications"])

    wait_until(lambda: not any(one["error"] for one in notifications()), "errors stay after success")
    by_topic = [one for one in notifications() if one.get("snsTopicArn") == topic.arn]
    assert {one["event"] for one in by_topic} == set(EVENTS)
    assert {one["snsPublishStatusCode"] for one in by_topic} == {"SUCCESS"}
