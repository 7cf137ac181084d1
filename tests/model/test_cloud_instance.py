"""Tags and state of an instance."""

import pytest

from openinspector.model.agent import AgentId
from openinspector.model.asset import Tag
from openinspector.model.cloud_instance import AUTO_SCALING_TAG, CloudInstance


def _instance(state: str = "running", *tags: Tag) -> CloudInstance:
    return CloudInstance(
        id=AgentId("i-0123456789abcdef0"), account="123456789012", region="us-east-1", state=state, tags=tags
    )


def test_the_auto_scaling_group_is_a_tag() -> None:
    assert _instance("running", Tag(key=AUTO_SCALING_TAG, value="web")).auto_scaling_group == "web"
    assert _instance("running", Tag(key="Name", value="web")).auto_scaling_group is None


@pytest.mark.parametrize(("state", "gone"), [("running", False), ("stopped", False), ("terminated", True)])
def test_stopped_instance_may_be_restarted(state: str, gone: bool) -> None:  # noqa: FBT001 - a parameter of the case
    assert _instance(state).is_gone is gone
