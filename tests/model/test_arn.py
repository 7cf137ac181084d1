"""ARNs (F11.25 to F11.27)."""

import pytest

from openinspector.model import arn
from openinspector.model.errors import ModelError

REALM = arn.ArnRealm()
TARGET = REALM.target("0-0kFIPusq")
TEMPLATE = arn.template_arn(TARGET, "0-4r1V2mAw")
RUN = arn.run_arn(TEMPLATE, "0-MKkpXXPE")


def test_arns_have_the_vendor_shape() -> None:
    assert TARGET == "arn:aws:inspector:us-east-1:123456789012:target/0-0kFIPusq"
    assert f"{TARGET}/template/0-4r1V2mAw/run/0-MKkpXXPE" == RUN
    assert arn.finding_arn(RUN, "0-HwPnsDm4") == f"{RUN}/finding/0-HwPnsDm4"


def test_parents_are_cut_from_children() -> None:
    assert arn.template_of(RUN) == TEMPLATE
    assert arn.target_of(RUN) == TARGET
    assert arn.run_of(arn.finding_arn(RUN, "0-HwPnsDm4")) == RUN
    assert arn.run_of(arn.exclusion_arn(RUN, "0-HwPnsDm4")) == RUN


def test_each_resource_parses_its_arn() -> None:
    assert arn.parse_run_arn(RUN) == RUN
    assert arn.parse_template_arn(TEMPLATE) == TEMPLATE
    group = REALM.resource_group("0-8l1LIEVP")
    assert arn.parse_resource_group_arn(group) == group


@pytest.mark.parametrize(
    "text",
    ["", "arn", TARGET, f"{RUN}/finding/0-HwPnsDm4", f"{RUN}\n", RUN.replace("0-MKkpXXPE", "0-é2345678"), RUN * 3],
)
def test_rejects_invalid_run_arns(text: str) -> None:
    with pytest.raises(ModelError, match="not the ARN of an assessment run"):
        arn.parse_run_arn(text)
