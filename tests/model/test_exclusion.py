"""The exclusion types (F8.2's table and our own), and what an exclusion derives from its scopes."""

import re

from openinspector.model.exclusion import (
    ALL_INSTANCES,
    ExclusionKind,
    ExclusionPreview,
    details_of,
    exclusion_of,
    scopes_of,
)
from openinspector.model.finding import Attribute
from openinspector.testing import model_builders as builders

RUN = builders.run().arn
AGENT = builders.agent_id()
PACKAGE = builders.rules_package_arn()


def preview(**fields: object) -> ExclusionPreview:
    values = {"kind": ExclusionKind.UNSUPPORTED_OS, "description": "d", "recommendation": "r", **fields}
    return ExclusionPreview(**{"scopes": scopes_of(AGENT), **values})  # type: ignore[arg-type]  # a test's own keywords


def test_only_types_8_to_15_are_errors() -> None:
    assert [kind.is_error for kind in ExclusionKind] == [False] * 7 + [True] * 8 + [False] * 5


def test_titles_are_unique() -> None:
    assert len({kind.value for kind in ExclusionKind}) == len(ExclusionKind)


def test_attributes_name_the_scopes_then_the_details() -> None:
    made = preview(scopes=scopes_of(AGENT, PACKAGE), details=details_of(OPERATING_SYSTEM="Plan 9", HOSTNAME=""))
    assert made.attributes == (
        Attribute(key="INSTANCE_ID", value=AGENT),
        Attribute(key="RULES_PACKAGE_ARN", value=PACKAGE),
        Attribute(key="OPERATING_SYSTEM", value="Plan 9"),
    )


def test_an_exclusion_of_a_whole_target_has_no_instance() -> None:
    assert preview(scopes=(ALL_INSTANCES,)).attributes == ()


def test_values_are_truncated_to_the_api_limit() -> None:
    assert details_of(HOSTNAME="h" * 300) == (Attribute(key="HOSTNAME", value="h" * 256),)


def test_the_arn_follows_from_run_type_and_scopes() -> None:
    made = exclusion_of(RUN, preview())
    assert re.fullmatch(rf"{RUN}/exclusion/0-[0-9A-Za-z]{{8}}", made.arn)
    assert made.arn == exclusion_of(RUN, preview(description="another")).arn
    others = [
        exclusion_of(builders.run(2).arn, preview()),
        exclusion_of(RUN, preview(kind=ExclusionKind.RUN_STOPPED)),
        exclusion_of(RUN, preview(scopes=scopes_of(AGENT, PACKAGE))),
    ]
    assert made.arn not in {other.arn for other in others}
