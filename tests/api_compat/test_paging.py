"""Botocore's paginators, and tokens that are not ours."""

from typing import Any

import pytest
from tests.api_compat.assessments import make_template, refusal, start_run
from tests.api_compat.endpoint import Endpoint

from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES
from openinspector.testing.record_builders import topic

BAD_TOKEN = (400, "InvalidInputException", "INVALID_PAGINATION_TOKEN")


def collected(client: Any, operation: str, member: str, page_size: int, **arguments: Any) -> list[Any]:
    pages = client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": page_size})
    lengths, found = [], []
    for page in pages:
        lengths.append(len(page[member]))
        found += page[member]
    assert all(length == page_size for length in lengths[:-1])
    return found


@pytest.mark.parametrize("page_size", [1, 2, 3, 500, 5_000])
def test_every_paginator_yields_everything_once(endpoint: Endpoint, client: Any, page_size: int) -> None:
    templates = [make_template(client, name) for name in "abc"]
    targets = [template.partition("/template/")[0] for template in templates]
    agents = [endpoint.built.heartbeat(number).id for number in range(3)]
    runs = [start_run(client, templates[0])]
    endpoint.built.end_run(runs[0])
    for _ in range(2):
        runs.append(start_run(client, templates[0]))
        endpoint.built.end_run(runs[-1])
    findings = [builders.finding(number, runs[0]) for number in range(3)]
    exclusions = [builders.exclusion(number, runs[0]) for number in range(3)]
    endpoint.built.produced(*findings, *exclusions)

    def every(operation: str, member: str, **arguments: Any) -> list[Any]:
        return collected(client, operation, member, page_size, **arguments)

    assert every("list_assessment_targets", "assessmentTargetArns") == targets
    assert every("list_assessment_templates", "assessmentTemplateArns") == templates
    assert every("list_assessment_runs", "assessmentRunArns") == runs
    assert every("list_findings", "findingArns") == [finding.arn for finding in findings]
    assert every("list_rules_packages", "rulesPackageArns") == sorted(package.arn for package in PACKAGES)
    of_run = {"assessmentRunArn": runs[0]}
    assert every("list_exclusions", "exclusionArns", **of_run) == [exclusion.arn for exclusion in exclusions]
    listed = every("list_assessment_run_agents", "assessmentRunAgents", **of_run)
    assert [agent["agentId"] for agent in listed] == agents
    topics = [topic(number) for number in range(3)]
    for one in topics:
        client.subscribe_to_event(resourceArn=templates[0], event="OTHER", topicArn=one)
    listed = every("list_event_subscriptions", "subscriptions", resourceArn=templates[0])
    assert sorted(row["topicArn"] for row in listed) == topics
    previews = every("preview_agents", "agentPreviews", previewAgentsArn=targets[0])
    assert [preview["agentId"] for preview in previews] == agents


def test_a_token_that_was_changed_is_refused(client: Any) -> None:
    token = client.list_rules_packages(maxResults=1)["nextToken"]
    changed = ("B" if token[0] == "A" else "A") + token[1:]
    for bad in (changed, "1", "x" * 301, "ä"):
        assert refusal(client, "list_rules_packages", nextToken=bad) == BAD_TOKEN


def test_a_token_of_another_list_is_refused(client: Any) -> None:
    token = client.list_rules_packages(maxResults=1)["nextToken"]
    assert refusal(client, "list_findings", nextToken=token) == BAD_TOKEN


@pytest.mark.parametrize("wanted", [-1, 0])
def test_non_positive_sizes_are_refused(client: Any, wanted: int) -> None:
    expected = (400, "InvalidInputException", "INVALID_MAX_RESULTS")
    assert refusal(client, "list_findings", maxResults=wanted) == expected
