"""Finding identity is derived and stable (decisions, F6.14)."""

import re

from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.arn import RunArn, parse_finding_arn
from openinspector.model.finding import (
    LONG_ID,
    NUMERIC_SEVERITY,
    SHORT_ID,
    FindingArns,
    Severity,
    derived_id,
    id_width,
)

RUN = RunArn("arn:aws:inspector:us-east-1:123456789012:target/0-0kFIPusq/template/0-4r1V2mAw/run/0-MKkpXXPE")


def test_the_same_finding_has_the_same_arn() -> None:
    arn = FindingArns(RUN, "CVE-2018-1111", "i-49113b93", SHORT_ID).of("dhclient")
    assert arn == FindingArns(RUN, "CVE-2018-1111", "i-49113b93", SHORT_ID).of("dhclient")
    assert parse_finding_arn(arn) == arn


def test_the_derivation_never_changes() -> None:
    arns = FindingArns(RUN, "known_vulnerabilities", "i-49113b93", LONG_ID)
    assert arns.of("CVE-2018-1111") == f"{RUN}/finding/0-v4HOPEdz81v1PI"
    assert derived_id("a", "é", width=SHORT_ID) == "0-eI1tkFNI"


def test_a_finding_id_is_derived_from_run_rule_agent_and_subject() -> None:
    arn = FindingArns(RUN, "a_rule", "i-1", LONG_ID).of("a subject")
    assert arn == f"{RUN}/finding/{derived_id(RUN, 'a_rule', 'i-1', 'a subject', width=LONG_ID)}"


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_boundaries_between_parts_matter(first: list[str], second: list[str]) -> None:
    assert (derived_id(*first) == derived_id(*second)) == (first == second)


@given(st.text(), st.sampled_from([SHORT_ID, LONG_ID]))
def test_ids_look_like_the_vendor_s(part: str, width: int) -> None:
    assert re.fullmatch(rf"0-[0-9A-Za-z]{{{width}}}", derived_id(part, width=width))


def test_large_runs_get_longer_ids() -> None:
    assert id_width(1) == SHORT_ID
    assert id_width(1000) == LONG_ID


def test_every_severity_has_its_number() -> None:
    assert {s.value: NUMERIC_SEVERITY[s] for s in Severity} == {
        "High": 9.0, "Medium": 6.0, "Low": 3.0, "Informational": 0.0, "Undefined": 0.0,
    }  # fmt: skip
