"""Finding identity is derived and stable (decisions, F6.14)."""

import re

from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.arn import RunArn, parse_finding_arn
from openinspector.model.finding import (
    LONG_ID,
    NUMERIC_SEVERITY,
    SHORT_ID,
    Severity,
    derived_finding_arn,
    derived_id,
    id_width,
)

RUN = RunArn("arn:aws:inspector:us-east-1:123456789012:target/0-0kFIPusq/template/0-4r1V2mAw/run/0-MKkpXXPE")


def test_the_same_finding_has_the_same_arn() -> None:
    arn = derived_finding_arn(RUN, "CVE-2018-1111", "i-49113b93", "dhclient", SHORT_ID)
    assert arn == derived_finding_arn(RUN, "CVE-2018-1111", "i-49113b93", "dhclient", SHORT_ID)
    assert parse_finding_arn(arn) == arn


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
