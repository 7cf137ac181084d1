"""The picture of a path: well-formed, escaped, small, and readable without colour."""

from dataclasses import replace
from xml.etree import ElementTree as ET

from openinspector.network.exposure import ReachableExposure
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.path_picture import draw_path
from openinspector.network.topology import Topology
from openinspector.testing.network_builders import documents, two_vpcs

SVG = "{http://www.w3.org/2000/svg}"


def first() -> ReachableExposure:
    return next(
        e for e in JudgedNetwork(Topology(documents(two_vpcs()))).whole().exposures if e.gateway == "igw-a" and e.port
    )


def test_path_has_boxes_and_the_rule_to_change() -> None:
    drawn = ET.fromstring(draw_path(first()))
    texts = [element.text for element in drawn.iter(f"{SVG}text")]
    assert {"internet", "igw-a", "acl-vpc-a", "sg-1", "i-1"} <= set(texts)
    assert "TCP 22. Change rule sg-1/ingress/0 to close this path." in texts
    assert [e.text for e in drawn.iter(f"{SVG}title")] == [
        "On instance i-1, TCP port 22 associated with 'SSH' is reachable from the internet"
    ]
    assert len([e for e in drawn.iter(f"{SVG}rect") if e.get("class") == "b r"]) == 1
    assert len(draw_path(first()).encode()) <= 5 * 1024


def test_text_is_escaped() -> None:
    exposure = replace(first(), instance="<script>")
    assert "<script>" not in draw_path(exposure)


def test_a_finding_without_a_path_has_no_picture() -> None:
    assert draw_path(replace(first(), answer=None)) == ""
